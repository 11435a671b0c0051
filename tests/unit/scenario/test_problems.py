import pytest

from cachekit_memprobe.scenario.problems import Problem, did_you_mean, one_of, place, printable, toml


@pytest.mark.parametrize(
    ("table", "path", "shown"),
    [
        ("value", ("size",), "[value] size"),
        ("value", (), "[value]"),
        ("", ("summary",), "top-level summary"),
        ("", ("a.b",), 'top-level "a.b"'),
        ("budget", ("rss", "peak"), "[budget] rss.peak"),
        ("budget", ("rss.peak", "level"), '[budget] "rss.peak".level'),
        ("my table", (), '["my table"]'),
        ("value", ("",), '[value] ""'),
    ],
)
def test_places_are_spelled_as_in_toml(table: str, path: tuple[str, ...], shown: str) -> None:
    assert place(table, *path) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "nothing"),
        (True, "true"),
        (False, "false"),
        (1, "1"),
        (-1.5, "-1.5"),
        ("", '""'),
        ('a "b"', '"a \\"b\\""'),
        ("é", '"é"'),
        ("\x1b[31m", '"\\u001b[31m"'),
        ("\u202ex", '"\\u202ex"'),
        ("x" * 61, '"' + "x" * 60 + '..."'),
        ({}, "a table"),
        ([], "[]"),
        (["a", 1], '["a", 1]'),
        ([1] * 5, "an array"),
        ([{}], "an array"),
        ([[1]], "an array"),
        (2**128 - 1, str(2**128 - 1)),
        (2**128, "a very large integer"),
        (-(2**128), "a very large integer"),
    ],
)
def test_values_are_spelled_as_in_toml(value: object, shown: str) -> None:
    assert toml(value) == shown


def test_sentences() -> None:
    assert one_of(["a"]) == '"a"'
    assert one_of(["a", True]) == 'one of "a", true'
    assert did_you_mean(["a"]) == "did you mean a?"
    assert did_you_mean(["a", "b", "c"]) == "did you mean a, b or c?"
    assert str(Problem("[a] b", "x", "y", "do z")) == "[a] b: expected x, found y; do z"
    assert printable("plain.toml") == "plain.toml"
    assert printable("a\nb") == r"'a\nb'"
