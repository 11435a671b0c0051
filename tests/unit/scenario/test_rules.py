from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from cachekit_memprobe.scenario import load_scenario
from cachekit_memprobe.scenario.problems import Key, Problem, Setting, Write
from cachekit_memprobe.scenario.rules import BACKEND, ENCRYPTION, ROUTE, SERIALIZER, broken_rules

WriteFile = Callable[..., Path]

ErrorsOf = Callable[[str], list[str]]

KINDS_OF = {
    "arrow": {"dataframe", "dataframe-mixed"},
    "default": {"bytes", "text", "nested"},
    "auto": {"dataframe", "dataframe-mixed", "series", "ndarray", "bytes", "text", "nested"},
    "orjson": {"text", "nested"},
    "interop": {"bytes", "text", "nested"},
}
KINDS = ("dataframe", "dataframe-mixed", "series", "ndarray", "bytes", "text", "nested")
READS = {("l1", True, "memory"), ("l2", False, "get"), ("l2", False, "map")}


def scenario(kind: str, serializer: str, *, tier: str, route: str, l1: bool, extra: str = "") -> str:
    return f"""\
summary = "A read"
[read]
tier = "{tier}"
route = "{route}"
[value]
kind = "{kind}"
[cache]
serializer = "{serializer}"
l1 = {str(l1).lower()}
{extra}
"""


@pytest.mark.parametrize(("serializer", "kind"), list(product(KINDS_OF, KINDS)))
def test_kinds_that_a_serializer_takes(errors_of: ErrorsOf, serializer: str, kind: str) -> None:
    lines = errors_of(scenario(kind, serializer, tier="l1", route="memory", l1=True))
    if kind in KINDS_OF[serializer]:
        assert lines == []
    else:
        (line,) = lines
        assert line.startswith("my.toml: [value] kind: expected ")
        assert f' because [cache] serializer is "{serializer}", found "{kind}"; write kind = "' in line
        assert line.endswith('", or change [cache] serializer')


@pytest.mark.parametrize(
    ("tier", "l1", "route"), list(product(("l1", "l2"), (True, False), ("memory", "get", "map")))
)
def test_reads_that_cachekit_can_do(errors_of: ErrorsOf, tier: str, l1: bool, route: str) -> None:
    lines = errors_of(scenario("dataframe", "arrow", tier=tier, route=route, l1=l1))
    assert (lines == []) == ((tier, l1, route) in READS)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            scenario("dataframe", "arrow", tier="l1", route="memory", l1=False),
            '[cache] l1: expected true because [read] tier is "l1", found false; '
            "write l1 = true, or change [read] tier",
        ),
        (
            scenario("dataframe", "arrow", tier="l1", route="get", l1=True),
            '[read] route: expected "memory" because [read] tier is "l1", found "get"; '
            'write route = "memory", or change [read] tier',
        ),
        (
            scenario("dataframe", "arrow", tier="l2", route="get", l1=True),
            '[cache] l1: expected false because [read] tier is "l2" and [read] backfill is false, '
            "found true; write l1 = false, or change [read] tier or [read] backfill",
        ),
        (
            scenario("dataframe", "arrow", tier="l2", route="memory", l1=False),
            '[read] route: expected one of "get", "map" because [read] tier is "l2", found "memory"; '
            'write route = "get", or change [read] tier',
        ),
        (
            scenario("text", "default", tier="l2", route="map", l1=False),
            '[read] route: expected one of "get", "memory" because [value] kind is "text", found "map"; '
            'write route = "get", or change [value] kind',
        ),
        (
            scenario("text", "orjson", tier="l1", route="memory", l1=True, extra='compression = "lz4"'),
            '[cache] serializer: expected one of "arrow", "auto" because [cache] compression is "lz4", '
            'found "orjson"; '
            'write serializer = "arrow", or change [cache] compression',
        ),
        (
            scenario("series", "auto", tier="l1", route="memory", l1=True, extra='compression = "zstd"'),
            '[value] kind: expected one of "dataframe", "dataframe-strings", "dataframe-mixed", '
            '"dataframe-nullable", "file" because [cache] serializer is "auto" and [cache] compression is '
            '"zstd", found "series"; write kind = "dataframe", or change [cache] serializer or [cache] '
            "compression",
        ),
        (
            scenario("text", "orjson", tier="l1", route="memory", l1=True).replace(
                "[cache]", "columns = 8\n[cache]"
            ),
            '[value] columns: expected nothing because [value] kind is "text", found 8; '
            "remove columns, or change [value] kind",
        ),
    ],
)
def test_an_error_names_both_keys_and_the_remedy(errors_of: ErrorsOf, text: str, error: str) -> None:
    assert errors_of(text) == [f"my.toml: {error}"]


def reading(extra: str, **keys: object) -> str:
    """A scenario whose table [read] has more keys."""
    text = scenario("dataframe", "arrow", tier="l2", route="get", l1=bool(keys.get("l1")))
    return text.replace("[value]", f"{extra}\n[value]", 1)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (reading("backfill = true", l1=True), []),
        (reading("backfill = true"), ["[cache] l1: expected true because"]),
        (reading("asynchronous = true"), []),
        (reading("readers = 8\nkeys = 8"), []),
        (reading("readers = 8"), []),
        (reading("readers = 8\nkeys = 2"), ["[read] keys: expected one of 8, 1 because [read] readers is 8"]),
        (reading("keys = 2"), ["[read] keys: expected 1 because [read] readers is 1, found 2"]),
        (
            scenario("dataframe", "arrow", tier="l2", route="map", l1=False).replace(
                "[value]", "asynchronous = true\nbackfill = true\n[value]"
            ),
            [
                '[read] asynchronous: expected false because [read] route is "map"',
                '[read] backfill: expected false because [read] route is "map"',
                "[cache] l1: expected true because",
            ],
        ),
        (
            scenario("dataframe", "arrow", tier="reference", route="memory", l1=True),
            ['[cache] backend: expected one of "none", "local" because [read] tier is "reference"'],
        ),
        (
            scenario(
                "dataframe", "none", tier="reference", route="memory", l1=True, extra='backend = "none"'
            ),
            [],
        ),
        (
            scenario("ndarray", "none", tier="l1", route="memory", l1=True, extra='backend = "local"'),
            ['[cache] backend: expected one of "file", "redis", "memcached", "cachekitio" because'],
        ),
        (
            scenario("text", "orjson", tier="l1", route="memory", l1=True, extra='return_format = "arrow"'),
            ['[cache] serializer: expected "arrow" because [cache] return_format is "arrow"'],
        ),
    ],
)
def test_reads_of_other_kinds(errors_of: ErrorsOf, text: str, found: list[str]) -> None:
    lines = [line.removeprefix("my.toml: ") for line in errors_of(text)]
    assert len(lines) == len(found), lines
    assert all(line.startswith(start) for line, start in zip(lines, found, strict=True)), lines


@pytest.mark.parametrize("compression", ["none", "zstd", "lz4"])
def test_arrow_takes_every_compression(errors_of: ErrorsOf, compression: str) -> None:
    extra = f'compression = "{compression}"'
    assert errors_of(scenario("dataframe", "arrow", tier="l2", route="map", l1=False, extra=extra)) == []


@pytest.mark.parametrize(("key", "found", "allowed"), [(BACKEND, "redis", "file"), (ENCRYPTION, True, False)])
def test_a_map_needs_plain_files(key: Key, found: object, allowed: object) -> None:
    (problem,) = broken_rules({ROUTE: "map", key: found})
    assert problem == Problem(
        key, (allowed,), found, Write(key, allowed, change=(ROUTE,)), because=(Setting(ROUTE, "map"),)
    )


@pytest.mark.parametrize("serializer", ["arrow", "default", "orjson", "interop"])
def test_what_can_be_encrypted(serializer: str) -> None:
    assert list(broken_rules({ENCRYPTION: True, SERIALIZER: serializer})) == []


def test_auto_can_not_be_encrypted() -> None:
    (problem,) = broken_rules({ENCRYPTION: True, SERIALIZER: "auto"})
    assert (problem.key, problem.found) == (SERIALIZER, "auto")
    assert problem.because == (Setting(ENCRYPTION, True),)


def test_nothing_is_concluded_from_a_key_that_is_wrong_itself(errors_of: ErrorsOf) -> None:
    (line,) = errors_of(scenario("bytes", "pickle", tier="l1", route="memory", l1=True))
    assert line.startswith("my.toml: [cache] serializer: expected one of ")


OWN_DATA = """\
summary = "Prices"
[value]
kind = "file"
file = "data/prices.csv"
[cache]
serializer = "arrow"
l1 = true
[read]
tier = "l1"
route = "memory"
"""


def test_a_file_is_found_from_the_folder_of_the_scenario(
    write: WriteFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a\n1\n", "here/data/prices.csv")
    path = write(OWN_DATA, "here/mine.toml")
    value = load_scenario(path).value
    assert (value.kind, value.file) == ("file", str(tmp_path / "here/data/prices.csv"))
    assert (value.logical_bytes, value.columns) == (4, 0)
    monkeypatch.chdir("here")
    assert load_scenario(Path("mine.toml")).value == value


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        (
            "prices.csv",
            "prices.xyz",
            "[value] file: expected a file that can be read, found prices.xyz: No such file or directory; "
            "check the path and its permissions",
        ),
        (
            'file = "data/prices.csv"\n',
            "",
            '[value] file: expected the path of a data file because [value] kind is "file", found nothing; '
            'write file = "prices.parquet"',
        ),
        (
            'file = "data/prices.csv"',
            "file = 1",
            '[value] file: expected the path of a data file, found 1; write file = "prices.parquet"',
        ),
        (
            "[cache]",
            'size = "1MB"\n[cache]',
            '[value] size: expected nothing because [value] kind is "file", found "1MB"; '
            "remove size: the data of a file is taken as it is",
        ),
        (
            "[cache]",
            "columns = 3\n[cache]",
            '[value] columns: expected nothing because [value] kind is "file", found 3; '
            "remove columns, or change [value] kind",
        ),
        (
            '"arrow"',
            '"orjson"',
            '[cache] serializer: expected one of "arrow", "auto" because prices.csv holds a DataFrame, '
            'found "orjson"; write serializer = "arrow", or name another file',
        ),
        (
            'kind = "file"',
            'kind = "dataframe"',
            '[value] file: expected nothing because [value] kind is "dataframe", found "data/prices.csv"; '
            "remove file, or change [value] kind",
        ),
    ],
)
def test_an_error_names_the_table_the_key_and_the_remedy(
    write: WriteFile, errors_of: ErrorsOf, old: str, new: str, error: str
) -> None:
    write("a\n1\n", "data/prices.csv")
    assert old in OWN_DATA
    assert errors_of(OWN_DATA.replace(old, new)) == [f"my.toml: {error}"]
