"""The parts of what a line allocated, by the native code that made them."""

from dataclasses import replace

import pytest

from cachekit_memprobe.attribution.heap import heap_of
from cachekit_memprobe.attribution.native import native_caller
from cachekit_memprobe.child.stages import DECRYPT, Place
from cachekit_memprobe.result import Part
from tests.unit.attribution.recorder import READER, MadeUp, Record

MIB = 1 << 20
PLACE = Place(DECRYPT, "f", "cachekit/m.py", 3)
BYTES = (
    "_PyObject_Malloc",
    "_PyBytes_FromSize",
    "PyBytes_FromStringAndSize",
    "bytes_new",
    "type_call",
    "main",
)
RUST = ("<unknown>", "<unknown>", "cfunction_vectorcall_FASTCALL_KEYWORDS", "_PyEval_EvalFrameDefault")
BYTES_OF_RUST = ("_PyObject_Malloc", "_PyBytes_FromSize", "PyBytes_FromStringAndSize", *RUST)


@pytest.mark.parametrize(
    ("stack", "name"),
    [
        (BYTES, "bytes_new"),
        (RUST, "native code without symbols"),
        (BYTES_OF_RUST, "PyBytes_FromStringAndSize, called by native code without symbols"),
        (("malloc", "arrow::AllocateBuffer", "arrow::ReadAll", "PyObject_Call"), "arrow::ReadAll"),
        (("_PyObject_Malloc", "cfunction_call"), "native code without symbols"),
        ((), "native code without symbols"),
    ],
)
def test_native_code_has_the_name_of_what_python_called(stack: tuple[str, ...], name: str) -> None:
    assert native_caller((function, "x.c", 1) for function in stack) == name


class TestALineWithSeveralBuffers:
    @pytest.fixture
    def capture(self, monkeypatch: pytest.MonkeyPatch) -> MadeUp:
        made = MadeUp(monkeypatch)
        made.enter(READER, DECRYPT)
        return made

    def allocate(self, capture: MadeUp, *blocks: tuple[int, tuple[str, ...]]) -> None:
        start = len(capture.records)
        capture.records += [
            Record(READER, size, address=start + number, native=stack)
            for number, (size, stack) in enumerate(blocks)
        ]

    def test_is_split_by_who_made_them_the_largest_first(self, capture: MadeUp) -> None:
        self.allocate(capture, (MIB, BYTES), (2 * MIB, RUST), (3 * MIB, RUST), (2 * MIB, BYTES_OF_RUST))
        (use,) = heap_of(capture.blocks()).places
        assert use.place == PLACE
        assert use.parts == (
            Part("native code without symbols", 5 * MIB, 2),
            Part("PyBytes_FromStringAndSize, called by native code without symbols", 2 * MIB, 1),
            Part("bytes_new", MIB, 1),
        )
        assert sum(part.copies_bytes for part in use.parts) == use.copies_bytes

    def test_is_whole_if_one_made_them_all_and_small_ones_do_not_count(self, capture: MadeUp) -> None:
        self.allocate(capture, (MIB, RUST), (2 * MIB, RUST), (1000, BYTES))
        (use,) = heap_of(capture.blocks()).places
        assert use.parts == ()

    def test_counts_what_a_block_grew_by(self, capture: MadeUp) -> None:
        self.allocate(capture, (MIB, BYTES), (4 * MIB, RUST))
        blocks = [replace(block, grown_bytes=block.size_bytes // 2) for block in capture.blocks()]
        (use,) = heap_of(blocks).places
        assert [part.copies_bytes for part in use.parts] == [2 * MIB, MIB // 2]
