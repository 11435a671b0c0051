"""Any bytes in a data file are a format, or a refusal in one sentence; so is what loading them leads to."""

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cachekit_memprobe import datafiles
from cachekit_memprobe.child import datafile
from tests.fuzz.effort import effort
from tests.fuzz.loading import Loader
from tests.fuzz.patience import no_hang
from tests.fuzz.payloads import WHOLE

NATIVE = (b"PAR1", b"ARROW1", b"\xff\xff\xff\xff")
"""What libraries read that may abort: then the process has gone, and its end is the reason."""

LONGEST = 1500

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


@pytest.fixture(scope="module")
def loader() -> Iterator[Loader]:
    made = Loader()
    yield made
    made.close()


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
    file: tuple[str, bytes], share: float, folder: Path, loader: Loader
) -> None:
    is_loaded(file, share, folder, loader)


def is_loaded(file: tuple[str, bytes], share: float, folder: Path, loader: Loader) -> None:
    path = written(file, folder)
    answer = loader.answer(path, share)
    if answer is None:
        assert file[1].startswith(NATIVE)
        return
    reason, size_bytes, holds = answer
    if reason:
        assert reason.startswith(path.name)
        assert str(folder) not in reason
        assert len(reason) < LONGEST
    else:
        assert size_bytes > 0
        assert holds.isprintable()


def written(file: tuple[str, bytes], folder: Path) -> Path:
    name, content = file
    (folder / name).write_bytes(content)
    return folder / name
