"""Any bytes in a data file are a format, or a refusal in one sentence; so is what loading them leads to."""

import bz2
import gzip
import io
import json
import lzma
import resource
import struct
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cachekit_memprobe import datafiles
from cachekit_memprobe.child import datafile
from cachekit_memprobe.child.bounded import bound_growth
from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.task import SIZE, Caching, Read, Task, Value
from cachekit_memprobe.child.workload import files
from cachekit_memprobe.child.workload.sizing import sized
from tests.fuzz.effort import effort
from tests.fuzz.patience import no_hang

MOST_BYTES = 1 << 30
LONGEST = 1500

FRAME = pd.DataFrame(
    {
        "a": np.arange(40.0),
        "b": ["x", "ö", None, "z" * 20] * 10,
        "c": pd.Series(range(40), dtype="Int64"),
        "d": pd.date_range("2026-01-01", periods=40, tz="Europe/Berlin"),
        "e": pd.Categorical(["p", "q"] * 20),
        "f": [[1, 2], [], None, [3]] * 10,
    },
    index=pd.Index(range(100, 140), name="i"),
)


def npy(array: object) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)  # type: ignore[arg-type]
    return stream.getvalue()


def arrow(kind: str) -> bytes:
    table = pa.Table.from_pandas(FRAME)
    sink = pa.BufferOutputStream()
    with (pa.ipc.new_file if kind == "file" else pa.ipc.new_stream)(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def zipped(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, "x" * 40)
    return stream.getvalue()


CSV_TEXT = FRAME.drop(columns="f").to_csv().encode()
JSON_TEXT = json.dumps({"a": [1, 2.5, None, "ö"], "b": {"c": [True] * 9}}).encode()
WHOLE = {
    "a.npy": npy(np.arange(40.0)),
    "b.npy": npy(np.zeros(3, dtype=[("a", "<f8"), ("t", "<M8[ns]"), ("s", "U3", (2,))])),
    "c.npy": npy(np.array(["x", "yy"])),
    "a.parquet": FRAME.to_parquet(),
    "b.parquet": FRAME.drop(columns="f").to_parquet(compression="zstd"),
    "a.arrow": arrow("file"),
    "a.arrows": arrow("stream"),
    "a.csv": CSV_TEXT,
    "a.tsv": CSV_TEXT.replace(b",", b"\t"),
    "a.csv.gz": gzip.compress(CSV_TEXT),
    "a.csv.bz2": bz2.compress(CSV_TEXT),
    "a.csv.xz": lzma.compress(CSV_TEXT),
    "a.json": JSON_TEXT,
    "a.json.gz": gzip.compress(JSON_TEXT),
    "a.jsonl": JSON_TEXT + b"\n" + JSON_TEXT,
    "a.npz": zipped("a.npy", "b.npy"),
    "a.xlsx": zipped("[Content_Types].xml", "xl/workbook.xml"),
    "a.dat": b"",
}
HEADERS = [
    "{'descr': %s, 'fortran_order': False, 'shape': (3,), }",
    "{'descr': '<f8', 'fortran_order': %s, 'shape': (3,), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': %s, }",
    "%s",
]
LITERALS = [
    *(
        "1",
        "None",
        "[]",
        "()",
        "{}",
        "[1]",
        "[('a',)]",
        "[('a', 1)]",
        "('<f8',)",
        "'|O'",
        "'O8'",
        "b'<f8'",
        "'<f0'",
    ),
    *(
        "'|S0'",
        "'|V0'",
        "'<U99999999'",
        "'<M8[ns]'",
        "'>c16'",
        "'x'",
        "''",
        "[('a', '<f8'), ('a', '<f8')]",
        "1e400",
    ),
    *(
        "(-1,)",
        "(0,)",
        "(10**9,)",
        "(1000000000000000000,)",
        "(99999999999999999999999999,)",
        "(2, -3)",
        "3",
        "'3'",
    ),
    *(
        "(True,)",
        "(1.5,)",
        "(1,)*9",
        "[3]",
        "(" * 99 + ")" * 99,
        "[" * 500 + "]" * 500,
        "-" * 5000 + "1",
        "not 1",
    ),
    *(
        "'" + "<f8" * 900 + "'",
        "9" * 5000,
        "(1,) * 10",
        "{1: {2: 3}}",
        "\0",
        "'\\x00'",
        "'\\ud800'",
        "...",
        "a.b()",
    ),
]


@st.composite
def headers(draw: st.DrawFn) -> tuple[str, bytes]:
    """A .npy file with a header that NumPy didn't write."""
    literal = draw(st.one_of(st.sampled_from(LITERALS), st.text(max_size=20)))
    text = (draw(st.sampled_from(HEADERS)) % literal).encode("utf-8", "replace")
    length = draw(st.sampled_from([len(text), len(text), len(text), 0, len(text) + 1, 65535]))
    version = draw(st.sampled_from([1, 1, 1, 2, 3, 0, 255]))
    packed = struct.pack("<I", length) if version in (2, 3) else struct.pack("<H", min(length, 65535))
    return "a.npy", b"\x93NUMPY" + bytes([version, 0]) + packed + text + bytes(24)


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """A whole file with bytes changed, cut out, written in or repeated, perhaps under another name."""
    name = draw(st.sampled_from(sorted(WHOLE)))
    content = WHOLE[name]
    for _ in range(draw(st.integers(0, 4))):
        at_an_end = draw(st.booleans())
        place = draw(st.integers(0, min(64, len(content)) if at_an_end else len(content)))
        place = len(content) - place if at_an_end and draw(st.booleans()) else place
        gone = draw(st.sampled_from([0, 1, 1, 1, 4, 4, 8, len(content)]))
        come = draw(
            st.one_of(st.binary(max_size=8), st.sampled_from([b"\xff" * 4, b"\xff" * 8, bytes(4), b"\x7f"]))
        )
        content = content[:place] + come * draw(st.sampled_from([1, 1, 1, 100])) + content[place + gone :]
    return draw(st.sampled_from([name, name, name, *sorted(WHOLE)])), content


JSON_PIECES = [
    *'[]{},:"',
    "1",
    "-",
    "1e999",
    "NaN",
    "Infinity",
    "null",
    "true",
    '"a"',
    '"\\ud800"',
    "9" * 5000,
    "\n",
    " ",
]
TABLE_PIECES = [
    *",;|\t\n\r\"'",
    "a",
    "1,5",
    "1.5",
    "-",
    "NaN",
    "9" * 400,
    "0x",
    "2026-01-01",
    "ö",
    "\ufeff",
    "\x1b[31m",
]


@st.composite
def texts(draw: st.DrawFn) -> tuple[str, bytes]:
    """JSON and tables of pieces in any order."""
    name = draw(st.sampled_from(["a.json", "a.jsonl", "a.csv", "a.tsv"]))
    pieces = st.sampled_from(JSON_PIECES if "json" in name else TABLE_PIECES)
    parts = draw(st.lists(st.tuples(pieces, st.sampled_from([1, 1, 1, 2, 50, 3000])), max_size=12))
    return name, "".join(piece * times for piece, times in parts).encode("utf-8", "surrogatepass")


SIGNATURES = [
    b"PAR1",
    b"ARROW1\0\0",
    b"\xff\xff\xff\xff",
    b"\x93NUMPY\x01\0",
    b"PK\x03\x04",
    b"\x1f\x8b\x08",
    b"BZh9",
    b"\x80\x04",
]
pure = st.tuples(
    st.sampled_from(sorted(WHOLE)),
    st.builds(bytes.__add__, st.sampled_from([b"", *SIGNATURES]), st.binary(max_size=120)),
)
any_file = st.one_of(damaged(), headers(), texts(), pure)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("payloads")


@effort(short=60, long=5000)
@given(file=any_file)
@example(file=("a.npy", b"\x93NUMPY\x01\0\x0d\0{'descr': 1  }"))
def test_a_file_is_recognised_or_refused(file: tuple[str, bytes], folder: Path) -> None:
    path = written(file, folder)
    with no_hang():
        told = datafile.look(path)
    assert datafiles._makes_sense(told), told


@effort(short=10, long=300)
@given(file=any_file)
def test_a_process_of_its_own_tells_the_same(file: tuple[str, bytes], folder: Path) -> None:
    path = written(file, folder)
    assert datafiles._told(path, (1,)) == datafile.look(path)
    datafiles._told.cache_clear()


@effort(short=80, long=5000)
@given(file=any_file, share=st.sampled_from([1.0, 1.0, 0.5, 2.5]))
@example(file=("a.csv", b"a,b\n" + b"9" * 400), share=1.0)
@example(file=("a.csv", b"a,b\n" + b"," * 3000), share=2.5)
@example(file=("a.json", b"[" * 900 + b"]" * 900), share=1.0)
@example(file=("a.json", b'["\\ud800"]'), share=1.0)
def test_a_file_is_loaded_or_refused_in_a_sentence(
    file: tuple[str, bytes], share: float, folder: Path
) -> None:
    is_loaded(file, share, folder)


def is_loaded(file: tuple[str, bytes], share: float, folder: Path) -> None:
    path = written(file, folder)
    value = Value("file", 1, 1, 0, str(path), share=share)
    caching, read = Caching("auto", "none", "file", False, True), Read("l1", "memory")
    files.load.cache_clear()
    found, reason = None, ""
    try:
        with bounded(), no_hang(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = sized(Task(SIZE, value, caching, read, str(folder)))
    except CouldNotMeasure as error:
        reason = str(error)
    if found is None:
        assert reason.startswith(path.name)
        assert str(folder) not in reason
        assert len(reason) < LONGEST
    else:
        assert found.logical_bytes > 0
        assert found.holds.isprintable()


def written(file: tuple[str, bytes], folder: Path) -> Path:
    name, content = file
    (folder / name).write_bytes(content)
    return folder / name


@contextmanager
def bounded() -> Iterator[None]:
    """As the process that loads a file is; this one has more to do afterwards."""
    before = resource.getrlimit(resource.RLIMIT_DATA)
    bound_growth(MOST_BYTES)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)
