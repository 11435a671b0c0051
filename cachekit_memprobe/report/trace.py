"""A report for Perfetto and Chrome's tracing: the heap of each read by stage, and where its threads were.

memray's records carry no time, so a microsecond of the trace is a step of the staircase.
"""

from collections.abc import Iterator
from typing import Any

from cachekit_memprobe.child.printable import json_text
from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.result import Report, Result, Staircase

Event = dict[str, Any]


def to_trace(report: Report) -> str:
    """A process for each scenario that has a staircase; its counter is the heap in bytes."""
    events = [
        event
        for number, result in enumerate(report.results, 1)
        if result.staircase is not None
        for event in _events(number, result, result.staircase)
    ]
    document = {
        "traceEvents": events,
        "otherData": {
            "exporter": f"cachekit-memprobe {report.tool_version}",
            "target": clean_line(report.run.target.words),
            "time": "a microsecond is a step of the read's heap, not time",
        },
    }
    return json_text(document, indent=1)


def _events(process: int, result: Result, staircase: Staircase) -> Iterator[Event]:
    yield {
        "ph": "M",
        "pid": process,
        "name": "process_name",
        "args": {"name": clean_line(result.scenario.name)},
    }
    for number, step in enumerate(staircase.steps):
        sizes = dict(zip(staircase.stages, step.live_bytes, strict=True))
        yield {"ph": "C", "pid": process, "ts": number, "name": "heap in bytes, by stage", "args": sizes}
    for span in staircase.spans:
        yield {
            "ph": "X",
            "pid": process,
            "tid": span.thread + 1,
            "ts": span.begin,
            "dur": span.end - span.begin,
            "name": span.stage,
        }
