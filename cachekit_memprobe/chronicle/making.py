"""The pipeline of ``history``: each point measured as ``run`` would, and what became of the figures since.

What was measured is kept and not measured again, whatever has ended the history that measured it.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

from cachekit_memprobe import pipeline, processes
from cachekit_memprobe.attribution import reading_captures
from cachekit_memprobe.chronicle.assembling import Done, assembled, lean
from cachekit_memprobe.chronicle.plan import Listener, Plan, Stop
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.explaining import results_of
from cachekit_memprobe.history import History
from cachekit_memprobe.model import Run, Scenario, Target
from cachekit_memprobe.result import Result
from cachekit_memprobe.runstore import Histories, KeptResults, Measured, RunFolder

MAKERS = 2
"""Environments that are made at the same time, and while others are measured."""

_OWN = ("file", "call")
"""Kinds of values that are the user's own: what is behind their names may have changed since."""


def history_of(plan: Plan, store: Histories, listener: Listener) -> History:
    """Measure what isn't measured yet, and put it all together.

    Raises:
        UsageError: the folder of the histories can't be used.
        MemprobeError: the disk is full.
    """
    done = []
    with _found(plan, store) as finds:
        for stop, (kept, finding) in zip(plan.stops, finds, strict=True):
            one = _done(plan, stop, store, kept, finding, listener)
            done.append(one)
    return assembled(plan, done, store.path)


_Finding = tuple[Mapping[str, Measured], "Future[Target] | None"]


@contextmanager
def _found(plan: Plan, store: Histories) -> Iterator[list[_Finding]]:
    """Of each stop what is kept of it, and its target if that is needed: being made, a few at a time."""
    with ThreadPoolExecutor(max_workers=MAKERS) as makers:
        findings: list[_Finding] = []
        try:
            for stop in plan.stops:
                kept = _kept(plan, stop, store) if stop.is_same else {}
                lacking = [one for one in plan.scenarios if one.name not in kept]
                findings.append((kept, makers.submit(stop.find) if lacking else None))
            yield findings
        except BaseException:
            for _, finding in findings:
                if finding is not None:
                    finding.cancel()
            processes.end_all()
            raise


def _kept(
    plan: Plan, stop: Stop, store: Histories, is_same: Callable[[Target], bool] | None = None
) -> Mapping[str, Measured]:
    check = is_same or stop.is_same
    assert check is not None
    asked = [one for one in plan.scenarios if one.value.kind not in _OWN]
    return store.find(stop.release, check, plan.options, asked)


def _done(
    plan: Plan,
    stop: Stop,
    store: Histories,
    kept: Mapping[str, Measured],
    finding: "Future[Target] | None",
    listener: Listener,
) -> Done:
    results: dict[str, Result] = {}
    runs = {name: one.run for name, one in kept.items()}
    point, measured = stop.point, 0
    if kept:
        versions = next(iter(kept.values())).saved.target.versions
        point = replace(point, versions=versions)
    if finding is not None:
        try:
            if not finding.done():
                listener.waiting(point)
            target = finding.result()
        except CouldNotMeasure as failure:
            reason = str(failure)
            point = point if kept else replace(point, reason=reason)
            results |= {one.name: _failed(one, reason) for one in plan.scenarios if one.name not in kept}
        else:
            point = replace(point, versions=target.versions)
            if stop.is_same is None:
                kept = _kept(plan, stop, store, lambda saved: saved.versions == dict(target.versions))
                runs |= {name: one.run for name, one in kept.items()}
            lacking = tuple(one for one in plan.scenarios if one.name not in kept)
            if lacking:
                folder, found = _measured(plan, stop, store, target, lacking, listener)
                results |= found
                runs |= dict.fromkeys(found, folder)
                measured = len(found)
    results |= _explained(kept)
    listener.done(point, results, measured)
    return Done(point, {name: lean(one) for name, one in results.items()}, runs)


def _measured(
    plan: Plan,
    stop: Stop,
    store: Histories,
    target: Target,
    scenarios: tuple[Scenario, ...],
    listener: Listener,
) -> tuple[str, dict[str, Result]]:
    """The run of a point, by the pipeline of ``run``; the name of its folder, and the results."""
    folder = store.new_run(stop.release)
    planned = replace(Run.planned(target, plan.options, scenarios), request=plan.request)
    report = pipeline.run(
        planned, folder, lambda step: listener.measuring(stop.point, step), plan.own_servers
    )
    return store.name_of(folder), {result.scenario.name: result for result in report.results}


def _explained(kept: Mapping[str, Measured]) -> dict[str, Result]:
    """The results of what was measured earlier."""
    found: dict[str, Result] = {}
    by_folder: dict[str, list[Measured]] = {}
    for one in kept.values():
        by_folder.setdefault(one.run, []).append(one)
    for several in by_folder.values():
        first = several[0]
        run, _ = RunFolder(first.folder).load()
        with reading_captures() as captures:
            measurements = [one.measurement for one in several]
            explained = results_of(measurements, run, first.folder, captures, KeptResults(first.folder))
            found |= {result.scenario.name: result for result in explained}
    return found


def _failed(scenario: Scenario, reason: str) -> Result:
    return Result(scenario, "unmeasured", None, {}, (), (), (), reason=reason)
