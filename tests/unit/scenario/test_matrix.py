import re
from pathlib import Path

import pytest

from cachekit_memprobe.child.task import Read
from cachekit_memprobe.model import Limit, Scenario
from cachekit_memprobe.scenario import axis_names, load_bundled, parse_axis, payload_scenario
from cachekit_memprobe.scenario.matrix import variants
from cachekit_memprobe.scenario.payload import HowCached
from cachekit_memprobe.sweep import Skipped, Variant

L1_HIT = load_bundled("arrow-l1-hit")
LIMIT = Limit("rss.peak", 2.0, None, "error")


def combined(scenario: Scenario, *axes: str, limits: tuple[Limit, ...] = ()) -> list[Scenario | Skipped]:
    return list(variants(scenario, [parse_axis(axis) for axis in axes], limits))


def possible(scenario: Scenario, *axes: str) -> list[Scenario]:
    return [entry for entry in combined(scenario, *axes) if isinstance(entry, Scenario)]


def test_a_variant_differs_in_its_axes_alone_and_has_no_budget() -> None:
    none, zstd = possible(L1_HIT, "compression=none,zstd")
    assert none.name == "arrow-l1-hit@compression=none"
    assert zstd.caching.compression == "zstd"
    assert zstd.summary == "arrow-l1-hit with compression=zstd"
    assert zstd.variant == Variant("arrow-l1-hit", axes={"compression": "zstd"})
    assert (zstd.value, zstd.read, zstd.source) == (L1_HIT.value, L1_HIT.read, L1_HIT.source)
    assert (none.caching, none.budget, L1_HIT.budget != ()) == (L1_HIT.caching, (), True)


def test_the_product_is_in_the_order_of_the_axes() -> None:
    names = [entry.name for entry in possible(L1_HIT, "encryption=on,off", "compression=none,lz4")]
    assert names == [
        "arrow-l1-hit@encryption=on,compression=none",
        "arrow-l1-hit@encryption=on,compression=lz4",
        "arrow-l1-hit@encryption=off,compression=none",
        "arrow-l1-hit@encryption=off,compression=lz4",
    ]


def test_limits_of_the_command_line_are_its_budget() -> None:
    [variant] = combined(L1_HIT, "compression=lz4", limits=(LIMIT,))
    assert isinstance(variant, Scenario)
    assert variant.budget == (LIMIT,)


@pytest.mark.parametrize(
    ("axis", "read", "l1", "followed"),
    [
        ("tier=l1", Read("l1", "memory"), True, {}),
        ("tier=l2", Read("l2", "get"), False, {"route": "get", "l1": "off"}),
        ("route=map", Read("l2", "map"), False, {"l1": "off", "tier": "l2"}),
        ("l1=off", Read("l2", "get"), False, {"route": "get", "tier": "l2"}),
    ],
)
def test_where_a_read_goes_follows_the_axis(
    axis: str, read: Read, l1: bool, followed: dict[str, str]
) -> None:
    [variant] = possible(L1_HIT, axis)
    assert (variant.read, variant.caching.l1) == (read, l1)
    assert variant.variant is not None
    assert variant.variant.followed == followed


def test_columns_go_with_a_kind_that_has_none() -> None:
    [frame, array] = possible(load_bundled("ndarray-l1-hit"), "kind=dataframe,ndarray")
    assert (frame.value.kind, array.value.kind, array.value.columns) == ("dataframe", "ndarray", 0)


def test_what_is_cached_and_how_never_follows_but_is_skipped_with_the_reason() -> None:
    arrow, default, orjson = combined(L1_HIT, "serializer=arrow,default,orjson")
    assert isinstance(arrow, Scenario)
    assert isinstance(default, Skipped)
    assert isinstance(orjson, Skipped)
    assert (default.of, default.axes) == ("arrow-l1-hit", {"serializer": "default"})
    assert default.reason.startswith("[value] kind has to be one of ")
    assert default.reason.endswith('because [cache] serializer is "default"')


def test_a_combination_of_axes_that_contradict_each_other_is_skipped() -> None:
    entries = combined(L1_HIT, "route=get,map", "encryption=on,off")
    reasons = {tuple(entry.axes.values()): entry.reason for entry in entries if isinstance(entry, Skipped)}
    assert reasons == {("map", "on"): '[cache] encryption has to be false because [read] route is "map"'}


def test_what_a_file_holds_decides_which_serializer_can_store_it(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text("a,b\n1,2\n")
    scenario = payload_scenario(tmp_path / "prices.csv", HowCached())
    arrow, auto, orjson = combined(scenario, "serializer=arrow,auto,orjson")
    assert isinstance(arrow, Scenario)
    assert isinstance(auto, Scenario)
    assert auto.value == scenario.value
    assert isinstance(orjson, Skipped)
    assert orjson.reason == (
        '[cache] serializer has to be one of "arrow", "auto" because prices.csv holds a DataFrame'
    )


def test_a_read_that_fills_l1_becomes_a_hit_there(tmp_path: Path) -> None:
    [variant] = possible(load_bundled("async-file-get-backfill"), "tier=l1")
    assert (variant.read.tier, variant.read.route, variant.read.backfill) == ("l1", "memory", False)


def test_a_file_can_be_cached_by_reference(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text("a,b\n1,2\n")
    scenario = payload_scenario(tmp_path / "prices.csv", HowCached())
    [variant] = possible(scenario, "backend=none", "serializer=none")
    assert (variant.read.tier, variant.read.route, variant.caching.l1) == ("reference", "memory", True)


@pytest.mark.parametrize(
    ("text", "key", "values"),
    [
        ("compression=none,zstd", ("cache", "compression"), ("none", "zstd")),
        (" compression = none , zstd ", ("cache", "compression"), ("none", "zstd")),
        ("cache.compression=lz4", ("cache", "compression"), ("lz4",)),
        ("encryption=on,off", ("cache", "encryption"), (True, False)),
        ("l1=true,No", ("cache", "l1"), (True, False)),
        ("columns=1,500", ("value", "columns"), (1, 500)),
        ("tier=l1,l2", ("read", "tier"), ("l1", "l2")),
    ],
)
def test_an_axis_is_a_key_with_values_of_its_type(
    text: str, key: tuple[str, str], values: tuple[object, ...]
) -> None:
    axis = parse_axis(text)
    assert (axis.key, axis.name, axis.values) == (key, key[1], values)
    assert [type(value) for value in axis.values] == [type(value) for value in values]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("compression", "'compression' is not AXIS=VALUE,VALUE; write it like compression=none,zstd"),
        ("compression=", "is not AXIS=VALUE,VALUE"),
        ("compression=none,,zstd", "is not AXIS=VALUE,VALUE"),
        ("compresion=none", "'compresion' is not an axis; did you mean compression?"),
        ("q=1", "'q' is not an axis; the axes are "),
        ("compression=zst", "compression: 'zst' is not one of none, zstd, lz4; did you mean zstd?"),
        ("encryption=maybe", "encryption: 'maybe' is not on or off"),
        ("columns=many", "columns: 'many' is not an integer from 1 to 100000"),
        ("columns=0", "columns: '0' is not an integer from 1 to 100000"),
        ("tier=l1,l1", "'tier=l1,l1' has a value twice; leave one out"),
        ("encryption=on,true", "'encryption=on,true' has a value twice; leave one out"),
        ("size=1MB,2MB", "'size' can't be an axis; give several sizes with --size 64MB,128MB,256MB"),
        ("file=a.csv,b.csv", "'file' can't be an axis; run each file by itself with --payload"),
    ],
)
def test_what_is_no_axis_is_refused_with_the_remedy(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        parse_axis(text)


def test_no_two_keys_have_the_same_name() -> None:
    assert len(set(axis_names())) == len(axis_names())
