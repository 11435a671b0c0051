"""The aliasing instrument: which memory is new, and which of the new is a copy of the old.

After each line of the watched functions it looks at the payload-sized memory that the function's names
now reach. Memory inside a region that was known before is a view and costs nothing. New memory is
compared with the known regions, byte for byte: if it stands in one of them, it is a verbatim copy,
made by the line that has just run.

Nothing is measured in bytes of heap here, so the probe may hold on to what it has seen: an address
can't be used again while it is held.
"""

import gc
import types
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cachekit_memprobe.child import wire
from cachekit_memprobe.child.probes.buffers import buffers_of
from cachekit_memprobe.child.probes.cycles import cycles_around
from cachekit_memprobe.child.probes.keepers import keepers_of
from cachekit_memprobe.child.probes.maps import spaces
from cachekit_memprobe.child.probes.names import named_in
from cachekit_memprobe.child.probes.regions import Regions
from cachekit_memprobe.child.probes.sources import lines_of
from cachekit_memprobe.child.probes.staged import (
    StageCalls,
    alone,
    open_tracer,
    package_folder,
    ready_reader,
    require_passed,
    traced_read,
)
from cachekit_memprobe.child.resolve import return_lines, statement_lines
from cachekit_memprobe.child.seen import AliasingSeen, Block, Origin
from cachekit_memprobe.child.stages import HANDOVER, OTHER, STAGES, Place, stage_of
from cachekit_memprobe.child.task import Task
from cachekit_memprobe.child.workload.reader import Reader


def probe(task: Task, channel: wire.Channel) -> AliasingSeen:
    """Two reads by a single reader, the first and one as all later ones, looked at line by line."""
    task = alone(task)
    reader = ready_reader(task)
    first, written = _followed(task, reader, {})
    reader.settle()
    second, _ = _followed(task, reader, written)
    return replace(first, second=second)


def _followed(task: Task, reader: Reader, written: "_Written") -> tuple[AliasingSeen, "_Written"]:
    """One read, and what it was proven to write into memory that was there before."""
    regions = Regions(least_bytes=max(4096, reader.payload_bytes // 1000))
    watcher = _Watcher(regions, written)
    for thing, kind in reader.resident():
        regions.add_known(thing, kind)
    tracer = open_tracer(task, reader, watcher)
    watcher.boundaries = frozenset((watched.file, watched.line) for watched in tracer.watched)
    reader.expect()
    regions.spaces = tuple(spaces())
    # Until the cycles are looked for: what the collector finds on the way is gone.
    gc.disable()
    value = traced_read(tracer, reader)
    reader.prove(value)
    require_passed(task, watcher.calls, reader.release)
    del value
    cycles = cycles_around(regions, watcher.places(), tracer)
    gc.enable()
    gc.collect()
    spans_and_blocks = list(watcher.seen())
    blocks = tuple(block for _, block in spans_and_blocks)
    places = [place for block in blocks for place in (block.place, block.filled) if place is not None]
    seen = AliasingSeen(
        release=reader.release,
        stage_calls=dict(watcher.calls),
        blocks=blocks,
        views=watcher.views,
        kept=keepers_of(regions, tracer),
        sources=lines_of(((place.file, place.line) for place in places), package_folder()),
        cycles=cycles,
    )
    return seen, {span: one for span, one in spans_and_blocks if one.was_there and one.kind == "verbatim"}


_Written = Mapping[tuple[int, int], Block]
"""By address and size."""


@dataclass(frozen=True)
class _Made:
    """New memory, or old memory that was written to.

    Attributes:
        place: the line that made it; of old memory, that wrote to it.
        number: of its region.
        filled: the line after which it held what it is a copy of, if that is a later one.
        was_there: it was there before the line.
        is_passed_on: a stage of the value's way was given it, or the caller was.
        was_seen_written: it was seen to be written to, not only to hold a copy.
    """

    place: Place
    number: int
    filled: Place | None = None
    was_there: bool = False
    is_passed_on: bool = False
    was_seen_written: bool = False


class _Watcher(StageCalls):
    """Books new memory on the line after which it is first seen.

    A line is booked when the next one of its function starts, when the function returns, or when a
    watched function that it calls is entered with the new memory as an argument. When a function returns,
    what it made is judged again: it may have been filled since.

    Attributes:
        boundaries: file and first line of the functions that are stages, whose value is a stage's output.
        views: by stage, the region that its output lies in, if that is older than the stage.
    """

    wants_lines = True
    boundaries: frozenset[tuple[str, int]] = frozenset()

    def __init__(self, regions: Regions, written: _Written | None = None) -> None:
        """``written`` is what the read before this one wrote into memory that was there.

        Such memory holds that still. To write the same into it once more changes nothing, so that it can't
        be seen: this read is taken to do what the last one did, on the same line.
        """
        super().__init__()
        self._written = written or {}
        self.blocks: list[_Made] = []
        self.views: dict[str, Origin] = {}
        self._regions = regions
        self._made_in: dict[int, str] = {}
        self._known_at: dict[str, int] = {}
        self._entering: str | None = None
        self._stage = OTHER
        self._last_lines: dict[int, int] = {}
        self._returns: dict[int, tuple[int, Place]] = {}
        self._made: dict[int, list[int]] = {}
        self._block_of: dict[int, int] = {}

    def seen(self) -> Iterator[tuple[tuple[int, int], Block]]:
        """What the read made or wrote to, with its address and size, in the order in which it was seen."""
        told = set()
        for made in self.blocks:
            region = self._regions.known[made.number]
            span = region.start, region.size_bytes
            if span in self._written and not made.was_seen_written:
                continue
            told.add(span)
            if made.was_there and region.kind != "verbatim":
                continue  # it was written to, and nothing is proven of that
            place, statement = made.place, statement_lines(made.place.file, made.place.line)
            passed_on = made.is_passed_on and stage_of(place.stage).around
            block = Block(
                replace(place, stage=HANDOVER) if passed_on else place,
                statement,
                region.new_bytes,
                region.kind,
                region.copy_of,
                seen_in=place.stage,
                filled=made.filled,
                was_there=made.was_there or self._regions.was_there(region),
            )
            yield span, block
        reached = {(region.start, region.size_bytes) for region in self._regions.known}
        for span, block in self._written.items():
            if span in reached - told:
                yield span, block

    def places(self) -> dict[int, Place]:
        """Where the memory was made that begins at an address."""
        return {self._regions.known[block.number].start: block.place for block in self.blocks}

    def moved(self, before: Place, after: Place, *, entered: bool) -> None:
        super().moved(before, after, entered=entered)
        self._stage = after.stage
        if entered and after.stage != before.stage:
            self._entering = after.stage
            self._known_at[after.stage] = len(self._regions.known)

    def called(self, frame: types.FrameType, enclosing: Place) -> None:
        """What comes in as an argument and is new was made by the caller, on the line of the call."""
        if self.is_over:
            return
        with self._lock:
            arguments = list(frame.f_locals.values())
            if frame.f_back is not None:
                self._look(arguments, frame.f_back, frame.f_back.f_lineno, enclosing)
            if not stage_of(self._stage).around:
                self._pass_on(arguments)
            for thing in named_in(frame):
                for buffer in buffers_of(thing):
                    self._regions.add_before(buffer)
            if self._entering is not None:
                self._known_at[self._entering] = len(self._regions.known)
                self._entering = None
            self._last_lines[id(frame)] = frame.f_lineno

    def resumed(self, frame: types.FrameType) -> None:
        """A coroutine goes on in the middle of the line on which it waited."""
        self._last_lines[id(frame)] = frame.f_lineno

    def line(self, frame: types.FrameType, position: Place) -> None:
        if self.is_over:
            return
        with self._lock:
            ran = self._last_lines.get(id(frame), frame.f_lineno)
            self._look_at_all(frame, ran, position)
            self._last_lines[id(frame)] = frame.f_lineno
            if ran in return_lines(frame.f_code.co_filename):
                self._returns[id(frame)] = ran, position

    def returned(self, frame: types.FrameType, position: Place, value: Any) -> None:
        """The value was made by the return statement, even if the line of a ``with`` came after it."""
        if self.is_over:
            return
        with self._lock:
            ran = self._last_lines.pop(id(frame), frame.f_lineno)
            self._look_at_all(frame, ran, position)
            earlier = self._returns.pop(id(frame), (ran, position))
            line, then = (ran, position) if ran in return_lines(frame.f_code.co_filename) else earlier
            self._look([value], frame, line, then)
            if (frame.f_code.co_filename, frame.f_code.co_firstlineno) in self.boundaries:
                self._tell_output(value, position.stage)
                if stage_of(position.stage).around:
                    self._pass_on([value])
            for index in self._made.pop(id(frame), ()):
                self._regions.second_look(self.blocks[index].number)

    def _look_at_all(self, frame: types.FrameType, line: int, position: Place) -> None:
        """At what a function's names lead to, and at what was known and has been written to."""
        self._look([*frame.f_locals.values(), *named_in(frame)], frame, line, position)
        for number in self._regions.filled():
            if self._regions.second_look(number, was_filled=True).kind == "verbatim":
                self._book_filled(number, _place(frame, line, position))

    def _look(self, things: Any, frame: types.FrameType, line: int, position: Place) -> None:
        self._regions.maps.forget()
        for thing in things:
            if self._regions.knows_table(thing) or self._regions.is_unchanged(thing):
                continue
            for buffer in buffers_of(thing):
                known = len(self._regions.known)
                region = self._regions.classify(buffer, received=stage_of(position.stage).receives)
                self._made_in.update(dict.fromkeys(range(known, len(self._regions.known)), position.stage))
                if region is not None:
                    self._made.setdefault(id(frame), []).append(len(self.blocks))
                    self._block_of[known] = len(self.blocks)
                    self.blocks.append(_Made(_place(frame, line, position), known))

    def _book_filled(self, number: int, place: Place) -> None:
        index = self._block_of.get(number)
        if index is None:
            self._block_of[number] = len(self.blocks)
            self.blocks.append(_Made(place, number, was_there=True, was_seen_written=True))
            return
        made = self.blocks[index]
        later = made.filled is None and place != made.place
        self.blocks[index] = replace(made, filled=place if later else made.filled, was_seen_written=True)

    def _pass_on(self, things: Iterable[Any]) -> None:
        """What the decorator made and gives to a stage, or to the caller, is on the value's own way."""
        for thing in things:
            for span in self._regions.spans_of(thing):
                number = self._regions.number_of(span)
                index = None if number is None else self._block_of.get(number)
                if number is not None and index is not None:
                    self.blocks[index] = replace(self.blocks[index], is_passed_on=True)
                    if stage_of(self._made_in.get(number, OTHER)).around:
                        self._made_in[number] = HANDOVER

    def _tell_output(self, value: Any, stage: str) -> None:
        """Whether a stage hands on a view: its output lies in memory that is older than the stage.

        A stage's last word counts: functions of one stage call each other, the outermost returns last. What
        later stages made, and what is put around the value, says nothing of this stage.

        An example, unwrap on an L1 hit. When it is entered, one region is known, the frame in L1 (number 0),
        so that ``_known_at["unwrap"]`` is 1. 0.10.0 returns a memoryview into it, number 0: older, so that
        unwrap's view is of the frame. 0.9.1 returns bytes that it has made, number 1: newer, no view. decode
        is entered before unwrap and returns after it, and what unwrap made has come while it was open; that
        it is nevertheless handed on rather than made by decode is known by the order of the stages.
        """
        older, newer = Counter[Origin](), 0
        for span in {(span.start, span.size_bytes): span for span in self._regions.spans_of(value)}.values():
            number = self._regions.number_of(span)
            if number is not None and self._is_older(number, stage):
                older[self._origin_of(number)] += span.size_bytes
            elif number is not None:
                newer += span.size_bytes
        if older.total() > newer and not stage_of(stage).around:
            self.views[stage] = older.most_common(1)[0][0]
        else:
            self.views.pop(stage, None)

    def _origin_of(self, number: int) -> Origin:
        region = self._regions.known[number]
        # Regions that one stage made are one origin to a reader, and are summed as one.
        made_in = self._made_in.get(number, "")
        return replace(region.origin, size_bytes=0, type_name="", made_in="" if region.is_map else made_in)

    def _is_older(self, number: int, stage: str) -> bool:
        """Whether a region was there before the stage began, or came from an earlier one that it calls."""
        made_in = self._made_in.get(number)
        if made_in is None or number < self._known_at.get(stage, 0):
            return True
        return STAGES.index(made_in) < STAGES.index(stage)


def _place(frame: types.FrameType, line: int, position: Place) -> Place:
    return Place(position.stage, frame.f_code.co_name, frame.f_code.co_filename, line)
