"""From observations to one :class:`StageUsage` a stage."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from cachekit_memprobe.attribution import block
from cachekit_memprobe.attribution.course import peaks_of, staircase_of
from cachekit_memprobe.attribution.heap import HeapUse, PlaceUse, heap_of
from cachekit_memprobe.attribution.proofs import Elsewhere, Line, Proofs, bring_together, line_of
from cachekit_memprobe.child.stages import OTHER, STAGES
from cachekit_memprobe.model import Measurement
from cachekit_memprobe.result import MemoryOf, SiteKind, SiteUsage, StageUsage, Staircase


@dataclass(frozen=True)
class ReadUse:
    """What is known of the measured read: its heap, what was proven, and the heap in its course.

    Each is ``None`` if nobody looked.
    """

    heap: HeapUse | None
    proofs: Proofs | None
    staircase: Staircase | None = None


def use_of(measurement: Measurement, capture: block.Capture | None) -> ReadUse:
    """Bring the capture, if there is one, together with what was proven."""
    aliasing, readers = measurement.seen.aliasing, measurement.scenario.read.readers
    reading = None if capture is None else [one for one in capture.blocks if not one.is_after]
    # First, since it moves blocks to the stage that they were made for.
    proofs = None if aliasing is None else bring_together(aliasing.blocks, reading, readers)
    if capture is None or reading is None:
        return ReadUse(None, proofs)
    after = tuple(one for one in capture.blocks if one.is_after)
    in_heap = [one for one in reading if one.is_heap]
    heap = replace(heap_of(reading), after=after, stage_peaks=peaks_of(in_heap, capture.moves))
    payload_bytes = measurement.payload.logical_bytes if measurement.payload else 1
    return ReadUse(heap, proofs, staircase_of(in_heap, capture.moves, payload_bytes))


def stages_of(measurement: Measurement, use: ReadUse) -> tuple[StageUsage, ...]:
    """Every stage that the read entered or in which it allocated, in the order of the map, and ``other``.

    Empty when no instrument ran that follows stages.
    """
    calls = measurement.seen.stage_calls
    if calls is None:
        return ()
    table = _Table(measurement, use)
    return tuple(
        table.usage(stage, calls.get(stage, 0))
        for stage in STAGES
        if stage in calls or stage == OTHER or table.touches(stage)
    )


class _Table:
    """The observations, looked up by stage and line."""

    def __init__(self, measurement: Measurement, use: ReadUse) -> None:
        seen = measurement.seen
        self._proofs, self._heap = use.proofs, use.heap
        self._views = seen.aliasing.views if seen.aliasing else {}
        self._traced = seen.tracemalloc.stage_peaks if seen.tracemalloc else None
        self._sources = {
            **(seen.aliasing.sources if seen.aliasing else {}),
            **(seen.memray.sources if seen.memray else {}),
        }
        self._elsewhere = _by_line(use.proofs.elsewhere) if use.proofs else {}
        self._places = list(use.heap.places) if use.heap else []
        self._places += _without_allocation(use)

    def touches(self, stage: str) -> bool:
        return any(use.place.stage == stage for use in self._places)

    def usage(self, stage: str, calls: int) -> StageUsage:
        places = [use for use in self._places if use.place.stage == stage]
        sites = tuple(sorted(map(self._site, places), key=_size, reverse=True))
        return StageUsage(
            name=stage,
            calls=calls,
            copies_bytes=sum(use.copies_bytes for use in places),
            verbatim_bytes=None if self._proofs is None else self._proofs.verbatim_bytes.get(stage, 0),
            live_bytes=sum(use.live_bytes for use in places),
            survived_bytes=sum(use.survived_bytes for use in places),
            mapped_bytes=sum(use.mapped_bytes for use in places),
            shared_bytes=sum(use.shared_bytes for use in places),
            tracemalloc_bytes=None if self._traced is None else self._traced.get(stage, 0),
            sites=sites,
            view_of=self._views[stage].words if stage in self._views else "",
        )

    def _site(self, use: PlaceUse) -> SiteUsage:
        place, line = use.place, line_of(use.place)
        kinds = self._proofs.kinds.get(line, Counter[str]()) if self._proofs else Counter[str]()
        elsewhere = self._elsewhere.get(line, Counter[MemoryOf]())
        elsewhere_bytes = elsewhere.total() if self._heap else kinds["verbatim"]
        moved_bytes = use.copies_bytes + elsewhere_bytes
        # What other threads allocate beside the read is nobody's, and stays that.
        memory_of: MemoryOf = "" if place.stage == OTHER else use.seen_by
        if elsewhere.total() > use.copies_bytes:
            memory_of = elsewhere.most_common(1)[0][0]
        return SiteUsage(
            place=place,
            source=self._sources.get(f"{place.file}:{place.line}", ""),
            copies_bytes=use.copies_bytes,
            allocations=use.allocations,
            verbatim_bytes=min(kinds["verbatim"], moved_bytes) if self._proofs else None,
            live_bytes=use.live_bytes,
            survived_bytes=use.survived_bytes,
            kind=_kind_of_map(use, moved_bytes) or _kind(kinds, moved_bytes),
            mapped_bytes=use.mapped_bytes,
            shared_bytes=use.shared_bytes,
            recycled_bytes=use.recycled_bytes,
            small_bytes=use.small_bytes if self._heap else None,
            arenas=use.arenas if self._heap else None,
            elsewhere_bytes=elsewhere_bytes,
            memory_of=memory_of,
            parts=use.parts,
        )


def _size(site: SiteUsage) -> tuple[int, int]:
    return site.moved_bytes + site.mapped_bytes, site.moved_bytes


def _by_line(elsewhere: Iterable[Elsewhere]) -> Mapping[Line, Counter[MemoryOf]]:
    sizes: dict[Line, Counter[MemoryOf]] = {}
    for entry in elsewhere:
        sizes.setdefault(line_of(entry.place), Counter())[entry.memory_of] += entry.size_bytes
    return sizes


def _without_allocation(use: ReadUse) -> list[PlaceUse]:
    """The lines that copied and allocated nothing themselves; without memray, all that were seen to copy."""
    if use.proofs is None:
        return []
    known = {line_of(place_use.place) for place_use in use.heap.places} if use.heap else set()
    copying = [entry.place for entry in use.proofs.elsewhere] if use.heap else use.proofs.places.values()
    lines = {line_of(place): place for place in copying}
    return [PlaceUse(place, 0, 0, 0, 0) for line, place in lines.items() if line not in known]


def _kind_of_map(use: PlaceUse, moved_bytes: int) -> SiteKind | None:
    """``None`` if most of it is memory that the line took."""
    if max(use.mapped_bytes, use.shared_bytes) <= moved_bytes:
        return None
    return "mapped" if use.mapped_bytes >= use.shared_bytes else "shared"


def _kind(kinds: Counter[str], copies_bytes: int) -> SiteKind:
    """What a line's new memory is; see :class:`SiteUsage`."""
    if kinds["verbatim"]:
        return "verbatim" if kinds["verbatim"] * 2 >= copies_bytes else "mixed"
    if kinds["received"] or kinds["transformed"]:
        return "received" if kinds["received"] > kinds["transformed"] else "transformed"
    return "unproven"
