"""memray's own flame graph, of one read when its heap is highest, with the stage as the root frame.

memray makes the page, of records of ours in the place of a capture's: a capture has the probe's frames in
it, and what was allocated before the read, and knows no stages.
"""

import inspect
import io
import linecache
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from cachekit_memprobe.flames import Flame, Flames
from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.result import Report, Result

_STAGES = "the stages of the read"
"""What memray calls the file of the root frames, each a line of it."""
_MERGED_THREAD = -1

_Frame = tuple[str, str, int]


@dataclass(frozen=True)
class _Record:
    """As much of a record of memray's as its flame graph asks for; its stack begins with the innermost."""

    frames: tuple[_Frame, ...]
    size: int
    n_allocations: int
    tid: int = _MERGED_THREAD
    thread_name: str = ""

    def stack_trace(self) -> tuple[_Frame, ...]:
        return self.frames


def flame_graph(flames: Flames, result: Result, report: Report) -> str:
    """The page, which needs nothing else; it shows source only of lines that are in ``flames``."""
    # Slow to import, and only for this.
    from memray import FileFormat, Metadata
    from memray.reporters.flamegraph import FlameGraphReporter

    stages = [*dict.fromkeys(clean_line(flame.stage) for flame in flames.flames)]
    records = [_record(flame, stages) for flame in flames.flames]
    when = datetime.fromisoformat(report.run.created)
    with _sources(_lines(flames, records, stages)):
        page = FlameGraphReporter.from_snapshot(
            cast(Any, records),
            memory_records=cast(Any, _resident(result, when)),
            native_traces=False,
            **_of_all_files(FlameGraphReporter),
        )
    title = f"{result.scenario.name}, {report.run.target.words}: the heap of the read at its peak"
    metadata = Metadata(
        start_time=when,
        end_time=when,
        total_allocations=sum(flame.allocations for flame in flames.flames),
        total_frames=len({frame for record in records for frame in record.frames}),
        peak_memory=flames.size_bytes,
        command_line=clean_line(title),
        pid=0,
        main_thread_id=0,
        python_allocator="pymalloc",
        has_native_traces=False,
        trace_python_allocators=False,
        file_format=FileFormat.ALL_ALLOCATIONS,
    )
    text = io.StringIO()
    page.render(text, metadata, show_memory_leaks=False, merge_threads=True, inverted=False, no_web=True)
    return text.getvalue()


def _resident(result: Result, when: datetime) -> list[tuple[int, int, None]]:
    """For memray's graph over time: in ms, the resident set of the read; of the heap no time is known."""
    if len(result.resident) < result.read:
        return []
    read = result.resident[result.read - 1]
    begin_ms = int(when.timestamp() * 1000)
    return [
        (
            begin_ms + sample.elapsed_us // 1000,
            read.baseline_bytes + sample.anon_bytes + sample.file_bytes + sample.shared_bytes,
            None,
        )
        for sample in read.course
    ]


def _record(flame: Flame, stages: Sequence[str]) -> _Record:
    frames = [(clean_line(function), clean_line(file), line) for function, file, line in flame.frames]
    name = clean_line(flame.stage)
    stage = (name, _STAGES, 1 + stages.index(name))
    return _Record((*reversed(frames), stage), flame.size_bytes, flame.allocations)


def _of_all_files(reporter: Any) -> Mapping[str, Any]:
    """From memray 1.20 on, it leaves out lines of files that aren't there, unless it is told not to."""
    known = inspect.signature(reporter.from_snapshot).parameters
    return {"confidential_files": "none"} if "confidential_files" in known else {}


class _Lines(dict[int, str]):
    """Of a file, the lines that are known, in the place of a list of all of them."""

    def __len__(self) -> int:
        return max(self, default=-1) + 1

    def __missing__(self, number: int) -> str:
        return ""


def _lines(flames: Flames, records: Sequence[_Record], stages: Sequence[str]) -> Mapping[str, _Lines]:
    """By file. A line of which the text isn't known is there as well, and empty."""
    lines: dict[str, _Lines] = {_STAGES: _Lines(enumerate(stages))}
    for record in records:
        for _, file, line in record.frames[:-1]:
            text = flames.sources.get(f"{file}:{line}", "")
            lines.setdefault(file, _Lines())[line - 1] = clean_line(text)
    return lines


@contextmanager
def _sources(lines: Mapping[str, _Lines]) -> Iterator[None]:
    """Have memray find these lines, and no others.

    It asks linecache, which would read files by their names: those are of the machine that was measured,
    and here there may be others of the same name.
    """
    before = linecache.cache.copy()
    try:
        linecache.cache.update({file: (0, None, cast(Any, own), file) for file, own in lines.items()})
        yield
    finally:
        linecache.cache.clear()
        linecache.cache.update(before)
