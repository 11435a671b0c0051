"""Captures of memray's own, made here with known allocations, and captures of records made up."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import memray
import pytest
from memray import AllocatorType

from cachekit_memprobe.attribution.block import Block, Capture
from cachekit_memprobe.attribution.capture import read_capture
from cachekit_memprobe.child.probes.memray import HERALD_BYTES, MARKS, _Journal
from cachekit_memprobe.child.seen import MemraySeen, Note
from cachekit_memprobe.child.stages import OUTSIDE, Place

MIB = 1 << 20
LARGE = MIB // 2
HERALD = HERALD_BYTES + sys.getsizeof(b"")
READER, ANOTHER_READER, HELPER = 1, 2, 9


def memray_seen(
    journal: Sequence[Note] = (),
    *,
    package_folder: str = "/env",
    stage_calls: Mapping[str, int] | None = None,
    sources: Mapping[str, str] | None = None,
) -> MemraySeen:
    """What memray's probe tells of its capture."""
    return MemraySeen(
        release="0.9.1",
        stage_calls=dict(stage_calls or {}),
        journal=tuple(journal),
        herald_bytes=HERALD,
        marks=MARKS,
        package_folder=package_folder,
        memray="1.20.0",
        sources=dict(sources or {}),
        capture="memray.bin",
    )


@dataclass
class Recorder:
    """Makes a capture as the probe does, of what a test does meanwhile."""

    folder: Path
    native: bool = True
    compressed: bool = True

    def __post_init__(self) -> None:
        self.journal = _Journal()
        self.capture = self.folder / "capture.bin"

    @contextmanager
    def recording(self) -> Iterator[None]:
        destination = memray.FileDestination(self.capture)
        with memray.Tracker(
            destination=destination, native_traces=self.native, trace_python_allocators=False
        ):
            self.journal.note(Note("open"))
            yield
            self.journal.look_at_maps()
            self.journal.note(Note("close"))

    @contextmanager
    def stage(self, stage: str) -> Iterator[None]:
        inside = Place(stage, "function", f"{self.folder}/cachekit/module.py", 1)
        self.journal.moved(OUTSIDE, inside, entered=True)
        yield
        self.journal.moved(inside, OUTSIDE, entered=False)

    def blocks(self, journal: Sequence[Note] | None = None) -> Sequence[Block]:
        """What is read with the journal, its own or another."""
        entries = self.journal.entries if journal is None else journal
        return read_capture(self.capture, memray_seen(entries, package_folder=str(self.folder))).blocks

    def read(self, *, stacks: bool = False) -> Capture:
        """All that is read."""
        seen = memray_seen(self.journal.entries, package_folder=str(self.folder))
        return read_capture(self.capture, seen, stacks=stacks)

    def large(self) -> list[Block]:
        """The blocks of half a MiB and more: Python's own don't get so large."""
        return [block for block in self.blocks() if block.size_bytes >= LARGE]


@dataclass(frozen=True)
class Record:
    """One of memray's records, of a thread; with ``stack``, Python code runs on it."""

    tid: int
    size: int
    address: int = 0
    allocator: int = AllocatorType.MALLOC
    stack: tuple[tuple[str, str, int], ...] = ()
    native: tuple[str, ...] = ()

    @property
    def stack_id(self) -> int:
        return hash(self.stack)

    @property
    def native_stack_id(self) -> int:
        return hash(self.native)

    def stack_trace(self) -> list[tuple[str, str, int]]:
        return list(self.stack)

    def native_stack_trace(self) -> list[tuple[str, str, int]]:
        return [(name, "arrow.so", 0) for name in self.native]


class MadeUp:
    """A capture of made-up records: marks with their journal, and what allocates between them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.records: list[Record] = []
        self.journal: list[Note] = []
        reader = SimpleNamespace(
            get_allocation_records=lambda: iter(self.records),
            metadata=SimpleNamespace(has_native_traces=True),
        )
        monkeypatch.setattr(memray, "FileReader", lambda _capture: _entered(reader))
        self.mark(READER, Note("open"))

    def mark(self, tid: int, note: Note) -> None:
        self.records += [Record(tid, HERALD), Record(tid, HERALD + 1 + len(self.journal))]
        self.journal.append(note)

    def enter(self, tid: int, stage: str) -> None:
        self.mark(tid, Note("move", Place(stage, "f", "cachekit/m.py", 3)))

    def blocks(self) -> list[Block]:
        self.mark(READER, Note("close"))
        return list(read_capture(Path("capture"), memray_seen(self.journal, package_folder="/env")).blocks)


@contextmanager
def _entered(reader: Any) -> Iterator[Any]:
    yield reader
