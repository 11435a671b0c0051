from collections.abc import Callable
from itertools import product

import pytest

from cachekit_memprobe.scenario.rules import Key, broken_rules

ErrorsOf = Callable[[str], list[str]]

KINDS_OF = {
    "arrow": {"dataframe"},
    "default": {"bytes", "text"},
    "auto": {"ndarray", "dataframe"},
    "orjson": {"text"},
}
KINDS = ("dataframe", "bytes", "ndarray", "text")
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
            '[cache] l1: expected false because [read] tier is "l2", found true; '
            "write l1 = false, or change [read] tier",
        ),
        (
            scenario("dataframe", "arrow", tier="l2", route="memory", l1=False),
            '[read] route: expected one of "get", "map" because [read] tier is "l2", found "memory"; '
            'write route = "get", or change [read] tier',
        ),
        (
            scenario("text", "default", tier="l2", route="map", l1=False),
            '[cache] serializer: expected "arrow" because [read] route is "map", found "default"; '
            'write serializer = "arrow", or change [read] route',
        ),
        (
            scenario("text", "orjson", tier="l1", route="memory", l1=True, extra='compression = "lz4"'),
            '[cache] serializer: expected "arrow" because [cache] compression is "lz4", found "orjson"; '
            'write serializer = "arrow", or change [cache] compression',
        ),
        (
            scenario("dataframe", "auto", tier="l1", route="memory", l1=True, extra='compression = "zstd"'),
            '[cache] serializer: expected "arrow" because [cache] compression is "zstd", found "auto"; '
            'write serializer = "arrow", or change [cache] compression',
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


@pytest.mark.parametrize("compression", ["none", "zstd", "lz4"])
def test_arrow_takes_every_compression(errors_of: ErrorsOf, compression: str) -> None:
    extra = f'compression = "{compression}"'
    assert errors_of(scenario("dataframe", "arrow", tier="l2", route="map", l1=False, extra=extra)) == []


@pytest.mark.parametrize(
    ("key", "found", "place"),
    [
        (("cache", "backend"), "redis", "[cache] backend"),
        (("cache", "encryption"), True, "[cache] encryption"),
    ],
)
def test_a_map_needs_plain_files(key: Key, found: object, place: str) -> None:
    """No file can say so yet: the schema allows neither another backend nor encryption."""
    (problem,) = broken_rules({("read", "route"): "map", key: found})
    assert problem.where == place
    assert problem.remedy.endswith(", or change [read] route")


def test_nothing_is_concluded_from_a_key_that_is_wrong_itself(errors_of: ErrorsOf) -> None:
    (line,) = errors_of(scenario("bytes", "pickle", tier="l1", route="memory", l1=True))
    assert line.startswith("my.toml: [cache] serializer: expected one of ")
