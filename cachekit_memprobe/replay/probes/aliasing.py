"""The aliasing instrument: which memory is new, and which of the new is a copy of the old.

After each line of the watched functions it looks at the payload-sized memory that the function's names
now reach. Memory inside a region that was known before is a view and costs nothing. New memory is
compared with the known regions, byte for byte: if it stands in one of them, it is a verbatim copy,
made by the line that has just run.

Nothing is measured in bytes of heap here, so the probe may hold on to what it has seen: an address
can't be used again while it is held.

Importable by the measured child process: standard library and target only.
"""

import gc
import types
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from cachekit_memprobe.replay import wire
from cachekit_memprobe.replay.probes.keepers import keepers_of
from cachekit_memprobe.replay.probes.regions import Region, Regions, buffers_of
from cachekit_memprobe.replay.probes.staged import (
    StageCalls,
    alone,
    open_tracer,
    package_folder,
    ready_reader,
    require_passed,
    traced_read,
)
from cachekit_memprobe.replay.resolve import return_lines, statement_lines
from cachekit_memprobe.replay.tracer import Position
from cachekit_memprobe.stages import BACKEND_GET, BACKEND_MAP, OTHER, STAGES, STATS


def probe(task: wire.Task, channel: wire.Channel) -> dict[str, Any]:
    """``blocks``: each new block of memory that the read made, with line and kind, in bytes.

    ``views``: the stages whose output lies in memory that was there before them, with what that is.
    ``kept``: what is still referenced from the target's modules after the value was dropped.
    """
    task = alone(task)
    reader = ready_reader(task)
    regions = Regions(least_bytes=max(4096, reader.payload_bytes // 1000))
    watcher = _Watcher(regions)
    for thing, label in reader.resident():
        regions.add_known(thing, label)
    tracer = open_tracer(task, reader, watcher)
    watcher.boundaries = frozenset((watched.file, watched.line) for watched in tracer.watched)
    reader.expect()
    value = traced_read(tracer, reader)
    reader.prove(value)
    require_passed(task, watcher.calls, reader.release)
    del value
    gc.collect()
    return {
        "release": reader.release,
        "package_folder": package_folder(),
        "stage_calls": dict(watcher.calls),
        "blocks": [_block_json(block) for block in watcher.blocks],
        "views": watcher.views,
        "kept": keepers_of(regions, tracer),
    }


@dataclass(frozen=True)
class _Block:
    """New memory, and the line that made it."""

    position: Position
    function: str
    file: str
    line: int
    region: Region


def _block_json(block: _Block) -> dict[str, Any]:
    return {
        "stage": block.position.stage,
        "function": block.function,
        "file": block.file,
        "line": block.line,
        "statement": statement_lines(block.file, block.line),
        "size_bytes": block.region.size_bytes,
        "kind": block.region.kind,
        "of": block.region.copy_of,
    }


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

    def __init__(self, regions: Regions) -> None:
        super().__init__()
        self.blocks: list[_Block] = []
        self.views: dict[str, str] = {}
        self._regions = regions
        self._made_in: dict[int, str] = {}
        self._known_at: dict[str, int] = {}
        self._entering: str | None = None
        self._last_lines: dict[int, int] = {}
        self._returns: dict[int, tuple[int, Position]] = {}
        self._made: dict[int, list[int]] = {}

    def moved(self, before: Position, after: Position, *, entered: bool) -> None:
        super().moved(before, after, entered=entered)
        if entered and after.stage != before.stage:
            self._entering = after.stage
            self._known_at[after.stage] = len(self._regions.known)

    def called(self, frame: types.FrameType, enclosing: Position) -> None:
        """What comes in as an argument and is new was made by the caller, on the line of the call."""
        if frame.f_back is not None:
            self._look(frame.f_locals.values(), frame.f_back, frame.f_back.f_lineno, enclosing)
        if self._entering is not None:
            self._known_at[self._entering] = len(self._regions.known)
            self._entering = None
        self._last_lines[id(frame)] = frame.f_lineno

    def line(self, frame: types.FrameType, position: Position) -> None:
        ran = self._last_lines.get(id(frame), frame.f_lineno)
        self._look(frame.f_locals.values(), frame, ran, position)
        self._last_lines[id(frame)] = frame.f_lineno
        if ran in return_lines(frame.f_code.co_filename):
            self._returns[id(frame)] = ran, position

    def returned(self, frame: types.FrameType, position: Position, value: Any) -> None:
        """The value was made by the return statement, even if the line of a ``with`` came after it."""
        ran = self._last_lines.pop(id(frame), frame.f_lineno)
        self._look(frame.f_locals.values(), frame, ran, position)
        earlier = self._returns.pop(id(frame), (ran, position))
        line, then = (ran, position) if ran in return_lines(frame.f_code.co_filename) else earlier
        self._look([value], frame, line, then)
        if (frame.f_code.co_filename, frame.f_code.co_firstlineno) in self.boundaries:
            self._tell_output(value, position.stage)
        for number in self._made.pop(id(frame), ()):
            block = self.blocks[number]
            self.blocks[number] = replace(block, region=self._regions.second_look(block.region))

    def _look(self, things: Any, frame: types.FrameType, line: int, position: Position) -> None:
        for thing in things:
            if self._regions.knows_table(thing):
                continue
            for buffer in buffers_of(thing):
                known = len(self._regions.known)
                region = self._regions.classify(buffer, received=position.stage in (BACKEND_GET, BACKEND_MAP))
                self._made_in.update(dict.fromkeys(range(known, len(self._regions.known)), position.stage))
                if region is not None:
                    code = frame.f_code
                    self._made.setdefault(id(frame), []).append(len(self.blocks))
                    self.blocks.append(_Block(position, code.co_name, code.co_filename, line, region))

    def _tell_output(self, value: Any, stage: str) -> None:
        """A stage's last word counts: functions of one stage call each other, the outermost returns last.

        What later stages made, and what is put around the value, says nothing of this stage.
        """
        older, newer = Counter[str](), 0
        for span in {(span.start, span.size_bytes): span for span in self._regions.spans_of(value)}.values():
            number = self._regions.number_of(span)
            if number is not None and self._is_older(number, stage):
                older[self._name_of(number)] += span.size_bytes
            elif number is not None:
                newer += span.size_bytes
        if older.total() > newer and stage not in (STATS, OTHER):
            self.views[stage] = older.most_common(1)[0][0]
        else:
            self.views.pop(stage, None)

    def _name_of(self, number: int) -> str:
        region, made_in = self._regions.known[number], self._made_in.get(number)
        own = made_in is not None and region not in self._regions.mapped()
        return f"what {made_in} made" if own else region.label

    def _is_older(self, number: int, stage: str) -> bool:
        """Whether a region was there before the stage began, or came from an earlier one that it calls."""
        made_in = self._made_in.get(number)
        if made_in is None or number < self._known_at.get(stage, 0):
            return True
        return STAGES.index(made_in) < STAGES.index(stage)
