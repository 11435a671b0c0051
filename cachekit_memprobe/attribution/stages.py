"""From observations to one :class:`StageUsage` a stage."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from cachekit_memprobe.attribution.capture import read_blocks
from cachekit_memprobe.attribution.heap import HeapUse, PlaceUse, heap_of
from cachekit_memprobe.child.seen import Block
from cachekit_memprobe.child.stages import OTHER, STAGES
from cachekit_memprobe.model import Measurement
from cachekit_memprobe.result import SiteKind, SiteUsage, StageUsage

_MADE_OF = 0.95
"""Of a block: what a line has to have allocated to have made it."""

_Line = tuple[str, str, int]
"""Stage, file, line."""


def heap_of_measurement(measurement: Measurement, folder: Path) -> HeapUse | None:
    """The heap of the measured read; ``None`` when memray didn't run.

    Args:
        folder: the run folder, which the capture's name is relative to.

    Raises:
        CouldNotMeasure: the capture can't be read, or disagrees with its journal.
    """
    seen = measurement.seen.memray
    if seen is None:
        return None
    blocks = read_blocks(folder / seen.capture, seen)
    heap = heap_of([block for block in blocks if not block.is_after])
    return replace(heap, after=tuple(block for block in blocks if block.is_after))


def stages_of(measurement: Measurement, heap: HeapUse | None) -> tuple[StageUsage, ...]:
    """Every stage that the read entered or in which it allocated, in the order of the map, and ``other``.

    Empty when no instrument ran that follows stages.
    """
    calls = measurement.seen.stage_calls
    if calls is None:
        return ()
    table = _Table(measurement, heap)
    return tuple(
        table.usage(stage, calls.get(stage, 0))
        for stage in STAGES
        if stage in calls or stage == OTHER or table.touches(stage)
    )


class _Table:
    """The observations, looked up by stage and line."""

    def __init__(self, measurement: Measurement, heap: HeapUse | None) -> None:
        self._heap = heap
        seen = measurement.seen
        readers = measurement.scenario.read.readers
        self._blocks = _of_each_reader(seen.aliasing.blocks, readers) if seen.aliasing else None
        self._views = seen.aliasing.views if seen.aliasing else {}
        self._traced = seen.tracemalloc.stage_peaks if seen.tracemalloc else None
        self._sources = seen.memray.sources if seen.memray else {}
        self._kinds = _kinds_by_line(self._blocks or [], heap.places if heap else ())

    def touches(self, stage: str) -> bool:
        return bool(self._heap and any(use.place.stage == stage for use in self._heap.places))

    def usage(self, stage: str, calls: int) -> StageUsage:
        places = [use for use in self._heap.places if use.place.stage == stage] if self._heap else []
        sites = tuple(self._site(use) for use in places)
        return StageUsage(
            name=stage,
            calls=calls,
            copies_bytes=sum(use.copies_bytes for use in places),
            verbatim_bytes=self._verbatim_bytes(stage, places),
            live_bytes=sum(use.live_bytes for use in places),
            survived_bytes=sum(use.survived_bytes for use in places),
            mapped_bytes=sum(use.mapped_bytes for use in places),
            tracemalloc_bytes=None if self._traced is None else self._traced.get(stage, 0),
            sites=sites,
            view_of=self._views[stage].words if stage in self._views else "",
        )

    def _site(self, use: PlaceUse) -> SiteUsage:
        place = use.place
        kinds = self._kinds.get((place.stage, place.file, place.line), Counter())
        verbatim_bytes = min(kinds["verbatim"], use.copies_bytes)
        return SiteUsage(
            place=place,
            source=self._sources.get(f"{place.file}:{place.line}", ""),
            copies_bytes=use.copies_bytes,
            allocations=use.allocations,
            verbatim_bytes=None if self._blocks is None else verbatim_bytes,
            live_bytes=use.live_bytes,
            survived_bytes=use.survived_bytes,
            kind="mapped" if use.mapped_bytes > use.copies_bytes else _kind(kinds, use.copies_bytes),
            mapped_bytes=use.mapped_bytes,
        )

    def _verbatim_bytes(self, stage: str, places: Iterable[PlaceUse]) -> int | None:
        """What aliasing proved, and no more than what memray saw allocated in the stage."""
        if self._blocks is None:
            return None
        proven = sum(
            block.size_bytes
            for block in self._blocks
            if block.place.stage == stage and block.kind == "verbatim"
        )
        return proven if self._heap is None else min(proven, sum(use.copies_bytes for use in places))


def _of_each_reader(blocks: Iterable[Block], readers: int) -> list[Block]:
    """The aliasing instrument follows one reader; each of the others makes the same blocks."""
    return [replace(block, size_bytes=block.size_bytes * readers) for block in blocks]


def _kinds_by_line(blocks: Iterable[Block], places: Sequence[PlaceUse]) -> Mapping[_Line, Counter[str]]:
    kinds: dict[_Line, Counter[str]] = {}
    for block in blocks:
        line = _line_of(block, places)
        kinds.setdefault(line, Counter())[block.kind] += block.size_bytes
    return kinds


def _line_of(block: Block, places: Sequence[PlaceUse]) -> _Line:
    """Of the lines of the block's statement, the one on which memray saw most of the allocations.

    A block is seen once a name leads to it, which may be a statement or two after its memory was taken. If
    its own allocated too little, it is the last one before it in the function that can have made it.
    """
    stage, file, line = block.place.stage, block.place.file, block.place.line
    first, last = block.statement
    own = [
        use
        for use in places
        if use.place.stage == stage and use.place.file == file and first <= use.place.line <= last
    ]
    largest = max(own, key=lambda use: use.copies_bytes, default=None)
    made_bytes = _MADE_OF * block.size_bytes
    if largest is not None and largest.copies_bytes >= made_bytes:
        return stage, file, largest.place.line
    earlier = [
        use.place.line
        for use in places
        if (use.place.stage, use.place.file, use.place.function) == (stage, file, block.place.function)
        and use.place.line < first
        and use.copies_bytes >= made_bytes
    ]
    return stage, file, max(earlier, default=largest.place.line if largest is not None else line)


def _kind(kinds: Counter[str], copies_bytes: int) -> SiteKind:
    """What a line's new memory is; see :class:`SiteUsage`."""
    if kinds["verbatim"]:
        return "verbatim" if kinds["verbatim"] * 2 >= copies_bytes else "mixed"
    if kinds["received"] or kinds["transformed"]:
        return "received" if kinds["received"] > kinds["transformed"] else "transformed"
    return "unproven"
