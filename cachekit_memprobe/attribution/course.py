"""The heap in the course of a read: the staircase, and the high-water mark of each stage."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby

from cachekit_memprobe.attribution.block import Block, Move
from cachekit_memprobe.child.stages import OTHER
from cachekit_memprobe.result import HeapStep, StageSpan, Staircase

_MOST_STEPS = 300
_SMALLEST = 0.01
"""Of the payload: what changes the heap by less is no step of its own."""


@dataclass(frozen=True)
class _Event:
    """One change, in the order of the stream: of a stage's heap, or of where a thread is."""

    at: int
    stage: str
    change_bytes: int = 0
    thread: int | None = None


def peaks_of(blocks: Sequence[Block], moves: Sequence[Move]) -> Mapping[str, int]:
    """The most heap that the read had at one time while one of its threads was in a stage, in bytes."""
    peaks, live_bytes = Counter[str](), 0
    where: dict[int, str] = {}
    for event in _events(blocks, moves):
        live_bytes += event.change_bytes
        if event.thread is not None:
            where[event.thread] = event.stage
        for stage in where.values():
            peaks[stage] = max(peaks[stage], live_bytes)
    return peaks


def staircase_of(blocks: Sequence[Block], moves: Sequence[Move], payload_bytes: int) -> Staircase:
    """The heap by stage: a step wherever it changes visibly, at its peak, and at boundaries.

    Args:
        blocks: of the heap.
    """
    events, least_bytes = _events(blocks, moves), _SMALLEST * payload_bytes
    steps = _steps(events, least_bytes, at_boundaries=len(moves) <= _MOST_STEPS // 3)
    while len(steps) > _MOST_STEPS:
        least_bytes *= 2
        steps = _steps(events, least_bytes, at_boundaries=False)
    visible = [
        stage
        for _, live in steps
        for stage, size in live.items()
        if size >= _SMALLEST * payload_bytes and stage != OTHER
    ]
    stages = (*dict.fromkeys(visible), OTHER)
    levels = [HeapStep(tuple(_height(live, stage, stages) for stage in stages)) for _, live in steps]
    return Staircase(
        stages=stages,
        steps=tuple(levels),
        peak=max(range(len(levels)), key=lambda number: levels[number].total_bytes, default=0),
        spans=tuple(_spans(moves, [at for at, _ in steps])),
    )


def _height(live: Mapping[str, int], stage: str, shown: Collection[str]) -> int:
    """What is too little to be seen is shown as a part of what belongs to no stage."""
    if stage != OTHER:
        return live.get(stage, 0)
    return sum(size for name, size in live.items() if name == OTHER or name not in shown)


def _events(blocks: Sequence[Block], moves: Sequence[Move]) -> Sequence[_Event]:
    events = [_Event(move.at, move.stage, thread=move.thread) for move in moves]
    for block in blocks:
        events.append(_Event(block.born, block.place.stage, block.size_bytes))
        if block.died is not None:
            events.append(_Event(block.died, block.place.stage, -block.size_bytes))
    return sorted(events, key=lambda event: event.at)


def _steps(
    events: Sequence[_Event], least_bytes: float, *, at_boundaries: bool
) -> list[tuple[int, Mapping[str, int]]]:
    """When, and what each stage has on the heap from then on."""
    peak_at = _peak_at(events)
    live, last = Counter[str](), Counter[str]()
    steps: list[tuple[int, Mapping[str, int]]] = []
    for at, events_then in groupby(events, key=lambda event: event.at):
        together = [*events_then]
        for event in together:
            live[event.stage] += event.change_bytes
        is_boundary = at_boundaries and any(event.thread is not None for event in together)
        changed_bytes = max(abs(live[event.stage] - last[event.stage]) for event in together)
        if is_boundary or at == peak_at or changed_bytes >= least_bytes:
            last = live.copy()
            steps.append((at, last))
    return steps


def _peak_at(events: Sequence[_Event]) -> int | None:
    """When the heap is highest for the first time; of a resize, the old block goes first."""
    heights = list(accumulate(event.change_bytes for event in events))
    return events[heights.index(max(heights))].at if heights else None


def _spans(moves: Sequence[Move], steps_at: Sequence[int]) -> Iterator[StageSpan]:
    """From which step to which a thread is in a stage."""
    for thread in dict.fromkeys(move.thread for move in moves):
        own = [move for move in moves if move.thread == thread]
        first = bisect_left(steps_at, own[0].at)
        for stage, same in groupby(own, key=lambda move: move.stage):
            *_, last = same
            following = next((move.at for move in own if move.at > last.at), None)
            end = len(steps_at) if following is None else bisect_left(steps_at, following)
            if first < end:
                yield StageSpan(stage, thread, first, end)
            first = end
