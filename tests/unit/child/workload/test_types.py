"""Values of every type that people cache: how large they are, and that they are recognised."""

import decimal
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from cachekit_memprobe.child.workload import contents, digests

ROWS = 70_000
"""More than are digested at once."""

_NUMBERS = np.arange(ROWS)
_TEXT = [f"row-{number:06}" for number in range(ROWS)]

COLUMNS: dict[str, Callable[[], object]] = {
    "moments": lambda: _NUMBERS.astype("datetime64[s]"),
    "durations": lambda: _NUMBERS.astype("timedelta64[ms]"),
    "moments in a zone": lambda: pd.date_range("2020", periods=ROWS, freq="s", tz="America/New_York"),
    "periods": lambda: pd.period_range("2020", periods=ROWS, freq="h"),
    "dates": lambda: [date(2020, 1, 1) + timedelta(days=number % 5000) for number in range(ROWS)],
    "decimals": lambda: [decimal.Decimal(number) / 4 for number in range(ROWS)],
    "lists": lambda: [[number, number + 1][: number % 3] for number in range(ROWS)],
    "structs": lambda: [{"a": number, "b": str(number)} for number in range(ROWS)],
    "categories": lambda: pd.Categorical((["one", "two", "drei"] * ROWS)[:ROWS]),
    "text": lambda: _TEXT,
}


def frame(kind: str) -> pd.DataFrame:
    return pd.DataFrame({"c": COLUMNS[kind]()})


@pytest.mark.parametrize("kind", COLUMNS)
class TestAColumn:
    def test_is_recognised_when_it_is_made_again(self, kind: str) -> None:
        assert digests.digest(frame(kind)) == digests.digest(frame(kind))

    @pytest.mark.parametrize("row", [0, ROWS - 1])
    def test_differs_by_a_single_row(self, kind: str, row: int) -> None:
        one, order = frame(kind), [*range(ROWS)]
        order[row] = row - 1 if row else 1
        other = one.iloc[order].reset_index(drop=True)
        assert digests.digest(other) != digests.digest(one)

    def test_differs_by_a_value_that_is_missing(self, kind: str) -> None:
        one = frame(kind)
        other = one.copy()
        other.iloc[5, 0] = None
        assert digests.digest(other) != digests.digest(one)

    def test_is_recognised_however_it_is_cut(self, kind: str) -> None:
        table = pa.Table.from_pandas(frame(kind))
        pieces = pa.concat_tables([table.slice(0, 100), table.slice(100)])
        found = [digests.digest(one, return_format="arrow") for one in (table, pieces)]
        assert found[0] == found[1]


def test_a_struct_differs_in_any_field() -> None:
    values = [{"a": 1, "b": "x"}, {"a": 2, "b": "x"}, {"a": 1, "b": "y"}, {"a": 1}]
    found = {digests.digest(pa.table({"s": pa.array([value])}), return_format="arrow") for value in values}
    assert len(found) == len(values)


def test_a_list_differs_by_where_it_is_cut_and_by_what_is_missing() -> None:
    values = [[[1, 2], [3]], [[1], [2, 3]], [[1, 2, 3], []], [[1, 2, 3], None], [[1, 2, None], []]]
    found = {digests.digest(pa.table({"s": pa.array(value)}), return_format="arrow") for value in values}
    assert len(found) == len(values)


INDEXES: dict[str, tuple[Callable[[], pd.Index], int]] = {
    "a range": (lambda: pd.RangeIndex(ROWS), 0),
    "numbers": (lambda: pd.Index(_NUMBERS * 2), 8),
    "moments": (lambda: pd.date_range("2020", periods=ROWS, freq="s"), 8),
    "text": (lambda: pd.Index(_TEXT), len(_TEXT[0]) + 8),
    "two levels": (lambda: pd.MultiIndex.from_arrays([_TEXT, _NUMBERS]), len(_TEXT[0]) + 8 + 8),
}


@pytest.mark.parametrize("kind", INDEXES)
class TestAnIndex:
    def test_is_a_part_of_the_values_size(self, kind: str) -> None:
        make, row_bytes = INDEXES[kind]
        value = pd.DataFrame({"x": np.zeros(ROWS)}, index=make())
        assert contents.logical_bytes(value) == ROWS * (8 + row_bytes)
        assert contents.logical_bytes(value["x"]) == ROWS * (8 + row_bytes)

    def test_is_recognised_and_differs_by_its_last_label(self, kind: str) -> None:
        make, _ = INDEXES[kind]
        one, same = (pd.DataFrame({"x": np.zeros(ROWS)}, index=make()) for _ in range(2))
        other = one.iloc[[*range(ROWS - 1), 0]]
        assert digests.digest(one) == digests.digest(same) != digests.digest(other)


def test_a_category_counts_its_code_and_all_of_them_their_text() -> None:
    value = pd.DataFrame({"c": pd.Categorical(["ab", "cde", "ab", "ab"])})
    assert contents.logical_bytes(value) == 4 * 1 + 2 + 3 + 2 * 8


def test_text_in_nested_values_counts_its_utf_8() -> None:
    assert contents.logical_bytes({"ä": "€"}) == 2 + 3


def test_columns_of_one_name_all_count() -> None:
    value = pd.DataFrame(np.zeros((10, 2)), columns=["a", "a"])
    assert contents.logical_bytes(value) == 160
