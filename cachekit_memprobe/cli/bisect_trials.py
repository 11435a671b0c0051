"""The trials of ``bisect``: commits measured one after the other, until it is known which one did it."""

import math
from dataclasses import dataclass

from cachekit_memprobe import comparing
from cachekit_memprobe.bisected import Answer, Bisected, Search, Trial
from cachekit_memprobe.cli.progress import ProgressDisplay
from cachekit_memprobe.comparison import ScenarioComparison
from cachekit_memprobe.errors import CouldNotMeasure, UsageError
from cachekit_memprobe.model import Limit, Run, RunOptions, Scenario
from cachekit_memprobe.report.bisected import limit_words, trial_line
from cachekit_memprobe.report.json import to_json
from cachekit_memprobe.report.words import verdict_line
from cachekit_memprobe.result import Report, Result
from cachekit_memprobe.runstore import RunFolder, Summary, same_run
from cachekit_memprobe.servers import OwnServers
from cachekit_memprobe.target import commits
from cachekit_memprobe.target.git import Repository
from cachekit_memprobe.units import format_payloads


@dataclass(frozen=True)
class Wanted:
    """What is measured of each commit.

    Attributes:
        name: of the repository, for messages.
        extras: packages of the environments besides those of any release.
    """

    repository: Repository
    name: str
    scenario: Scenario
    metric: str
    options: RunOptions
    extras: tuple[str, ...] = ()


class Trials:
    """Measures commits, each once."""

    def __init__(self, wanted: Wanted, progress: ProgressDisplay) -> None:
        self._wanted = wanted
        self._progress = progress
        self._known: dict[str, Report | str] = {}

    def bisect(self, search: Search, limit: Limit | None) -> Bisected:
        """Find the commit that did it.

        Raises:
            UsageError: the ends aren't good and bad, by the limit or, without one, by more than chance.
            CouldNotMeasure: an end can't be measured.
        """
        begin, end = search.old[0], search.new
        compared = self._compared(begin, end)
        chosen = limit or _half_way(compared, self._wanted.metric, search.sought)
        at_first: Answer = "good" if search.sought == "bad" else "bad"
        ends = self._tried(begin, chosen, at_first), self._tried(end, chosen, search.sought)
        trials = [*ends]
        while (listed := self._between(search)) and (commit := search.next_of(listed)):
            trials.append(self._tried(commit, chosen))
            search.learn(commit, trials[-1].answer)
        suspects = tuple(commits.commit_named(self._wanted.repository, one) for one in listed)
        return Bisected(
            repository=self._wanted.name,
            scenario=self._wanted.scenario.name,
            metric=self._wanted.metric,
            limit=chosen,
            sought=search.sought,
            old=ends[0],
            new=ends[1],
            trials=tuple(trials),
            suspects=suspects,
            comparison=self._with_the_one_before(search.new) if len(suspects) == 1 else None,
        )

    def _between(self, search: Search) -> list[str]:
        listed = commits.between(self._wanted.repository, search)
        left = len(listed) - 1
        if left:
            self._progress.preparing(
                f"{left} commits between, some {math.ceil(math.log2(left + 1))} to measure"
            )
        return listed

    def _tried(self, commit: str, limit: Limit, expected: Answer | None = None) -> Trial:
        """Measured and judged.

        Args:
            expected: of an end, which has to be measured.
        """
        named = commits.commit_named(self._wanted.repository, commit)
        report = self._report(commit)
        if isinstance(report, str):
            trial = Trial(named, "skipped", reason=report)
        else:
            figure = self._figure(report)
            trial = Trial(named, "bad" if _is_over(limit, report.results[0], figure) else "good", figure)
        self._progress.say(trial_line(trial))
        if expected and trial.answer != expected:
            words = format_payloads(trial.figure) if trial.figure is not None else trial.reason
            raise UsageError(
                f"--{expected} is {trial.answer}: its {self._wanted.metric} is {words}, and the limit "
                f"{limit_words(limit)}; give another --limit, or another revision"
            )
        return trial

    def _compared(self, begin: str, end: str) -> ScenarioComparison:
        """Both ends.

        Raises:
            CouldNotMeasure: nothing can be said of one.
        """
        reports = []
        for commit in (begin, end):
            report = self._report(commit)
            if isinstance(report, str):
                raise CouldNotMeasure(f"commit {commit[:12]}, which is an end, can't be measured: {report}")
            reports.append(report)
        (compared,) = comparing.compare(reports[0], reports[1]).scenarios
        return compared

    def _with_the_one_before(self, commit: str) -> ScenarioComparison | None:
        parent = commits.parent_of(self._wanted.repository, commit)
        before = self._report(parent) if parent else ""
        after = self._report(commit)
        if isinstance(before, str) or isinstance(after, str):
            return None
        (compared,) = comparing.compare(before, after).scenarios
        return compared

    def _figure(self, report: Report) -> float:
        return report.results[0].metrics[self._wanted.metric]

    def _report(self, commit: str) -> Report | str:
        """What was measured of a commit, or why it can't be."""
        if commit not in self._known:
            self._progress.preparing(f"measuring commit {commit[:12]}")
            try:
                report = self._measured(commit)
            except CouldNotMeasure as error:
                self._known[commit] = str(error)
            else:
                result = report.results[0]
                lacking = result.reason or f"{self._wanted.metric} could not be measured"
                self._known[commit] = report if self._wanted.metric in result.metrics else lacking
        return self._known[commit]

    def _measured(self, commit: str) -> Report:
        """A run like any other, which is saved, and taken from there if it was measured before."""
        from cachekit_memprobe import pipeline, target

        wanted = self._wanted
        revision = commits.revision_of(wanted.repository, commit, wanted.name)
        resolved = target.at_commit(revision, self._progress.preparing, wanted.extras)
        planned = Run.planned(resolved, wanted.options, (wanted.scenario,))
        if known := same_run(planned):
            return pipeline.explain(RunFolder.open(known))
        folder = RunFolder.create()
        report = pipeline.run(planned, folder, self._progress.measuring, OwnServers())
        folder.save_report(to_json(report), Summary.of(report.run, verdict_line(report)))
        return report


def _half_way(compared: ScenarioComparison, metric: str, sought: Answer) -> Limit:
    """The limit between the figures of both ends.

    Raises:
        UsageError: the bad one isn't worse than the good one.
    """
    change = compared.change_of(metric)
    wanted = "more" if sought == "bad" else "less"
    if change is None or change.base is None or change.new is None or change.answer != wanted:
        both = (change.base, change.new) if change else (None, None)
        figures = [format_payloads(each) if each is not None else "unmeasured" for each in both]
        raise UsageError(
            f"{metric} of {compared.name} isn't worse at --bad than at --good beyond chance: it is "
            f"{figures[0]} at the older and {figures[1]} at the newer one; name other revisions, or another "
            "metric"
        )
    return Limit(metric, (change.base + change.new) / 2, None, "error")


def _is_over(limit: Limit, result: Result, figure: float) -> bool:
    if limit.payloads is not None:
        return figure > limit.payloads
    payload_bytes = result.payload.logical_bytes if result.payload else 0
    return figure * payload_bytes > (limit.size_bytes or 0)
