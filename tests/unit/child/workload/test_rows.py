"""More rows of the user's own data, or fewer."""

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.workload import contents
from cachekit_memprobe.child.workload.rows import rows_of, scaled, scaled_bytes

ROWS = 10
COLUMNS: dict[str, Any] = {
    "number": np.arange(ROWS) * 1.5,
    "text": [f"number {number}" for number in range(ROWS)],
    "kind": pd.Categorical(["a", "b"] * 5),
}
INDEXES: dict[str, Any] = {
    "range": pd.RangeIndex(5, 25, 2, name="n"),
    "whole numbers": pd.Index([3, 1, 4, 15, 9, 2, 6, 5, 35, 8], name="n"),
    "fractions": pd.Index(np.arange(ROWS) / 4),
    "times": pd.date_range("2024-01-01", periods=ROWS, freq="h", name="t"),
    "times of a zone": pd.date_range("2024-01-01", periods=ROWS, freq="D", tz="Europe/Berlin"),
    "numbers that would overflow": pd.Index(np.arange(110, 110 + ROWS, dtype="int8")),
    "texts": pd.Index(list("abcdefghij")),
    "levels": pd.MultiIndex.from_product([range(2), range(5)]),
}
GO_ON = ("range", "whole numbers", "fractions", "times", "times of a zone")
VALUES: dict[str, Any] = {
    **{name: pd.DataFrame(COLUMNS, index=index) for name, index in INDEXES.items()},
    "array": np.arange(30.0).reshape(10, 3),
    "records": [{"id": number, "name": "x" * number} for number in range(ROWS)],
    "page": {"page": 1, "few": [1], "records": [["x" * 40 * number] for number in range(ROWS)]},
}


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize(("share", "rows"), [(0.5, 5), (0.01, 1), (1, 10), (2, 20), (2.5, 25)])
def test_a_share_has_so_many_rows_and_is_no_larger_than_told(name: str, share: float, rows: int) -> None:
    value = VALUES[name]
    made = scaled(value, share, "f")
    assert rows_of(made) == rows
    assert type(made) is type(value)
    told_bytes = scaled_bytes(value, share, "f")
    assert told_bytes >= contents.logical_bytes(made)
    assert told_bytes == pytest.approx(contents.logical_bytes(made), rel=0.15)


@pytest.mark.parametrize("name", INDEXES)
def test_rows_are_repeated_with_their_types(name: str) -> None:
    made = scaled(VALUES[name], 2.5, "f")
    assert list(made.dtypes) == list(VALUES[name].dtypes)
    assert list(made["text"]) == (list(COLUMNS["text"]) * 3)[:25]
    assert made.index.dtype == INDEXES[name].dtype
    assert made.index.names == INDEXES[name].names


@pytest.mark.parametrize("name", INDEXES)
def test_an_index_goes_on_where_it_can(name: str) -> None:
    index = scaled(VALUES[name], 2.5, "f").index
    assert list(index[:ROWS]) == list(INDEXES[name])
    assert index.is_unique == (name in GO_ON)
    if name not in GO_ON:
        assert list(index[ROWS : 2 * ROWS]) == list(INDEXES[name])
    elif name in ("range", "fractions", "times"):
        assert len({after - before for before, after in pairwise(index)}) == 1


def test_the_other_parts_of_an_object_stay() -> None:
    made = scaled(VALUES["page"], 2, "f")
    assert {key: part for key, part in made.items() if key != "records"} == {"page": 1, "few": [1]}


def test_an_array_is_repeated_along_its_first_axis() -> None:
    made = scaled(VALUES["array"], 2, "f")
    assert np.array_equal(made, np.concatenate([VALUES["array"]] * 2))


@pytest.mark.parametrize("value", [5, "text", {"a": 1}, {"a": []}, [], np.array(3.0), None])
def test_what_has_no_rows_has_no_share_of_them(value: Any) -> None:
    with pytest.raises(CouldNotMeasure, match=r"f\.json: expected a value with rows"):
        scaled(value, 0.5, "f.json")
    assert scaled(value, 1, "f.json") is value
