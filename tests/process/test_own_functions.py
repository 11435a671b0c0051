"""The user's own functions for real: imported, stored by in private, read, and explained."""

import json
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from cachekit_memprobe.metrics import ALIASING, MEMRAY, RETENTION, RSS
from cachekit_memprobe.model import RunOptions, Scenario, Target
from cachekit_memprobe.result import Report, Result
from cachekit_memprobe.scenario import load_bundled, with_overrides
from tests.process.faults import Copy
from tests.process.measuring import MIB, Finished, cli, large_sites, result_of, run_here
from tests.process.own_project import SIZE_MIB, OwnProject
from tests.process.serving import OwnRedis, redis_on_a_port

pytestmark = pytest.mark.process

ARENA = 1 / SIZE_MIB
PLAIN = {"CACHEKIT_ARROW_COMPRESSION": "none"}
PAIRS = {
    "arrow-l1-hit": ("hit", "l1"),
    "arrow-file-mmap": ("mapped", ""),
    "redis-l2-hit": ("received", ""),
    "async-l1-hit": ("awaited", "l1"),
    "reference-none": ("by_reference", ""),
}
"""Bundled scenarios, and the project's function with the same settings, value and tier."""

SAME = (
    "copies.total",
    "copies.backend_get",
    "copies.decode",
    "copies.materialize",
    "peak.heap",
    "frame.size",
)
ONE_READ = RunOptions((RSS, MEMRAY), reads=1, jobs=2)


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnRedis]:
    """The user's Redis server."""
    with redis_on_a_port(tmp_path_factory.mktemp("theirs") / "own") as url:
        yield OwnRedis(url)


@pytest.fixture(scope="module")
def project(theirs: OwnRedis, tmp_path_factory: pytest.TempPathFactory) -> OwnProject:
    return OwnProject(tmp_path_factory.mktemp("project") / "shop", theirs.url)


@pytest.fixture(scope="module")
def measured(
    installed: Target, project: OwnProject, theirs: OwnRedis, tmp_path_factory: pytest.TempPathFactory
) -> Report:
    """What the functions take that are like bundled scenarios, and those, in one run."""
    own = [
        replace(project.scenario(function, name=f"own-{name}", tier=tier), environment=PLAIN)
        for name, (function, tier) in PAIRS.items()
    ]
    bundled = [with_overrides(load_bundled(name), size_bytes=SIZE_MIB * MIB) for name in PAIRS]
    folder = tmp_path_factory.mktemp("runs") / "equal"
    return run_here(installed, [*own, *(replace(one, budget=()) for one in bundled)], folder, ONE_READ)


@pytest.mark.parametrize("name", PAIRS)
def test_its_figures_are_those_of_the_bundled_scenario(measured: Report, name: str) -> None:
    own, bundled = result_of(measured, f"own-{name}"), result_of(measured, name)
    assert own.reason is None
    assert own.payload == bundled.payload
    for metric in SAME & own.metrics.keys():
        assert own.metrics[metric] == pytest.approx(bundled.metrics[metric], abs=0.05 + ARENA), metric
    read, expected = own.scenario.read, bundled.scenario.read
    assert (read.tier, read.route, read.asynchronous) == (
        expected.tier,
        expected.route,
        expected.asynchronous,
    )


ODD = (
    *("received", "received_by_auto", "mapped", "copied", "nested", "unnamed"),
    *("chance", "refused", "leaving"),
)


@pytest.fixture(scope="module")
def odd(installed: Target, project: OwnProject, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """What is odd about functions, by memray alone."""
    scenarios: list[Scenario] = [
        *(replace(project.scenario(name), environment=PLAIN) for name in ODD),
        project.scenario("large", tier="l1"),
        replace(project.scenario("hit", name="together", tier="l1", readers=8), environment=PLAIN),
        project.scenario("frame"),
    ]
    folder = tmp_path_factory.mktemp("runs") / "odd"
    return run_here(installed, scenarios, folder, RunOptions((MEMRAY,), jobs=2))


def test_another_serializer_in_the_decorator_shows(odd: Report) -> None:
    arrow, auto = (result_of(odd, name).metrics for name in ("received", "received_by_auto"))
    assert arrow["peak.heap"] == pytest.approx(3, abs=0.1 + ARENA)
    assert auto["peak.heap"] == pytest.approx(4, abs=0.1 + ARENA)
    assert auto["copies.total"] - arrow["copies.total"] == pytest.approx(1, abs=0.1 + ARENA)


def test_a_copy_in_the_users_own_code_is_theirs(odd: Report, project: OwnProject) -> None:
    plain, copied = result_of(odd, "mapped"), result_of(odd, "copied")
    assert copied.metrics["copies.other"] == pytest.approx(1, abs=0.1 + ARENA)
    (site,) = large_sites(copied, "other")
    assert (site.place.file, site.place.line) == ("orders.py", project.line_of(".to_numpy().copy()"))
    for stage in ("backend_map", "unwrap", "decode", "materialize", "handover", "stats"):
        figure = f"copies.{stage}"
        assert copied.metrics[figure] == pytest.approx(plain.metrics[figure], abs=0.05 + ARENA), stage


def test_a_backend_that_the_module_names_in_the_environment(odd: Report) -> None:
    result = result_of(odd, "unnamed")
    assert (result.reason, result.scenario.caching.backend) == (None, "redis")


def test_several_readers_of_one_function(odd: Report) -> None:
    # Each of eight threads may take an arena for its small objects.
    assert 8 <= result_of(odd, "together").metrics["copies.total"] < 8.5 + 8 * ARENA


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("refused", "is never read from the cache, but runs each time: cache_info() counts 0 hits and 2 mis"),
        ("refused", "The value can't be stored: SerializationError: Failed to serialize data with default"),
        ("leaving", "orders:leaving failed when it was called with no arguments: SystemExit: 3"),
        ("frame", "orders:frame is not decorated by cachekit, so that it is never read from a cache"),
        ("large", "no read of orders:large is an L1 hit: its frame of 2,1"),
        ("large", "is larger than what L1 takes, with a budget of 1,048,576 bytes"),
    ],
)
def test_what_can_not_be_measured_is_said(odd: Report, name: str, words: str) -> None:
    result = result_of(odd, name)
    assert result.verdict == "unmeasured"
    assert words in str(result.reason)


def test_a_value_of_chance_is_read_and_that_is_said(odd: Report) -> None:
    result = result_of(odd, "chance")
    assert result.reason is None
    assert any("returned another value when it was run a second time" in note for note in result.notes)
    assert result_of(odd, "nested").notes == ()


def test_nothing_of_the_users_is_touched(
    measured: Report, odd: Report, project: OwnProject, theirs: OwnRedis
) -> None:
    assert project.imports > 20
    assert project.is_untouched
    assert theirs.keys() == [b"theirs"]
    texts = [path.read_text() for one in (measured, odd) for path in documents_of(one)]
    assert len(texts) > 20
    assert not [text for text in texts if str(project.folder) in text or theirs.password in text]


def documents_of(report: Report) -> list[Path]:
    """Those of its run folder, but for what is read together with memray's captures, which have paths."""
    assert report.run_folder is not None
    return [path for path in report.run_folder.rglob("*.json") if not path.name.endswith("-memray.json")]


@dataclass(frozen=True)
class Fault:
    """A fault of cachekit's on the way of an own function, and what has to be seen of it."""

    name: str
    function: str
    tier: str
    stage: str
    instruments: tuple[str, ...]
    figures: dict[str, float]


FAULTS = (
    Fault(
        "unwrap-copies",
        "hit",
        "l1",
        "unwrap",
        (MEMRAY, ALIASING),
        {"copies.unwrap": 1, "verbatim.unwrap": 1, "copies.other": 0},
    ),
    Fault("get-keeps-the-first-frame", "got", "l2", "backend_get", (RETENTION,), {"held.first": 1}),
)


@pytest.mark.release
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_copy_planted_into_cachekit_is_found_on_its_stage(
    fault: Fault, newest: Target, faulty: Callable[[str], Copy], project: OwnProject, tmp_path: Path
) -> None:
    copy = faulty(fault.name)
    target = Target(fault.name, copy.python, newest.versions)
    scenario = project.scenario(fault.function, tier=fault.tier)
    report = run_here(target, [scenario], tmp_path / "run", RunOptions(fault.instruments, jobs=2))
    result = result_of(report, fault.function)
    found = {metric: result.metrics[metric] for metric in fault.figures}
    # Of two processes, whose difference it is, each may have taken an arena more.
    assert found == pytest.approx(fault.figures, abs=0.05 + 2 * ARENA)
    if MEMRAY in fault.instruments:
        assert copy.where in sites(result, fault.stage)


def sites(result: Result, stage: str) -> list[tuple[str, int]]:
    return [(site.place.file, site.place.line) for site in large_sites(result, stage)]


@pytest.fixture
def shop(project: OwnProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Finished]:
    """The command line in the project's folder, with runs of its own."""
    monkeypatch.chdir(project.folder)
    return lambda *words: cli(*words, XDG_STATE_HOME=str(tmp_path / "state"))


def figures(ended: Finished) -> Any:
    (result,) = json.loads(ended.stdout)["results"]
    return result["metrics"]


def test_the_printed_command_measures_the_same_and_a_folder_runs_nothing(
    shop: Callable[..., Finished], project: OwnProject, tmp_path: Path
) -> None:
    words = ("--call", "orders:mapped", "--instrument", "memray", "--json", "-")
    first = shop("run", *words, "-q")
    assert first.status == 0, first.stderr
    before = project.imports
    page = shop("report", "last", "--format", "markdown")
    assert shop("compare", "last", "last").status == 0
    assert shop("runs").status == 0
    assert project.imports == before

    command = page.stdout.partition("To measure it again:\n\n```sh\n")[2].partition("\n")[0]
    program, *again = shlex.split(command)
    assert program == "cachekit-memprobe"
    second = shop(*again, "--json", "-", "-q")
    assert second.status == 0, second.stderr
    assert project.imports > before
    one, other = figures(first), figures(second)
    assert one["copies.total"] == pytest.approx(other["copies.total"], abs=0.05 + ARENA)


def test_init_writes_a_budget_that_was_measured_and_is_kept(
    shop: Callable[..., Finished], project: OwnProject
) -> None:
    file = project.folder / "hit.toml"
    try:
        made = shop("init", "--call", "orders:hit", "--tier", "l1", "--quick", "hit.toml")
        assert made.status == 0, made.stderr
        run = shop("run", "hit.toml", "--quick", "--json", "-", "-q")
        assert run.status == 0, run.stderr
        again = shop("init", "--call", "orders:hit", "hit.toml")
        assert (again.status, again.stdout) == (2, "")
        assert "hit.toml exists and is not overwritten" in again.stderr
        foreign = project.folder.parent / "foreign.toml"
        foreign.write_text(file.read_text())
        refused = shop("run", "../foreign.toml", "--quick")
        assert refused.status == 2
        assert "lies outside of the project that you are in" in refused.stderr
    finally:
        file.unlink(missing_ok=True)
