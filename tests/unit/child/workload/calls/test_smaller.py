"""The small value that processes warm up with."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from cachekit_memprobe.child.workload.calls.smaller import smaller
from cachekit_memprobe.child.workload.contents import logical_bytes

MIB = 1 << 20
ROWS = MIB // 4
FRAME = pd.DataFrame({"a": np.arange(ROWS), "b": np.arange(ROWS) * 0.5})
LARGE: list[Any] = [
    FRAME,
    FRAME.set_index("a"),
    FRAME["b"],
    pa.Table.from_pandas(FRAME),
    np.ones((ROWS, 4)),
    b"x" * 4 * MIB,
    bytearray(4 * MIB),
    "ö" * 2 * MIB,
    list(range(ROWS)),
    tuple(range(ROWS)),
    dict.fromkeys(map(str, range(ROWS)), 1.0),
    {"pad": b"x" * 4 * MIB, "at": 1.0},
    [b"x" * 2 * MIB, b"y" * 2 * MIB],
    {"rows": [{"id": n, "name": "n"} for n in range(ROWS)], "page": 1},
]


@pytest.mark.parametrize("value", LARGE, ids=lambda value: type(value).__name__)
def test_it_is_a_part_of_the_same_form(value: Any) -> None:
    part = smaller(value)
    assert type(part) is type(value)
    assert 1000 < logical_bytes(part) < MIB


def test_nested_values_keep_the_keys_of_what_is_large() -> None:
    part = smaller({"rows": [{"id": n} for n in range(ROWS)], "page": 1})
    assert list(part) == ["rows", "page"]
    assert part["rows"][0] == {"id": 0}


@pytest.mark.parametrize("value", [None, 1, b"x", FRAME[:10], np.float64(1), {"a": object()}])
def test_of_what_is_small_there_is_none(value: Any) -> None:
    assert smaller(value) is None


def test_of_what_can_not_be_cut_there_is_none() -> None:
    assert smaller(set(range(MIB))) is None
    assert smaller(pd.DataFrame({"a": [b"x" * 4 * MIB]})) is None
