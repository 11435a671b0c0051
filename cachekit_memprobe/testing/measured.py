"""Measure one read: in a run folder of its own, which is gone afterwards unless it is to be kept."""

import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path

import pytest

from cachekit_memprobe import pipeline, target
from cachekit_memprobe.child.workload.calls.given import Given, give
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.model import Run, RunOptions, Scenario, Step, Target
from cachekit_memprobe.replay.launcher import Launcher
from cachekit_memprobe.replay.own_fork import own_fork
from cachekit_memprobe.report.json import to_json
from cachekit_memprobe.report.words import verdict_line
from cachekit_memprobe.request import Request
from cachekit_memprobe.result import Report
from cachekit_memprobe.runstore import RunFolder, Summary
from cachekit_memprobe.scratch import scratch_folder
from cachekit_memprobe.signals import Terminated
from cachekit_memprobe.testing.settings import Settings


@dataclass(frozen=True)
class Measuring:
    """What the tests of a session share: the cachekit that is measured, found once."""

    settings: Settings
    _failed: list[CouldNotMeasure] = field(default_factory=list)

    @cached_property
    def _found(self) -> Target:
        with _undisturbed():
            return target.resolve(self.settings.cachekit, extras=self.settings.packages)

    @property
    def target(self) -> Target:
        """The cachekit to measure.

        Raises:
            UsageError: what the settings name is none.
            CouldNotMeasure: it can't be imported or installed, which is not tried again for each test.
        """
        if self._failed:
            raise self._failed[0]
        try:
            return self._found
        except CouldNotMeasure as failure:
            self._failed.append(failure)
            raise

    def measure(
        self,
        scenario: Scenario,
        instruments: tuple[str, ...],
        asked: Request,
        given: Given | None = None,
    ) -> Report:
        """Replay a scenario, and judge it.

        Args:
            asked: what a command line would say, for a report to tell.
            given: the function of a scenario that no other process can come by.

        Raises:
            CouldNotMeasure: there can be no fork of this process.
            UsageError: it can't be measured as it is asked for.
            MemprobeError: something can't be written.
        """
        options = RunOptions(
            instruments=instruments,
            reads=self.settings.reads,
            timeout_s=self.settings.timeout,
            jobs=self.settings.jobs,
        )
        planned = replace(Run.planned(self.target, options, [scenario]), request=asked)
        with _undisturbed(), scratch_folder() as scratch, _fork_with(given, scratch / "fork") as here:
            folder = RunFolder.create(None if self.settings.keep else scratch / "run")
            report = pipeline.run(planned, folder, _silent, here=here)
            if self.settings.keep:
                folder.save_report(to_json(report), Summary.of(report.run, verdict_line(report)))
                return report
        return replace(report, run_folder=None)


def _fork_with(given: Given | None, folder: Path) -> AbstractContextManager[Launcher | None]:
    return nullcontext() if given is None else own_fork(folder, partial(give, given))


def _silent(_step: Step) -> None:
    """Nobody watches the progress of a test."""


@contextmanager
def _undisturbed() -> Iterator[None]:
    """A warning of a library's is none of the test's, whose session may make errors of them.

    And a signal that asks to end, which was caught to clean up, ends the session.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except Terminated as ending:
            pytest.exit(f"ended by {ending.name}", returncode=int(str(ending.code)))


def write_page(report: Report, path: Path) -> None:
    """Keep a report as HTML.

    Raises:
        MemprobeError: it can't be written.
    """
    from cachekit_memprobe import pages
    from cachekit_memprobe.errors import MemprobeError
    from cachekit_memprobe.report.html import render_html
    from cachekit_memprobe.runstore import write_atomically

    try:
        remedies = pages.remedies()
    except (MemprobeError, OSError, ValueError):  # of an installation that lacks its pages
        remedies = {}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MemprobeError(f"can't make the folder {path.parent.name}: {error.strerror}") from None
    write_atomically(path, render_html(report, remedies))
