import pytest

from cachekit_memprobe.scenario.problems import (
    Key,
    Phrase,
    Problem,
    Setting,
    Write,
    did_you_mean,
    either,
    one_of,
    place,
    spelled,
    toml,
)

COMPRESSION = ("cache", "compression")
SERIALIZER = ("cache", "serializer")
TIER = ("read", "tier")
OPTIONS: dict[Key, str] = {COMPRESSION: "--compression", TIER: "--tier"}


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
    assert either(["a", "b"]) == "a or b"


def test_values_are_spelled_as_they_are_typed() -> None:
    assert [spelled(value) for value in (True, False, 500, "zstd")] == ["on", "off", "500", "zstd"]


@pytest.mark.parametrize(
    ("problem", "in_toml", "in_options"),
    [
        (
            Problem(COMPRESSION, ("none", "lz4"), "gzip", Write(COMPRESSION, "none")),
            '[cache] compression: expected one of "none", "lz4", found "gzip"; write compression = "none"',
            '--compression: expected one of "none", "lz4", found "gzip"; write --compression none',
        ),
        (
            Problem(
                COMPRESSION,
                ("none",),
                "zstd",
                Write(COMPRESSION, "none", change=(TIER, SERIALIZER), otherwise="go"),
                because=(Setting(TIER, "l1"), Setting(SERIALIZER, "auto"), "so on"),
            ),
            '[cache] compression: expected "none" because [read] tier is "l1" and [cache] serializer is '
            '"auto" and so on, found "zstd"; write compression = "none", or change [read] tier or '
            "[cache] serializer, or go",
            '--compression: expected "none" because --tier is "l1" and [cache] serializer is "auto" and so '
            'on, found "zstd"; write --compression none, or change --tier or [cache] serializer, or go',
        ),
        (
            Problem(TIER, "a tier", Phrase("no such thing"), Write(TIER, None)),
            "[read] tier: expected a tier, found no such thing; remove tier",
            "--tier: expected a tier, found no such thing; leave out --tier",
        ),
        (
            Problem(SERIALIZER, "words", None, "do that"),
            "[cache] serializer: expected words, found nothing; do that",
            "[cache] serializer: expected words, found nothing; do that",
        ),
        (
            Problem(SERIALIZER, (True,), False, Write(SERIALIZER, True)),
            "[cache] serializer: expected true, found false; write serializer = true",
            "[cache] serializer: expected true, found false; write serializer = true",
        ),
    ],
)
def test_a_problem_is_told_of_a_file_or_of_options(problem: Problem, in_toml: str, in_options: str) -> None:
    assert str(problem) == problem.worded({}) == in_toml
    assert problem.worded(OPTIONS) == in_options


def test_a_switch_is_turned_on_and_off() -> None:
    problem = Problem(TIER, (True,), False, Write(TIER, True))
    assert problem.worded(OPTIONS).endswith("; write --tier on")


def test_what_is_demanded_can_be_told_by_itself() -> None:
    problem = Problem(TIER, ("l1", "l2"), "x", "do that", because=(Setting(SERIALIZER, "auto"),))
    assert problem.demand == 'one of "l1", "l2" because [cache] serializer is "auto"'
