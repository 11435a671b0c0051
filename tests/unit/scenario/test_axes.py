import re

import pytest

from cachekit_memprobe.scenario import parse_axis
from cachekit_memprobe.scenario.axes import axis_names, spelled


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
        ("compresion=none", "'compresion' is not a key of a scenario; did you mean compression?"),
        ("q=1", "'q' is not a key of a scenario; the axes are "),
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


def test_values_are_spelled_as_they_are_typed() -> None:
    assert [spelled(value) for value in (True, False, 500, "zstd")] == ["on", "off", "500", "zstd"]
