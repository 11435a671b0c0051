"""The pipeline of ``history``: each point measured as ``run`` would, and what became of the figures since.

What was measured is kept and not measured again, whatever has ended the history that measured it.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType

from cachekit_memprobe import pipeline, processes
from cachekit_memprobe.attribution import reading_captures
from cachekit_memprobe.chronicle.assembling import Done, assembled, lean
from cachekit_memprobe.chronicle.plan import Listener, Plan, Stop
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.explaining import results_of
from cachekit_memprobe.history import History
from cachekit_memprobe.model import Run, Scenario, Target
from cachekit_memprobe.result import Result
from cachekit_memprobe.runstore import Histories, IsSame, KeptResults, Measured, RunFolder
from cachekit_memprobe.signals import undisturbed

MAKERS = 2
"""Environments that are made at the same time, and while others are measured."""

_AT_ONCE = 2
"""Points in work. What one does alone, starting and being explained, the other one measures meanwhile."""

_A_MOMENT_S = 0.1

_OWN = ("file", "call")
"""Kinds of values that are the user's own: what is behind their names may have changed since."""


def history_of(plan: Plan, store: Histories, listener: Listener) -> History:
    """Measure what isn't measured yet, and put it all together.

    Raises:
        UsageError: the folder of the histories can't be used.
        MemprobeError: the disk is full.
    """
    with (
        pipeline.side_by_side(plan.options) as beside,
        ThreadPoolExecutor(max_workers=_AT_ONCE) as pool,
        _found(plan, store) as finds,
    ):
        making = [_Making(plan, stop, store, listener, beside) for stop in plan.stops]
        listener.planned(
            [(stop.point, _lacking(plan, kept)) for stop, (kept, _) in zip(plan.stops, finds, strict=True)]
        )
        begun: list[Future[Done]] = []
        try:
            # Of a thread that it interrupts the start of, a pool would know nothing.
            with undisturbed():
                begun += [pool.submit(one.done, *found) for one, found in zip(making, finds, strict=True)]
            return assembled(plan, list(_in_order(begun, listener)), store.path)
        except BaseException:
            for one in begun:
                one.cancel()
            beside.cancel()
            raise


def _in_order(begun: "Sequence[Future[Done]]", listener: Listener) -> Iterator[Done]:
    for one in begun:
        done = one.result()
        listener.done(done.point, done.results, done.measured)
        yield done


_Finding = tuple[Mapping[str, Measured], "Future[Target] | None"]


@contextmanager
def _found(plan: Plan, store: Histories) -> Iterator[list[_Finding]]:
    """Of each stop what is kept of it, and its target if that is needed: being made, a few at a time."""
    with ThreadPoolExecutor(max_workers=MAKERS) as makers:
        findings: list[_Finding] = []
        try:
            for stop in plan.stops:
                kept = _kept(plan, stop, store, stop.is_same) if stop.is_same else {}
                with undisturbed():
                    findings.append((kept, makers.submit(stop.find) if _lacking(plan, kept) else None))
            yield findings
        except BaseException:
            _end([finding for _, finding in findings if finding is not None])
            raise


def _end(findings: Sequence["Future[Target]"]) -> None:
    """Let no environment be made any more, and what is being made end: its threads start several programs."""
    running = [finding for finding in findings if not finding.cancel()]
    while not all(finding.done() for finding in running):
        processes.end_all()
        wait(running, timeout=_A_MOMENT_S)


def _lacking(plan: Plan, kept: Mapping[str, Measured]) -> tuple[Scenario, ...]:
    return tuple(one for one in plan.scenarios if one.name not in kept)


def _kept(plan: Plan, stop: Stop, store: Histories, is_same: IsSame) -> Mapping[str, Measured]:
    asked = [one for one in plan.scenarios if one.value.kind not in _OWN]
    return store.find(stop.release, is_same, plan.options, asked)


@dataclass(frozen=True)
class _Making:
    """One point on its way to be done."""

    plan: Plan
    stop: Stop
    store: Histories
    listener: Listener
    beside: pipeline.SideBySide

    def done(self, kept: Mapping[str, Measured], finding: "Future[Target] | None") -> Done:
        """With what is kept of it, and the rest measured."""
        if finding is None:
            versions = next(iter(kept.values())).saved.target.versions
            return self._with(versions, kept)
        if not finding.done():
            self.listener.waiting(self.stop.point)
        try:
            target = finding.result()
        except CouldNotMeasure as failure:
            return self._without_target(str(failure), kept)
        if self.stop.is_same is None and not _is_modified(target):
            kept = _kept(self.plan, self.stop, self.store, lambda one: one.versions == target.versions)
        lacking = _lacking(self.plan, kept)
        if not lacking:
            return self._with(target.versions, kept)
        folder = self.store.new_run(self.stop.release)
        results = self._measured(folder, target, lacking)
        return self._with(target.versions, kept, results, self.store.name_of(folder))

    def _measured(
        self, folder: RunFolder, target: Target, scenarios: tuple[Scenario, ...]
    ) -> dict[str, Result]:
        """By the pipeline of ``run``."""
        plan, point = self.plan, self.stop.point
        planned = replace(Run.planned(target, plan.options, scenarios), request=plan.request)
        report = pipeline.run(
            planned,
            folder,
            lambda step: self.listener.measuring(point, step),
            plan.own_servers,
            shared=self.beside,
        )
        return {result.scenario.name: result for result in report.results}

    def _without_target(self, reason: str, kept: Mapping[str, Measured]) -> Done:
        lacking = _lacking(self.plan, kept)
        failed = {one.name: Result(one, "unmeasured", None, {}, (), (), (), reason=reason) for one in lacking}
        return self._with({}, kept, failed, reason="" if kept else reason)

    def _with(
        self,
        versions: Mapping[str, str],
        kept: Mapping[str, Measured],
        more: Mapping[str, Result] = MappingProxyType({}),
        run: str = "",
        reason: str = "",
    ) -> Done:
        """The point done.

        Args:
            more: results besides those that are kept.
            run: the folder that has them; empty if they weren't measured.
        """
        results = {**_explained(kept), **more}
        runs = {name: one.run for name, one in kept.items()} | dict.fromkeys(more, run)
        return Done(
            replace(self.stop.point, versions=versions, reason=reason),
            {name: lean(one) for name, one in results.items()},
            runs,
            measured=len(more) if run else 0,
        )


def _is_modified(target: Target) -> bool:
    """Of what was edited nobody knows whether it is what it was."""
    return "modified" in target.versions.get("cachekit_state", "") or "modified" in target.versions


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
