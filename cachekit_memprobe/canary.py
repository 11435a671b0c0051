"""Whether this machine sees a copy: one of known size is planted in a copy of the target's cachekit.

It is measured by the pipeline that ``run`` uses, in the same processes, with the same instruments, and judged
by the same judge. Only the measured processes get that cachekit, by the first entry of their ``PYTHONPATH``.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cachekit_memprobe import pipeline
from cachekit_memprobe.budget import judge
from cachekit_memprobe.child.stages import DECODE, UNWRAP
from cachekit_memprobe.doctor import planting
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.metrics import ALIASING, MEMRAY, RSS
from cachekit_memprobe.model import Limit, Run, RunOptions, Scenario, Target
from cachekit_memprobe.replay.sharing import Progress
from cachekit_memprobe.result import BudgetResult, Result
from cachekit_memprobe.runstore import RunFolder
from cachekit_memprobe.scenario import load_bundled, with_overrides
from cachekit_memprobe.scratch import scratch_folder

SCENARIO = "arrow-l1-hit"
STAGES = (UNWRAP, DECODE)
"""Where a copy is planted: in the first of them that copies nothing by itself. Up to 0.9.1 unwrap does."""

SIZE_BYTES = 32 << 20
_ALLOWED = 0.5
"""Payloads: far from none and from one."""

_EXACT = 0.03
_EXACT_RSS = 0.1
"""By how much one payload may differ from what is read: the frame has a header, and the kernel counts
resident pages in batches."""


@dataclass(frozen=True)
class Sight:
    """One metric of both reads, in payloads; ``None`` for what could not be told."""

    metric: str
    untouched: float | None
    planted: float | None
    exact: float

    @property
    def more(self) -> float | None:
        return None if self.untouched is None or self.planted is None else self.planted - self.untouched

    @property
    def is_right(self) -> bool:
        """Whether exactly the copy that was planted is what the other read had more."""
        return self.more is not None and abs(self.more - 1) <= self.exact


@dataclass(frozen=True)
class Canary:
    """What was read of the untouched cachekit, and of the one with a copy more.

    Attributes:
        budget: of the read that had the copy planted: every line of it has to be exceeded.
        before: the same limits, held against the untouched read.
        on_line: the planted statement has the copy, and not only its stage.
    """

    target: Target
    planted: planting.Planted
    sights: tuple[Sight, ...]
    before: tuple[BudgetResult, ...]
    budget: tuple[BudgetResult, ...]
    on_line: bool

    @property
    def is_green_before(self) -> bool:
        return all(one.status == "within" for one in self.before)

    @property
    def is_red_after(self) -> bool:
        return all(one.status == "over" for one in self.budget)

    @property
    def sees(self) -> bool:
        right = all(sight.is_right for sight in self.sights)
        return self.is_green_before and self.is_red_after and right and self.on_line


def canary(target: Target, progress: Progress, preparing: Callable[[str], None]) -> Canary:
    """Measure a read of the target as it is, and of a copy of it with one copy more.

    Raises:
        CouldNotMeasure: one of them could not be measured, or nothing could be planted.
    """
    with scratch_folder() as scratch:
        preparing("the canary: cachekit as it is")
        untouched = _measured(target, _scenario("untouched"), scratch, progress)
        stage = _clean_stage(untouched)
        package = planting.package_of(target.python)
        try:
            planted = planting.plant(package, target.cachekit, stage, scratch / "planted")
        except (OSError, SyntaxError, ValueError) as error:
            raise CouldNotMeasure(f"no copy can be planted in the target's cachekit: {error}") from None
        preparing(f"the canary: with a copy in {stage}")
        limits = _limits(stage, untouched.metrics)
        found = _measured(target, _scenario("planted", planted.folder, limits), scratch, progress)
        if not planted.passed.exists():
            raise CouldNotMeasure(
                f"the read did not pass {planted.file}:{planted.line}, where a copy was planted, so nothing "
                "can be said of this machine: the measured processes import another cachekit"
            )
    assert untouched.payload is not None  # or it would not have been measured
    before = judge(limits, untouched.metrics, untouched.payload, _instruments())
    return Canary(
        target, planted, _sights(stage, untouched, found), before, found.budgets, _on_line(found, planted)
    )


def _instruments() -> tuple[str, ...]:
    """The resident set of another process can only be read on Linux."""
    return (RSS, MEMRAY, ALIASING) if sys.platform == "linux" else (MEMRAY, ALIASING)


def _scenario(name: str, before: Path | None = None, limits: tuple[Limit, ...] = ()) -> Scenario:
    scenario = replace(
        with_overrides(load_bundled(SCENARIO), size_bytes=SIZE_BYTES), name=name, budget=limits
    )
    return replace(scenario, environment={"PYTHONPATH": str(before)}) if before else scenario


def _measured(target: Target, scenario: Scenario, scratch: Path, progress: Progress) -> Result:
    planned = Run.planned(target, RunOptions(instruments=_instruments(), reads=1), (scenario,))
    report = pipeline.run(planned, RunFolder.create(scratch / f"run-{scenario.name}"), progress)
    (result,) = report.results
    if result.verdict in ("unmeasured", "not_applicable"):
        raise CouldNotMeasure(f"the {scenario.name} read could not be measured: {result.reason}")
    return result


def _clean_stage(untouched: Result) -> str:
    for stage in STAGES:
        if all(untouched.metrics.get(name, 1) <= _EXACT for name in _of_stage(stage)):
            return stage
    figures = ", ".join(
        f"{name} {untouched.metrics.get(name, 0):.2f}x" for stage in STAGES for name in _of_stage(stage)
    )
    raise CouldNotMeasure(f"a copy would not stand out: the untouched read copies already ({figures})")


def _of_stage(stage: str) -> tuple[str, str]:
    return f"copies.{stage}", f"verbatim.{stage}"


def _limits(stage: str, metrics: Mapping[str, float]) -> tuple[Limit, ...]:
    allowed = dict.fromkeys(_of_stage(stage), _ALLOWED)
    if RSS in _instruments():
        allowed["rss.peak"] = round(metrics["rss.peak"] + _ALLOWED, 2)
    return tuple(Limit(name, payloads, None, "error") for name, payloads in allowed.items())


def _sights(stage: str, untouched: Result, found: Result) -> tuple[Sight, ...]:
    exact = dict.fromkeys(_of_stage(stage), _EXACT)
    if RSS in _instruments():
        exact["rss.peak"] = _EXACT_RSS
    return tuple(
        Sight(name, untouched.metrics.get(name), found.metrics.get(name), most)
        for name, most in exact.items()
    )


def _on_line(found: Result, planted: planting.Planted) -> bool:
    places = {
        (site.place.file, site.place.line)
        for usage in found.stages
        if usage.name == planted.stage
        for site in usage.sites
        if site.copies_bytes > SIZE_BYTES * _ALLOWED
    }
    return places == {(planted.file, planted.line)}
