"""Reports of scenarios that a project names, with the figures that a test asks for."""

from collections.abc import Mapping
from dataclasses import replace

from cachekit_memprobe.budget import judge, verdict_of
from cachekit_memprobe.metrics import INSTRUMENTS
from cachekit_memprobe.model import Payload, RunOptions, Scenario
from cachekit_memprobe.result import Report, Result
from cachekit_memprobe.scenario import limits_for
from tests.golden.reports import TARGET, report_of

MIB = 1 << 20
SIZE_BYTES = 64 * MIB
ALL = RunOptions(instruments=INSTRUMENTS)


def result_of(scenario: Scenario, metrics: Mapping[str, float], *, size_bytes: int = SIZE_BYTES) -> Result:
    """A scenario of that size as it would be judged; what there are limits on is 0 unless it is said."""
    metrics = {**{limit.metric: 0.0 for limit in scenario.budget}, **metrics}
    payload = Payload(size_bytes, size_bytes)
    budgets = judge(limits_for(scenario.budget, TARGET.versions), metrics, payload, INSTRUMENTS)
    verdict, reason = verdict_of(budgets, scenario.budget)
    return Result(scenario, verdict, payload, metrics, (), budgets, (), reason)


def unmeasured(scenario: Scenario) -> Result:
    """One that could not be measured."""
    return Result(scenario, "unmeasured", None, {}, (), (), (), "the process died")


def of(*results: Result, options: RunOptions = ALL) -> Report:
    """A run of them."""
    return report_of(*results, options=options)


def with_version(report: Report, package: str, version: str) -> Report:
    """The same run in another environment."""
    target = replace(report.run.target, versions={**report.run.target.versions, package: version})
    return replace(report, run=replace(report.run, target=target))
