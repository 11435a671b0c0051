"""One scenario's measurement attributed, judged and explained: its result."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

from cachekit_memprobe.attribution import (
    AT_ONCE,
    Captures,
    Reads,
    footprint_of,
    notes_of,
    read_us_of,
    reads_of,
    resident_of,
)
from cachekit_memprobe.budget import Leads, judge, named_by, verdict_of
from cachekit_memprobe.errors import CouldNotMeasure, as_a_bug
from cachekit_memprobe.findings import Beside, Evidence, findings_of, findings_of_frame
from cachekit_memprobe.folders import without_folders
from cachekit_memprobe.model import Limit, Measurement, Payload, Run
from cachekit_memprobe.result import Result, Verdict
from cachekit_memprobe.runstore import KeptResults
from cachekit_memprobe.scenario import limits_for


def results_of(
    measurements: Iterable[Measurement], measured: Run, folder: Path, captures: Captures, kept: KeptResults
) -> Iterator[Result]:
    """The results in order; of measurements that are loaded one by one, only a few are there at a time.

    Args:
        folder: of the run, in which its captures are.
        kept: results of an earlier time, which are the same.
    """
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        attributed = partial(result_of, measured=measured, folder=folder, captures=captures)
        explained = partial(_kept_or_attributed, kept=kept, attributed=attributed)
        yield from _in_order(pool, explained, measurements)


def _kept_or_attributed(
    measurement: Measurement, kept: KeptResults, attributed: Callable[[Measurement], Result]
) -> Result:
    """What is kept is as right as what was measured and judged, and of nothing else."""
    was_judged = measurement.applies and measurement.reason is None and measurement.payload is not None
    found = kept.of(measurement.scenario.name) if was_judged else None
    return attributed(measurement) if found is None or found.scenario != measurement.scenario else found


def _in_order(
    pool: ThreadPoolExecutor, explained: Callable[[Measurement], Result], measurements: Iterable[Measurement]
) -> Iterator[Result]:
    waiting: deque[Future[Result]] = deque()
    for measurement in measurements:
        waiting.append(pool.submit(explained, measurement))
        if len(waiting) > AT_ONCE:
            yield waiting.popleft().result()
    for pending in waiting:
        yield pending.result()


def result_of(measurement: Measurement, measured: Run, folder: Path, captures: Captures) -> Result:
    """One scenario's result: not applicable, not measured, or measured and judged."""
    if not measurement.applies:
        # Of a run folder of schema 1 the reason was left to be said here.
        reason = measurement.reason or f"it is for releases {measurement.scenario.releases}"
        return _unjudged(measurement, "not_applicable", reason)
    if measurement.reason is not None or measurement.payload is None:
        return _unjudged(measurement, "unmeasured", measurement.reason or "nothing was stored")
    try:
        limits = limits_for(measurement.scenario.budget, measured.target.versions)
        reads = reads_of(measurement, measurement.payload, folder, captures)
        return _judged(measurement, measurement.payload, limits, measured, reads)
    except CouldNotMeasure as failure:
        return _unjudged(measurement, "unmeasured", str(failure))
    except MemoryError:
        return _unjudged(measurement, "unmeasured", "there is not enough memory to explain what was observed")
    except Exception as error:
        # Whatever it is, the other scenarios were measured. What comes in is validated, so it is ours.
        return _unjudged(measurement, "unmeasured", as_a_bug(error))


def _judged(
    measurement: Measurement, payload: Payload, limits: Sequence[Limit], measured: Run, reads: Reads
) -> Result:
    explained, values = reads.explained, reads.figures.values
    aliasing, beside = explained.measurement.seen.aliasing, _beside(reads)
    leads = _leads(reads, beside, measurement)
    budgets = judge(limits, values, payload, measured.options.instruments, leads)
    verdict, reason = verdict_of(budgets, measurement.scenario.budget)
    evidence = Evidence(
        scenario=measurement.scenario,
        payload=payload,
        stages=explained.stages,
        values=values,
        kept=leads.kept,
        cycles=leads.cycles,
        beside=beside,
        retained=measurement.seen.retention,
        blocks=aliasing.blocks if aliasing else (),
        as_deployed=measured.options.as_deployed,
        needs=measurement.needs,
        each_read=tuple(one.stages for one in reads.followed),
    )
    return Result(
        scenario=measurement.scenario,
        verdict=verdict,
        payload=payload,
        metrics=values,
        stages=explained.stages,
        budgets=budgets,
        findings=findings_of(evidence),
        reason=reason,
        spread=reads.figures.spread,
        repeats=reads.figures.repeats,
        read=reads.number,
        notes=(*measurement.notes, *notes_of(measurement.seen)),
        footprint=footprint_of(measurement),
        staircase=explained.use.staircase,
        read_us=read_us_of(measurement),
        resident=resident_of(measurement),
        took_s=measurement.took_s,
    )


def _beside(reads: Reads) -> Beside:
    after = reads.aftermath
    return Beside() if after is None else Beside(after.lines, after.dropped, after.lasting, after.started)


def _leads(reads: Reads, beside: Beside, measurement: Measurement) -> Leads:
    seen, aftermath = measurement.seen, reads.aftermath
    first = seen.retention.first if seen.retention else None
    peak_is_after = aftermath is not None and aftermath.has_the_peak
    return Leads(
        stages_for=reads.stages_for,
        kept=seen.kept,
        cycles=seen.cycles,
        named=named_by(beside.lines, beside.dropped, first, seen.kept, peak_is_after),
        later_peak=reads.later_peak,
    )


def _unjudged(measurement: Measurement, verdict: Verdict, reason: str) -> Result:
    payload, needs = measurement.payload, measurement.needs
    stored = payload and Evidence(measurement.scenario, payload, (), {}, needs=needs)
    return Result(
        scenario=measurement.scenario,
        verdict=verdict,
        payload=measurement.payload,
        metrics={},
        stages=(),
        budgets=(),
        findings=findings_of_frame(stored) if stored else (),
        reason=without_folders(reason),
        took_s=measurement.took_s,
    )
