"""Where values of every type have their memory."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from cachekit_memprobe.child.probes.buffers import buffers_of

ROWS = 1000
_NUMBERS = np.arange(ROWS)

EIGHT_BYTES_A_ROW: dict[str, Callable[[], object]] = {
    "an array of moments": lambda: _NUMBERS.astype("datetime64[s]"),
    "an array of durations": lambda: _NUMBERS.astype("timedelta64[s]"),
    "a series": lambda: pd.Series(_NUMBERS),
    "a series of moments": lambda: pd.Series(_NUMBERS.astype("datetime64[s]")),
    "a series of moments in a zone": lambda: pd.Series(pd.date_range("2020", periods=ROWS, tz="UTC")),
    "a series of periods": lambda: pd.Series(pd.period_range("2020", periods=ROWS, freq="h")),
    "an index": lambda: pd.Index(_NUMBERS),
    "a column of moments": lambda: pd.DataFrame({"t": _NUMBERS.astype("datetime64[s]")}),
}


@pytest.mark.parametrize("kind", EIGHT_BYTES_A_ROW)
def test_the_memory_of_a_value_is_found(kind: str) -> None:
    value = EIGHT_BYTES_A_ROW[kind]()
    assert sum(buffer.size_bytes for buffer in buffers_of(value)) == 8 * ROWS


def test_it_is_the_memory_itself_and_no_copy_of_it() -> None:
    moments = _NUMBERS.astype("datetime64[s]")
    (buffer,) = buffers_of(pd.Series(moments, copy=False))
    assert buffer.start == moments.__array_interface__["data"][0]


def test_nullable_columns_have_data_and_a_mask() -> None:
    value = pd.DataFrame({"n": pd.array([1, None] * (ROWS // 2), dtype="Int64")})
    assert sorted(buffer.size_bytes for buffer in buffers_of(value)) == [ROWS, 8 * ROWS]


def test_categories_have_their_codes() -> None:
    value = pd.Series(pd.Categorical(["a", "b"] * (ROWS // 2)))
    assert [buffer.size_bytes for buffer in buffers_of(value)] == [ROWS]


def test_the_index_of_a_frame_is_memory_of_it() -> None:
    value = pd.DataFrame({"x": np.zeros(ROWS)}, index=pd.date_range("2020", periods=ROWS))
    assert sum(buffer.size_bytes for buffer in buffers_of(value)) == 16 * ROWS
