import ast
import warnings

import pytest

from cachekit_memprobe.findings.source_line import calls_in, words_of


def names(source: str) -> list[str]:
    return [ast.unparse(call.func) for call in calls_in(source)]


@pytest.mark.parametrize(
    ("source", "called"),
    [
        ("        data = bytes(data)", ["bytes"]),
        ("return unpackb(data, raw=False)  # (sic", ["unpackb"]),
        ("arr = np.frombuffer(raw, dtype=of(name)).copy()", ["np.frombuffer(raw, dtype=of(name)).copy"]),
        ("yield bytes(data)", ["bytes"]),
        ("await get(key)", ["get"]),
    ],
)
def test_the_calls_of_a_whole_statement(source: str, called: list[str]) -> None:
    assert names(source)[: len(called)] == called


@pytest.mark.parametrize(
    ("source", "called"),
    [
        ("if digest(data) != tag:", "digest"),
        ("elif bytes(data) == tag:", "bytes"),
        ("with open(path) as file:", "open"),
        ("for part in split(data):", "split"),
        ("def unwrap(self, data=bytes(8)):", "bytes"),
    ],
)
def test_the_head_of_a_block(source: str, called: str) -> None:
    assert called in names(source)


@pytest.mark.parametrize(
    ("source", "called"),
    [
        ("value = decode(", "decode"),
        ("value = decode(bytes(data), [", "bytes"),
        ("data=bytes(data), tag=tag)", "bytes"),
        ("bytes(data),", "bytes"),
        ('"(", bytes(data))', "bytes"),
        ("else bytes(data)", "bytes"),
        (".reshape(shape).copy()", "_.reshape(shape).copy"),
        (".copy())", "_.copy"),
        ("if (size := measure(value)", "measure"),
    ],
)
def test_a_piece_of_a_statement_that_began_above_or_goes_on_below(source: str, called: str) -> None:
    assert called in names(source)


@pytest.mark.parametrize(
    "source", ["", "   ", "'''", "\0", "} else {", "1 +", "x = = bytes(data)", "é(", "# bytes(x)"]
)
def test_of_what_is_no_python_nothing_is_made(source: str) -> None:
    assert "bytes" not in names(source)


def test_an_escape_sequence_that_python_does_not_know_is_nobodys_business() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert names(r"match('\d', bytes(data))") == ["match", "bytes"]


@pytest.mark.parametrize(
    "source", ["f(" * 400, "-" * 900 + "f(x)", "(" * 5000, "bytes(" + "[" * 450, "x" * 10**6]
)
def test_what_is_nested_without_end_is_no_one_s_line(source: str) -> None:
    for call in calls_in(source):
        assert len(words_of(call)) < 5000
