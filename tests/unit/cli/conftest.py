"""The tool behind the command line, replaced by one that notes what it is asked and answers at once."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner, Result

import cachekit_memprobe
from cachekit_memprobe.cli import main
from cachekit_memprobe.model import Phase, Run, RunOptions, Scenario, Step, Target
from cachekit_memprobe.result import Report
from cachekit_memprobe.result import Result as Measured
from cachekit_memprobe.runstore import RunFolder
from cachekit_memprobe.scenario import Asked
from cachekit_memprobe.servers import OwnServers
from cachekit_memprobe.sweep import Sweep
from tests.golden.reports import FILE_MAP, TARGET, report_of

Invoke = Callable[..., Result]
_NOTHING_ASKED = Asked()


@dataclass
class Tool:
    """What the commands asked for, and what they are answered.

    Attributes:
        report: what measuring gives; its folder becomes the real one.
        error: raised instead of an answer, by ``resolve`` or ``run`` as ``fails`` says.
        resolved: the arguments of ``target.resolve``; ``extras`` those of the last.
        planned: the run that was to be measured.
    """

    report: Report = field(default_factory=lambda: report_of(FILE_MAP))
    target: Target = TARGET
    error: BaseException | None = None
    fails: str = "run"
    resolved: list[tuple[str, Path | None]] = field(default_factory=list)
    extras: tuple[str, ...] = ()
    planned: Run | None = None
    scenarios: tuple[Scenario, ...] = ()
    options: RunOptions | None = None
    folder: RunFolder | None = None
    own_servers: OwnServers | None = None
    sweep: Sweep | None = None
    predict: Asked = field(default_factory=Asked)
    sort: str = ""
    workers: int = 0

    def resolve(
        self,
        spec: str,
        python: Path | None = None,
        progress: Callable[[str], None] = lambda _: None,
        extras: tuple[str, ...] = (),
    ) -> Target:
        self.resolved.append((spec, python))
        self.extras = extras
        progress("making an environment")
        self._fail("resolve")
        return self.target

    def run(
        self,
        planned: Run,
        folder: RunFolder,
        progress: Callable[[Step], None],
        own_servers: OwnServers,
        ended: Callable[[Measured], None] | None = None,
    ) -> Report:
        self.planned = planned
        self.scenarios, self.options, self.sweep = planned.scenarios, planned.options, planned.sweep
        self.folder, self.own_servers = folder, own_servers
        progress(Step("arrow-l1-hit", Phase.MEASURING, "rss 1/1"))
        progress(Step("arrow-l1-hit", Phase.DONE))
        self._fail("run")
        if ended is not None:
            for result in self.report.results:
                ended(result)
        return replace(self.report, run_folder=folder.path)

    def explain(
        self, folder: RunFolder, predict: Asked = _NOTHING_ASKED, *, sort: str = "", workers: int = 0
    ) -> Report:
        self.folder, self.predict = folder, predict
        self.sort, self.workers = sort, workers
        self._fail("explain")
        return replace(self.report, run_folder=folder.path)

    def _fail(self, where: str) -> None:
        if self.error is not None and self.fails == where:
            raise self.error


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> Tool:
    fake = Tool()
    pipeline = ModuleType("cachekit_memprobe.pipeline")
    monkeypatch.setattr(pipeline, "run", fake.run, raising=False)
    monkeypatch.setattr(pipeline, "explain", fake.explain, raising=False)
    monkeypatch.setitem(sys.modules, pipeline.__name__, pipeline)
    monkeypatch.setattr(cachekit_memprobe, "pipeline", pipeline, raising=False)
    monkeypatch.setattr("cachekit_memprobe.target.resolve", fake.resolve)
    monkeypatch.setattr("cachekit_memprobe.target.check_stages", lambda target, stages: None)
    # What a run without names takes up depends on it, and not every Python has one in a package.
    monkeypatch.setattr("cachekit_memprobe.programs.redis_server", lambda: Path("redis-server"))
    return fake


@pytest.fixture
def invoke(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Invoke:
    """Run a command in an empty folder, on no terminal, 80 columns wide."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, arguments, prog_name="cachekit-memprobe")

    return run
