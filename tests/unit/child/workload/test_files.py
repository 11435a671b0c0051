"""Values from files, in the process that stores them."""

import datetime
import decimal
import gzip
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.workload import contents, described, digests, files, values

ROWS = 1000
ARRAYS = {
    "plain": np.arange(1000.0).reshape(100, 10),
    "fortran": np.asfortranarray(np.arange(1000.0).reshape(100, 10)),
    "times": np.arange(1000).astype("M8[s]"),
    "complex": np.arange(1000).astype(complex),
    "big-endian": np.arange(1000).astype(">f8"),
    "text": np.array([f"{number:04}" for number in range(1000)]),
    "fields": np.zeros(100, dtype=[("a", "<f8"), ("b", "<i4")]),
}
OBJECTS = pd.DataFrame(
    {
        "lists": [np.arange(number % 5, dtype=float) for number in range(ROWS)],
        "decimals": [decimal.Decimal(number) / 4 for number in range(ROWS)],
        "dates": [None, *[datetime.date(2024, 1, 1)] * (ROWS - 1)],
        "bytes": [b"abc"] * ROWS,
    }
)


@pytest.fixture(autouse=True)
def forget() -> None:
    files.load.cache_clear()


def saved(path: Path, array: Any) -> str:
    np.save(path, array)
    return str(path)


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_of_any_type_is_recognised_whatever_its_layout(tmp_path: Path, name: str) -> None:
    array = ARRAYS[name]
    loaded = files.load(saved(tmp_path / "a.npy", array))
    assert digests.digest(loaded) == digests.digest(np.ascontiguousarray(array))
    changed = array.copy()
    changed[-1] = changed[0] if name != "fields" else (1.0, 1)
    assert digests.digest(changed) != digests.digest(array)
    assert contents.logical_bytes(loaded) == array.nbytes


def test_objects_in_columns_are_as_large_as_in_arrow(tmp_path: Path) -> None:
    OBJECTS.to_parquet(tmp_path / "a.parquet")
    loaded = files.load(str(tmp_path / "a.parquet"))
    assert contents.logical_bytes(loaded) == sum(
        pa.array(OBJECTS[name], from_pandas=True).nbytes for name in OBJECTS.columns
    )
    assert digests.digest(loaded) == digests.digest(OBJECTS)
    assert digests.digest(loaded.iloc[::-1]) != digests.digest(OBJECTS)


def test_a_smaller_value_is_the_beginning_of_the_same_type(tmp_path: Path) -> None:
    pd.DataFrame({"a": np.arange(1000.0)}).to_csv(tmp_path / "a.csv", index=False)
    (tmp_path / "list.json").write_text(json.dumps(list(range(1000))))
    (tmp_path / "dict.json").write_text(json.dumps({str(number): number for number in range(1000)}))
    (tmp_path / "text.json").write_text(json.dumps("abcdefgh" * 100))
    (tmp_path / "number.json").write_text("3")
    saved(tmp_path / "a.npy", np.arange(1000.0))
    saved(tmp_path / "one.npy", np.array(3.0))
    beginnings = {path.name: files.make(str(path), 400) for path in tmp_path.iterdir()}
    assert beginnings["a.csv"].equals(pd.DataFrame({"a": np.arange(50.0)}))
    assert beginnings["list.json"] == list(range(50))
    assert list(beginnings["dict.json"])[:2] == ["0", "1"]
    assert 20 <= len(beginnings["dict.json"]) < 50
    assert beginnings["text.json"] == "abcdefgh" * 50
    assert beginnings["number.json"] == 3
    assert beginnings["a.npy"].tolist() == list(range(50))
    assert beginnings["a.npy"].base is None
    assert beginnings["one.npy"] == 3


def test_the_whole_value_comes_with_its_own_size(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npy", np.arange(1000.0))
    value = values.make("file", size_bytes=8000, seed=1, columns=0, file=path)
    assert value.shape == (1000,)


def test_a_table_keeps_its_index(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "y"], name="key"))
    frame.to_feather(tmp_path / "a.feather")
    assert files.load(str(tmp_path / "a.feather")).equals(frame)


def test_json_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a": "ö"}', encoding="utf-8-sig")
    assert files.load(str(tmp_path / "a.json")) == {"a": "ö"}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.json", b'{"a": ', "a.json: expected JSON, found what can't be loaded (JSONDecodeError: "),
        ("a.csv", b"a,b\n1,2\n1,2,3\n", "a.csv: expected CSV, found what can't be loaded (ParserError: "),
        ("a.csv", b"a,b\n", "a.csv: expected a value with data in it, found none; give another file"),
        ("a.json", b"[]", "a.json: expected a value with data in it, found none; give another file"),
        ("a.parquet", b"PAR1" + bytes(50) + b"PAR1", "a.parquet: expected Parquet, found what can't be"),
        ("a.arrow", b"ARROW1\0\0" + bytes(50) + b"ARROW1", "a.arrow: expected Arrow, found what can't be"),
        ("a.arrows", b"\xff\xff\xff\xff" + bytes(9), "a.arrows: expected Arrow stream, found what can't be"),
        ("a.npy", b"", "a.npy: expected Parquet, CSV, Arrow or Feather, .npy or JSON, found an empty file"),
    ],
)
def test_what_can_not_be_loaded_is_said_without_the_folder(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CouldNotMeasure) as caught:
        files.load(str(tmp_path / name))
    assert str(caught.value).startswith(words)
    assert str(tmp_path) not in str(caught.value)


def test_columns_with_the_same_name_are_refused(tmp_path: Path) -> None:
    table = pa.table([pa.array([1.5]), pa.array([2.5])], names=["price", "price"])
    with pa.OSFile(str(tmp_path / "a.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(CouldNotMeasure, match=r"^a\.arrow: .* two with the name 'price', .*; rename one$"):
        files.load(str(tmp_path / "a.arrow"))


def test_columns_of_objects_without_a_type_in_arrow_are_refused(tmp_path: Path) -> None:
    pairs = pa.array([[("a", 1), ("b", 2)]], pa.map_(pa.string(), pa.int64()))
    pa.parquet.write_table(pa.table({"pairs": pairs}), tmp_path / "a.parquet")
    with pytest.raises(CouldNotMeasure, match=r"^a\.parquet: expected columns that Arrow has a type for"):
        files.load(str(tmp_path / "a.parquet"))


def test_a_pyarrow_that_could_run_code_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pd.DataFrame({"a": [1]}).to_feather(tmp_path / "a.feather")
    monkeypatch.setattr(pa, "__version__", "14.0.0")
    with pytest.raises(
        CouldNotMeasure, match=r"a.feather: pyarrow 14.0.0 could run code that is in such a file"
    ):
        files.load(str(tmp_path / "a.feather"))
    monkeypatch.setattr(pa, "__version__", "14.0.1")
    assert files.load(str(tmp_path / "a.feather")).shape == (1, 1)


def test_a_target_without_pyarrow_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(CouldNotMeasure, match=r"a.csv: the target lacks pandas, which loads CSV"):
        files.load(str(tmp_path / "a.csv"))


LINES = '{"id": 1, "v": "a\u2028b"}\n\n{"id": 2, "v": NaN}\n'


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.ndjson", "a.jsonl.gz"])
def test_json_lines_are_a_list(tmp_path: Path, name: str) -> None:
    text = LINES.encode()
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    first, second = files.load(str(tmp_path / name))
    assert first == {"id": 1, "v": "a\u2028b"}
    assert second["v"] != second["v"]


def test_json_lines_that_are_damaged_are_told_by_the_line(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"a": 1}\n{"a":\n')
    with pytest.raises(CouldNotMeasure, match=r"a\.jsonl: .*line 2 of the file: Expecting value"):
        files.load(str(tmp_path / "a.jsonl"))
    (tmp_path / "a.json").write_text('{"a": 1} x')
    with pytest.raises(CouldNotMeasure, match=r"a\.json: expected JSON, .*Extra data"):
        files.load(str(tmp_path / "a.json"))


TEXTS = {
    "tabs.csv": ("k\tv\n" + "a\t1.5\n" * 9, "9 rows, 2 columns: 1 str, 1 float64; separated by tabs"),
    "tabs.tsv.gz": ("k\tv\n" + "a\t1.5\n" * 9, "9 rows, 2 columns: 1 str, 1 float64; separated by tabs"),
    "semi.csv": (
        "k;v\n" + "a;1,5\n" * 9,
        "9 rows, 2 columns: 1 str, 1 float64; separated by semicolons, with decimal commas",
    ),
    "one.csv": ("k\n1\n", "1 row, 1 column: 1 int64; separated by commas"),
    "a.jsonl": (LINES, "a list of 2 items"),
    "a.json": ('{"a": 1}', "an object with 1 key"),
    "text.json": ('"abc"', "a text of 3 characters"),
    "none.json": ("null", "null"),
    "true.json": ("true", "one value, bool"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_what_was_read_is_said(tmp_path: Path, name: str) -> None:
    text, words = TEXTS[name]
    (tmp_path / name).write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    said = described.described(str(tmp_path / name), files.load(str(tmp_path / name)))
    text_type = "str" if pd.__version__ >= "3" else "object"
    lines = ", names from the first line" if "separated" in words else ""
    assert said == words.replace("str", text_type) + lines


def test_an_index_and_an_array_are_said(tmp_path: Path) -> None:
    pd.DataFrame({"x": [1.0]}, index=pd.Index([3], name="i")).to_parquet(tmp_path / "a.parquet")
    assert described.described(str(tmp_path / "a.parquet"), files.load(str(tmp_path / "a.parquet"))) == (
        "1 row, 1 column: 1 float64; index: 1 int64"
    )
    file = saved(tmp_path / "a.npy", np.zeros((1000, 2)))
    assert described.described(file, files.load(file)) == "float64, 1,000 x 2 elements"


def test_a_whole_file_that_pandas_can_not_read_is_not_called_damaged(tmp_path: Path) -> None:
    # pandas writes this type's name into its metadata and can't read it back.
    dtype = pd.ArrowDtype(pa.list_(pa.int64()))
    pd.DataFrame({"ls": pd.Series(pa.array([[1, 2]]), dtype=dtype)}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(CouldNotMeasure, match=r"a\.parquet: the file is whole, but the target's"):
        files.load(str(tmp_path / "a.parquet"))


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow"])
def test_two_columns_of_one_name_are_told_whatever_the_format(tmp_path: Path, name: str) -> None:
    table = pa.table([pa.array([1.0])] * 2, names=["a", "a"])
    if name == "a.parquet":
        pq.write_table(table, tmp_path / name)
    else:
        with pa.ipc.new_file(str(tmp_path / name), table.schema) as writer:
            writer.write_table(table)
    with pytest.raises(CouldNotMeasure, match="found two with the name 'a', which cachekit can't store"):
        files.load(str(tmp_path / name))


def test_a_text_that_is_no_utf8_further_down_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a,b\n" + b"1,x\n" * 3000 + "2,größe\n".encode("latin-1"))
    with pytest.raises(CouldNotMeasure, match=r"a\.csv: expected CSV in UTF-8, found the byte 0xf6"):
        files.load(str(tmp_path / "a.csv"))


def test_rows_that_are_far_longer_than_the_names_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n" + "1," * 40 + "1\n")
    with pytest.raises(CouldNotMeasure, match="an index of at most 32 levels, found 39; make the rows"):
        files.load(str(tmp_path / "a.csv"))


def test_what_a_library_quotes_of_a_file_is_short(tmp_path: Path) -> None:
    table = pa.table([pa.array([1]), pa.array([2])], names=["a\n" * 5000] * 2)
    with pa.OSFile(str(tmp_path / "a.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(CouldNotMeasure, match="found two with the name") as caught:
        files.load(str(tmp_path / "a.arrow"))
    assert len(str(caught.value)) < 500
