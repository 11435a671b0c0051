"""Values: the same each time, as large as asked for, and recognised again in whatever form they come."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from cachekit_memprobe.child.workload import contents, digests, values

MIB = 1 << 20
FORMS = {
    "dataframe": "table",
    "dataframe-strings": "table",
    "dataframe-mixed": "table",
    "dataframe-nullable": "table",
    "series": "series",
    "ndarray": "array",
    "bytes": "objects",
    "text": "objects",
    "nested": "objects",
}
TABLES = [kind for kind, form in FORMS.items() if form == "table"]


def made(kind: str, *, seed: int = 1, size_bytes: int = MIB) -> object:
    return values.make(kind, size_bytes=size_bytes, seed=seed, columns=4)


@pytest.mark.parametrize("kind", values.MAKERS)
def test_a_value_has_the_size_that_was_asked_for(kind: str) -> None:
    value = made(kind)
    assert contents.logical_bytes(value) == pytest.approx(MIB, rel=0.02)
    assert contents.form(value) == FORMS[kind]


@pytest.mark.parametrize("kind", values.MAKERS)
def test_the_same_arguments_make_the_same_value_and_another_seed_another(kind: str) -> None:
    found = [digests.digest(made(kind, seed=seed)) for seed in (1, 1, 2)]
    assert found[0] == found[1] != found[2]


def test_the_bytes_of_strings_are_their_text_and_offsets() -> None:
    assert contents.logical_bytes(pd.DataFrame({"s": ["ab", "€", ""]})) == 2 + 3 + 3 * 8


def test_numbers_count_eight_bytes_and_text_its_characters() -> None:
    assert contents.logical_bytes({"id": 1, "tags": ["ab", None], "size": 0.5}) == 2 + 8 + 4 + 2 + 8 + 4 + 8


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_is_recognised_however_it_is_cut_into_chunks(kind: str) -> None:
    frame = made(kind)
    table = pa.Table.from_pandas(frame)
    pieces = pa.concat_tables([table.slice(0, 100), table.slice(100)])
    digest = digests.digest(frame, return_format="arrow")
    assert digests.digest(table, return_format="arrow") == digest
    assert digests.digest(pieces, return_format="arrow") == digest


def test_a_series_differs_by_name_index_and_type() -> None:
    series = pd.Series([1.0, 2.0], name="a")
    others = [series.rename("b"), series.set_axis([1, 2]), series.astype("float32"), series.to_numpy()]
    found = {digests.digest(value) for value in (series, *others)}
    assert len(found) == 5


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pd.DataFrame({"a": ["x", None]}), pd.DataFrame({"a": [None, "x"]})),
        (pd.DataFrame({"a": ["x", "yz"]}), pd.DataFrame({"a": ["xy", "z"]})),
        (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"b": [1, 2]})),
        (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [1, 2]}, index=[3, 4])),
        (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [1, 2]}, index=pd.Index([0, 1], name="i"))),
        (
            pd.DataFrame(index=[*range(200), 7, *range(200)]),
            pd.DataFrame(index=[*range(200), 8, *range(200)]),
        ),
        (pd.DataFrame(index=["x", "y"]), pd.DataFrame(index=["x", "z"])),
        (
            pd.DataFrame(index=pd.to_datetime(["2026-01-01"])),
            pd.DataFrame(index=pd.to_datetime(["2026-01-02"])),
        ),
        (
            pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}),
            pd.DataFrame({"a": pd.array([1, 0], dtype="Int64")}),
        ),
        (
            pd.DataFrame({"a": pd.to_datetime(["2026-01-01"])}),
            pd.DataFrame({"a": pd.to_datetime(["2026-01-02"])}),
        ),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}),
        ({"a": 1}, {"a": "1"}),
        ([1, 2], [2, 1]),
    ],
)
def test_what_differs_has_another_digest(one: object, other: object) -> None:
    assert digests.digest(one) != digests.digest(other)


def test_a_range_is_the_same_as_the_labels_it_stands_for() -> None:
    """As of a DataFrame that was read by a release that writes the index out."""
    frame = pd.DataFrame({"a": [1.0, 2.0]})
    assert digests.digest(frame) == digests.digest(frame.set_axis(pd.Index([0, 1])))


def test_the_order_of_keys_makes_no_difference_as_some_serializers_sort_them() -> None:
    one, other = {"a": 1, "b": [{"x": 1, "y": 2}]}, {"b": [{"y": 2, "x": 1}], "a": 1}
    assert digests.digest(one) == digests.digest(other)


class TestTheExactDigest:
    """Equal ones prove that nested values are equal; nothing is said by others."""

    def test_is_the_same_of_equal_values_whether_their_parts_are_shared_or_not(self) -> None:
        shared = ["x" * 50, 1, 2.5, None]
        apart = [["x" * 50, 1, 2.5, None], ["".join(["x"] * 50), 1, 2.5, None]]
        assert digests.exact_digest([shared, shared]) == digests.exact_digest(apart) != ""

    def test_is_the_same_of_values_that_are_made_alike(self) -> None:
        one, same, other = (digests.exact_digest(made("nested", seed=seed)) for seed in (1, 1, 2))
        assert one == same != other

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}),
            ({"a": 1}, {"a": True}),
            ({"a": 1}, {"a": 1.0}),
            ({"a": 1}, {"a": "1"}),
            (["1"], [b"1"]),
            ([1, 2], (1, 2)),
            ([1, 2], [2, 1]),
            ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ],
    )
    def test_differs_where_anything_does(self, one: object, other: object) -> None:
        found = {digests.exact_digest(one), digests.exact_digest(other)}
        assert len(found - {""}) == 2

    @pytest.mark.parametrize(
        "value",
        ["text", b"bytes", 7, None, np.zeros(3), pd.DataFrame({"a": [1]}), [object()]],
        ids=lambda value: type(value).__name__,
    )
    def test_is_empty_of_what_it_is_not_for(self, value: object) -> None:
        assert digests.exact_digest(value) == ""

    def test_is_empty_of_what_is_nested_too_deep(self) -> None:
        value: object = []
        for _ in range(3000):
            value = [value]
        assert digests.exact_digest(value) == ""


@pytest.mark.parametrize(
    "whole",
    [
        np.arange(5000.0),
        np.zeros((50, 100)),
        pd.DataFrame({"a": np.arange(5000.0)}),
        pd.Series(np.arange(5000.0)),
        pa.table({"a": np.arange(5000.0)}),
        pa.array(np.arange(5000.0)),
    ],
    ids=lambda whole: type(whole).__name__,
)
def test_tables_and_arrays_count_inside_of_others_and_differ_in_their_middle(whole: object) -> None:
    nested = {"a": whole, "b": [whole, pd.Timestamp(0), np.float64(1)]}
    assert contents.logical_bytes(nested) == 2 + 2 * 40_000 + 2 * 8
    same = {"b": [whole, pd.Timestamp(0), np.float64(1)], "a": whole}
    assert digests.digest(nested) == digests.digest(same)


def test_an_array_inside_of_another_value_is_recognised_as_a_whole() -> None:
    one, other = np.zeros(5000), np.zeros(5000)
    other[2500] = 1
    assert digests.digest({"a": one}) != digests.digest({"a": other})
    assert digests.digest([pd.DataFrame({"a": one})]) != digests.digest([pd.DataFrame({"a": other})])
    assert digests.digest([pa.array(one)]) != digests.digest([pa.array(other)])
