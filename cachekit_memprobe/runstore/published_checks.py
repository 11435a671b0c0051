"""What the types of a published report don't say: which key is wrong nevertheless, and why."""

from collections.abc import Iterator

from cachekit_memprobe.child.stages import STAGES
from cachekit_memprobe.child.task import MOST_READERS
from cachekit_memprobe.metrics import NAMES
from cachekit_memprobe.runstore.published_records import (
    Published,
    PublishedResult,
    PublishedStaircase,
)

_MOST_STEPS = 1000
"""Of a staircase; some hundred are written."""

Problems = Iterator[tuple[str, str]]
"""Each a key and what is wrong there."""


def of_report(published: Published) -> Problems:
    """What the types don't say: which key is wrong, and why."""
    names = [result.scenario for result in published.results]
    for number, result in enumerate(published.results):
        if result.scenario in names[:number]:
            yield f"results.{number}.scenario", f"{result.scenario!r} stands there twice"
        for key, problem in _of_result(result):
            yield f"results.{number}.{key}", problem


def _of_result(result: PublishedResult) -> Problems:
    if result.figures and not result.payload:
        yield "metrics_bytes", "it has figures, but no payload"
    if result.payload and not result.payload.logical_bytes:
        yield "payload.logical_bytes", "not a positive size"
    for one in result.figures:
        if one.metric not in NAMES:
            yield "metrics_bytes", f"{one.metric!r} is not a metric"
    readers = [result.readers, result.definition.read.readers if result.definition else None]
    if any(count is not None and not 1 <= count <= MOST_READERS for count in readers):
        yield "readers", f"they are not 1 to {MOST_READERS}"
    if result.staircase:
        for key, problem in _of_staircase(result.staircase):
            yield f"staircase.{key}", problem


def _of_staircase(staircase: PublishedStaircase) -> Problems:
    steps, stages = staircase.steps_bytes, staircase.stages
    if unknown := [name for name in stages if name not in STAGES]:
        yield "stages", f"{unknown[0]!r} is not a stage"
    if any(len(step) != len(stages) for step in steps):
        yield "steps_bytes", "a step has a size for each of the stages"
    if len(steps) > _MOST_STEPS:
        yield "steps_bytes", f"there are more than {_MOST_STEPS}"
    if not steps or max(map(sum, steps)) != sum(steps[min(staircase.peak, len(steps) - 1)]):
        yield "peak", "it is not the highest step"
    for span in staircase.spans:
        if span.stage not in STAGES or not span.begin <= span.end <= len(steps):
            yield "spans", f"{span.stage!r} from {span.begin} to {span.end} is none of this read"
