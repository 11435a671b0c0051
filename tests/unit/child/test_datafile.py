import bz2
import gzip
import io
import lzma
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from cachekit_memprobe.child.datafile import (
    ARROW_FILE,
    ARROW_STREAM,
    CSV,
    JSON,
    JSON_LINES,
    NPY,
    PARQUET,
    TSV,
    DataFileError,
    Format,
    format_of,
)

FRAME = pd.DataFrame({"a": [1.5, 2.5], "b": ["x", "ö"]})


def npy(array: Any, **options: bool) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def arrow(kind: str) -> bytes:
    table = pa.Table.from_pandas(FRAME)
    sink = pa.BufferOutputStream()
    writer = (pa.ipc.new_file if kind == "file" else pa.ipc.new_stream)(sink, table.schema)
    with writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def parquet() -> bytes:
    return FRAME.to_parquet()


def npz(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def zipped(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return stream.getvalue()


CONTENTS = {
    "a.parquet": (parquet, PARQUET),
    "a.dat": (parquet, PARQUET),
    "a.csv": (lambda: FRAME.to_csv(index=False).encode(), CSV),
    "A.CSV": (lambda: b"\xef\xbb\xbfa\n1\n", CSV),
    "a.arrow": (lambda: arrow("file"), ARROW_FILE),
    "a.feather": (lambda: arrow("file"), ARROW_FILE),
    "a.arrows": (lambda: arrow("stream"), ARROW_STREAM),
    "a.ipc": (lambda: arrow("stream"), ARROW_STREAM),
    "a.npy": (lambda: npy(np.arange(3.0)), NPY),
    "structured.npy": (lambda: npy(np.zeros(2, dtype=[("Oops", "<f8"), ("t", "<M8[ns]")])), NPY),
    "a.json": (lambda: b'{"a": [1, 2]}', JSON),
    "a.tsv": (lambda: b"a\tb\n1\t2\n", TSV),
    "a.csv.gz": (lambda: gzip.compress(b"a,b\n1,2\n"), CSV),
    "a.TSV.XZ": (lambda: lzma.compress(b"a\tb\n1\t2\n"), TSV),
    "a.jsonl": (lambda: b'{"a": 1}\n{"a": 2}\n', JSON_LINES),
    "a.ndjson.bz2": (lambda: bz2.compress(b'{"a": 1}\n'), JSON_LINES),
    "orc.csv": (lambda: b"ORC,b\n1,2\n", CSV),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_formats_are_told_by_their_signature_or_for_text_by_the_suffix(tmp_path: Path, name: str) -> None:
    make, known = CONTENTS[name]
    (tmp_path / name).write_bytes(make())
    assert format_of(tmp_path / name) == known


def test_a_text_that_is_cut_in_a_character_at_the_end_of_what_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a" * 4095 + "öx", encoding="utf-8")
    assert format_of(tmp_path / "a.csv") == CSV


ANY = "expected Parquet, CSV, Arrow or Feather, .npy or JSON, found "
PICKLE = (
    "; a pickle runs code when it is loaded, and data isn't run here; "
    "write the value as Parquet, CSV, Arrow or Feather, .npy or JSON"
)
REFUSED: dict[str, tuple[bytes, str]] = {
    "a.pkl": (b"", f"{ANY}a pickle by its name{PICKLE}"),
    "a.pickle.gz": (b"", f"{ANY}a pickle by its name{PICKLE}"),
    "a.joblib": (b"", f"{ANY}a pickle by its name{PICKLE}"),
    "b.parquet": (pickle.dumps({}), f"{ANY}a pickle{PICKLE}"),
    "b.csv": (pickle.dumps({}, protocol=2), f"{ANY}a pickle{PICKLE}"),
    "objects.npy": (
        npy(np.array([{}, 1], dtype=object), allow_pickle=True),
        f"expected an array of numbers, found a pickle: an array of objects{PICKLE}",
    ),
    "fields.npy": (
        npy(np.zeros(1, dtype=[("a", "<f8"), ("b", [("c", object)])]), allow_pickle=True),
        f"expected an array of numbers, found a pickle: an array of objects{PICKLE}",
    ),
    "damaged.npy": (
        b"\x93NUMPY\x01\x00\x10\x00__import__('os')",
        "expected a whole .npy file, found a damaged header; write it again with numpy.save",
    ),
    "cut.npy": (
        b"\x93NUMPY",
        "expected a whole .npy file, found a damaged header; write it again with numpy.save",
    ),
    "empty.csv": (b"", f"{ANY}an empty file; give a file with data in it"),
    "cut.parquet": (
        b"PAR1" + bytes(100),
        "expected a whole Parquet file, found one whose end is missing; write or copy it again",
    ),
    "cut.arrow": (
        b"ARROW1" + bytes(100),
        "expected a whole Arrow file, found one whose end is missing; write or copy it again",
    ),
    "old.feather": (
        b"FEA1" + bytes(100),
        f"{ANY}Feather version 1, which pyarrow gives up; write it again as version 2",
    ),
    "secret.parquet": (
        b"PARE" + bytes(100),
        "expected Parquet that can be read, found an encrypted one; decrypt it first",
    ),
    "text.parquet": (
        b"a,b\n1,2\n",
        "expected Parquet, as the file's name says, found text; write it again, or rename it",
    ),
    "bytes.npy": (
        b"\0\1\2",
        "expected NumPy, as the file's name says, found other bytes; write it again, or rename it",
    ),
    "latin1.csv": (
        "größe\n1\n".encode("latin-1"),
        "expected CSV in UTF-8, found bytes that are no text; save it as UTF-8 text",
    ),
    "zeros.json": (
        bytes(10),
        "expected JSON in UTF-8, found bytes that are no text; save it as UTF-8 text",
    ),
    "cut.csv.gz": (
        b"\x1f\x8b\x08",
        "expected a whole file, found one that can't be unpacked; copy it again",
    ),
    "none.csv.gz": (gzip.compress(b""), f"{ANY}an empty file; give a file with data in it"),
    "zeros.csv.gz": (
        gzip.compress(bytes(9)),
        "expected CSV in UTF-8, found bytes that are no text; save it as UTF-8 text",
    ),
    "a.parquet.gz": (gzip.compress(b"PAR1"), f"{ANY}a gzip file; unpack it first"),
    "cut.npz": (b"PK\x03\x04", f"{ANY}a damaged zip archive; copy it again"),
    "two.npz": (
        npz(a=np.arange(3.0), b=np.arange(2)),
        f"{ANY}an .npz archive of 2 arrays (a, b); save one of them by itself: "
        'numpy.save("a.npy", numpy.load("two.npz")["a"])',
    ),
    "book.xlsx": (
        zipped("[Content_Types].xml", "xl/workbook.xml"),
        f"{ANY}an Excel file; save the sheet as CSV, or write it as Parquet",
    ),
    "book.ods": (
        zipped("mimetype", "content.xml"),
        f"{ANY}an OpenDocument file; save the sheet as CSV, or write it as Parquet",
    ),
    "book.zip": (zipped("a.csv"), f"{ANY}a zip archive; unpack it first"),
    "a.h5": (b"\x89HDF\r\n\x1a\n\0", f"{ANY}an HDF5 file; write it as Parquet, or as CSV"),
    "a.xyz": (
        b"hello",
        f"{ANY}no format that is known; convert it, or give a text the suffix .csv or .json",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_can_not_be_the_value_is_refused_with_the_remedy(tmp_path: Path, name: str) -> None:
    content, message = REFUSED[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataFileError) as caught:
        format_of(tmp_path / name)
    assert str(caught.value) == f"{name}: {message}"


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "zero.csv").symlink_to("/dev/zero")
    assert "found a pipe; write the data to a file first" in refusal(tmp_path / "pipe.csv")
    assert "found a device; write the data to a file first" in refusal(tmp_path / "zero.csv")
    assert "found a folder; name one file" in refusal(tmp_path)
    assert "found No such file or directory; check the path" in refusal(tmp_path / "missing.csv")
    assert "found File name too long; check the path" in refusal(tmp_path / f"{'a' * 300}.csv")
    assert "found a name with a null character in it; check the path" in refusal(tmp_path / "a\0.csv")


HEADERS = {
    "number": "{'descr': 1, 'fortran_order': False, 'shape': (1,)}",
    "nothing": "{'descr': None, 'fortran_order': False, 'shape': (1,)}",
    "bytes": "{'descr': b'<f8', 'fortran_order': False, 'shape': (1,)}",
    "object": "{'descr': {'a': '<f8'}, 'fortran_order': False, 'shape': (1,)}",
    "list of numbers": "{'descr': [1, 2], 'fortran_order': False, 'shape': (1,)}",
    "short field": "{'descr': [('a',)], 'fortran_order': False, 'shape': (1,)}",
    "no type": "{'descr': (), 'fortran_order': False, 'shape': (1,)}",
    "nested": f"{{'descr': {'[(1, ' * 40}'<f8'{')]' * 40}, 'shape': (1,)}}",
    "itself deep": f"{'[' * 150}{']' * 150}",
    "minus": "-" * 9000 + "1",
    "no dictionary": "['descr']",
    "no descr": "{'shape': (1,)}",
    "long": "{'descr': '<f8'}" + " " * 10_000,
}


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_that_numpy_never_wrote_is_a_damaged_one(tmp_path: Path, name: str) -> None:
    header = HEADERS[name].encode()
    (tmp_path / "a.npy").write_bytes(
        b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(8)
    )
    assert refusal(tmp_path / "a.npy") == (
        "a.npy: expected a whole .npy file, found a damaged header; write it again with numpy.save"
    )


@pytest.mark.parametrize("place", [6, 8])  # the version that it needs, and its flags
def test_an_archive_that_python_can_not_list_is_a_damaged_one(tmp_path: Path, place: int) -> None:
    whole = zipped("a.csv", "größe.csv")
    entry = whole.index(b"PK\x01\x02") + place
    (tmp_path / "a.zip").write_bytes(
        whole[:entry] + b"\xff\x08" + whole[entry + 2 :].replace("ö".encode(), b"\xff\xff")
    )
    assert "found a damaged zip archive; copy it again" in refusal(tmp_path / "a.zip")


def test_names_in_an_archive_are_shown_and_never_made_into_code(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(zipped('"); import os #.npy', "\x1b[31m\n.npy", f"{'long' * 9000}.npy"))
    message = refusal(tmp_path / "a.npz")
    assert message.endswith("; save one of them by itself with numpy.save")
    assert message.isprintable()
    assert len(message) < 300


def refusal(path: Path) -> str:
    with pytest.raises(DataFileError) as caught:
        format_of(path)
    return str(caught.value)


def test_a_pickle_is_never_loaded(tmp_path: Path) -> None:
    (tmp_path / "evil.csv").write_bytes(pickle.dumps(Evil(tmp_path / "run")))
    refusal(tmp_path / "evil.csv")
    assert not (tmp_path / "run").exists()


class Evil:
    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return Path.touch, (self.trace,)


def test_formats_know_what_they_hold() -> None:
    known: list[Format] = [PARQUET, CSV, ARROW_FILE, ARROW_STREAM, NPY, JSON]
    assert [entry.content for entry in known] == ["table"] * 4 + ["array", "objects"]
