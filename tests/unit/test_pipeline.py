"""From a planned run to a report, with children that are none."""

import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from cachekit_memprobe import pipeline
from cachekit_memprobe.child.seen import FIRST_READ, RssSeen
from cachekit_memprobe.child.task import READ, SIZE, STORE, Task
from cachekit_memprobe.errors import CouldNotMeasure, UsageError
from cachekit_memprobe.findings import Evidence, findings_of
from cachekit_memprobe.measuring import measure
from cachekit_memprobe.metrics import ALIASING, RETENTION, RSS, TRACEMALLOC
from cachekit_memprobe.model import Limit, Measurement, Observations, Phase, Run, RunOptions, Scenario, Step
from cachekit_memprobe.replay.resident_set import Watch
from cachekit_memprobe.replay.supervisor import Cancelled
from cachekit_memprobe.result import Finding, Report, Result
from cachekit_memprobe.runstore import NOT_MEASURED_YET, RunFolder
from tests.again import attributed_again
from tests.golden.reports import SCENARIO, TARGET
from tests.unit.fake_supervisor import INSTRUMENTS, FakeSupervisor, name_of, use, well_done
from tests.unit.runstore.made import measured

MB = 1_000_000
Answer = Callable[[Task], Any]


def scenario(
    name: str, *, size_mb: int = 10, readers: int = 1, releases: str = "", file: str = ""
) -> Scenario:
    return replace(
        SCENARIO,
        name=name,
        value=replace(SCENARIO.value, logical_bytes=size_mb * MB, file=file),
        read=replace(SCENARIO.read, readers=readers),
        releases=releases,
        budget=(Limit("verbatim.unwrap", 1.5, None, "error"),),
    )


class Pipeline:
    """Runs scenarios, and keeps what came of it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = RunFolder.create(folder)
        self.supervisor = use(FakeSupervisor(), monkeypatch)
        self.steps: list[Step] = []

    def run(
        self,
        *scenarios: Scenario,
        answer: Answer = well_done,
        jobs: int = 1,
        instruments: Sequence[str] = INSTRUMENTS,
        ended: Callable[[Result], None] | None = None,
    ) -> Report:
        self.supervisor.answer = answer
        options = RunOptions(tuple(instruments), jobs=jobs, isolation="fork")
        planned = Run.planned(TARGET, options, scenarios)
        return pipeline.run(planned, self.folder, self.steps.append, ended=ended)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    return Pipeline(tmp_path / "run", monkeypatch)


def failing(where: Callable[[Task], bool], failure: BaseException) -> Answer:
    return lambda task: failure if where(task) else well_done(task)


def only(report: Report) -> Result:
    (result,) = report.results
    return result


class TestAScenarioThatIsMeasured:
    def test_is_stored_once_and_read_once_by_each_instrument(self, made: Pipeline) -> None:
        made.run(scenario("one"))
        assert made.supervisor.did[0] == ("one", STORE)
        processes = (*INSTRUMENTS, FIRST_READ)
        assert sorted(made.supervisor.did[1:]) == sorted(("one", done) for done in processes)

    def test_is_judged_by_what_the_instruments_saw(self, made: Pipeline) -> None:
        result = only(made.run(scenario("one")))
        assert (result.verdict, result.reason) == ("pass", None)
        assert result.payload is not None
        assert (result.payload.logical_bytes, result.payload.frame_bytes) == (10 * MB, 10 * MB + 10)
        expected = {"peak.tracemalloc": 1.0, "verbatim.unwrap": 1.0, "held.result": 1.0, "held.after": 0.0}
        assert {name: result.metrics[name] for name in expected} == expected
        assert [(budget.metric, budget.status) for budget in result.budgets] == [
            ("verbatim.unwrap", "within")
        ]

    def test_fails_its_budget(self, made: Pipeline) -> None:
        tight = replace(scenario("one"), budget=(Limit("verbatim.unwrap", 0.5, None, "error"),))
        result = only(made.run(tight))
        assert result.verdict == "fail"
        assert result.budgets[0].excess == pytest.approx(0.5)

    def test_has_been_saved(self, made: Pipeline) -> None:
        report = made.run(scenario("one"))
        assert pipeline.explain(RunFolder.open(made.folder.path)) == report
        assert attributed_again(made.folder.path) == report
        _, (saved,) = made.folder.load()
        assert [name for name, _ in saved.seen.each()] == list(INSTRUMENTS)

    def test_is_read_with_what_its_store_has_told(self, made: Pipeline) -> None:
        made.run(scenario("one"))
        store, *reads = made.supervisor.tasks
        assert (store.operation, {task.operation for task in reads}) == (STORE, {READ})
        assert {task.stored.frame_bytes["measured"] for task in reads} == {10 * MB + 10}
        assert {launch.python for launch in made.supervisor.launches} == {TARGET.python}

    def test_tells_its_steps(self, made: Pipeline) -> None:
        made.run(scenario("one"))
        first, *between, last = made.steps
        assert (first, last) == (Step("one", Phase.STORING), Step("one", Phase.DONE))
        assert {step.phase for step in between} == {Phase.MEASURING}
        assert sorted(step.detail for step in between) == sorted(INSTRUMENTS)

    def test_leaves_no_supervisor(self, made: Pipeline) -> None:
        made.run(scenario("one"))
        assert made.supervisor.closed
        assert not made.supervisor.cancelled


class TestAFailure:
    @pytest.mark.parametrize("jobs", [1, 2])
    @pytest.mark.parametrize("done", [STORE, TRACEMALLOC, RETENTION])
    def test_of_one_scenario_leaves_the_others(self, made: Pipeline, done: str, jobs: int) -> None:
        where = failing(
            lambda task: name_of(task) == "two" and (task.instrument or task.operation) == done,
            CouldNotMeasure("no luck"),
        )
        report = made.run(scenario("one"), scenario("two"), scenario("three"), answer=where, jobs=jobs)
        verdicts = {result.scenario.name: (result.verdict, result.reason) for result in report.results}
        assert verdicts == {"one": ("pass", None), "two": ("unmeasured", "no luck"), "three": ("pass", None)}
        assert [step.scenario for step in made.steps].count("two") >= 2
        assert Step("two", Phase.DONE) in made.steps
        assert not made.supervisor.cancelled

    def test_of_the_store_starts_no_read(self, made: Pipeline) -> None:
        where = failing(lambda task: task.operation == STORE, CouldNotMeasure("no luck"))
        result = only(made.run(scenario("one"), answer=where))
        assert (result.verdict, result.reason, result.payload) == ("unmeasured", "no luck", None)
        assert made.supervisor.did == [("one", STORE)]
        assert made.steps == [Step("one", Phase.STORING), Step("one", Phase.DONE)]

    @pytest.mark.parametrize("instrument", INSTRUMENTS)
    def test_is_the_reason_whichever_process_it_was(self, made: Pipeline, instrument: str) -> None:
        where = failing(lambda task: task.instrument == instrument, CouldNotMeasure("no luck"))
        result = only(made.run(scenario("one"), answer=where))
        assert (result.verdict, result.reason) == ("unmeasured", "no luck")

    def test_keeps_what_was_seen_before_it(self, made: Pipeline) -> None:
        # After a failure none is started any more, and which of them comes first is chance.
        others = threading.Barrier(len(INSTRUMENTS), timeout=60)

        def answer(task: Task) -> Any:
            if task.instrument:
                others.wait()
            return CouldNotMeasure("no luck") if task.instrument == RETENTION else well_done(task)

        made.run(scenario("one"), answer=answer, jobs=len(INSTRUMENTS))
        _, (saved,) = made.folder.load()
        assert [name for name, _ in saved.seen.each()] == [TRACEMALLOC, ALIASING]
        assert saved.payload is not None

    def test_of_this_program_is_told_with_its_place_and_leaves_the_others(self, made: Pipeline) -> None:
        where = failing(lambda task: name_of(task) == "one" and task.operation == STORE, KeyError("a bug"))
        one, two = made.run(scenario("one"), scenario("two"), answer=where).results
        assert two.verdict == "pass"
        assert re.fullmatch(
            r"this is a bug in cachekit-memprobe: KeyError in fake_supervisor\.py:\d+: 'a bug'",
            str(one.reason),
        )

    @pytest.mark.parametrize("failure", [KeyboardInterrupt(), Cancelled()])
    def test_that_is_none_of_a_scenario_ends_the_run(self, made: Pipeline, failure: BaseException) -> None:
        where = failing(lambda task: name_of(task) == "two" and task.instrument == ALIASING, failure)
        with pytest.raises(type(failure)):
            made.run(scenario("one"), scenario("two"), scenario("three"), answer=where)
        assert made.supervisor.cancelled
        assert made.supervisor.closed
        report = pipeline.explain(RunFolder.open(made.folder.path))
        reasons = [result.reason for result in report.results]
        assert reasons[0] is None
        assert reasons[1] == NOT_MEASURED_YET


class TestAScenarioThatDoesNotApply:
    def test_is_not_measured_and_said_to_be_none(self, made: Pipeline) -> None:
        report = made.run(scenario("old", releases=">=0.10.0"), scenario("one"))
        first, second = report.results
        assert (first.verdict, first.reason) == ("not_applicable", "it is for releases >=0.10.0")
        assert second.verdict == "pass"
        assert {name for name, _ in made.supervisor.did} == {"one"}
        assert [step for step in made.steps if step.scenario == "old"] == [Step("old", Phase.DONE)]


class TestTheOrder:
    def test_is_the_longest_first_and_in_the_report_the_users(self, made: Pipeline) -> None:
        names = ("small", "large", "crowded", "small-too")
        sizes = {"small": (1, 1), "large": (20, 1), "crowded": (5, 8), "small-too": (1, 1)}
        scenarios = [scenario(name, size_mb=sizes[name][0], readers=sizes[name][1]) for name in names]
        report = made.run(*scenarios)
        stored = [name for name, done in made.supervisor.did if done == STORE]
        assert stored == ["crowded", "large", "small", "small-too"]
        assert [result.scenario.name for result in report.results] == list(names)


class TestTheUsersOwnData:
    def test_is_loaded_once_to_know_its_size(self, made: Pipeline) -> None:
        report = made.run(scenario("one", file="/data/a.csv"), scenario("two", file="/data/a.csv"))
        assert [done for _, done in made.supervisor.did].count(SIZE) == 1
        assert [result.scenario.value.logical_bytes for result in report.results] == [12 * MB] * 2
        assert [result.scenario.value.file for result in report.results] == ["a.csv"] * 2
        assert Step("one", Phase.LOADING) in made.steps

    def test_that_can_not_be_loaded_costs_its_own_scenarios_only(self, made: Pipeline) -> None:
        where = failing(lambda task: task.value.file == "/data/bad.csv", CouldNotMeasure("bad.csv: no luck"))
        report = made.run(
            scenario("bad", file="/data/bad.csv"),
            scenario("worse", file="/data/bad.csv"),
            scenario("good", file="/data/good.csv"),
            scenario("made"),
            answer=where,
        )
        assert [result.reason for result in report.results] == ["bad.csv: no luck"] * 2 + [None] * 2
        assert [done for _, done in made.supervisor.did].count(SIZE) == 2
        assert Step("worse", Phase.DONE) in made.steps

    def test_of_a_process_that_died_of_it_the_file_is_named(self, made: Pipeline) -> None:
        killed = CouldNotMeasure("the measured process was killed by signal 11 (SIGSEGV)")
        where = failing(lambda task: task.operation == SIZE, killed)
        report = made.run(scenario("bad", file="/data/a\n.csv"), answer=where)
        assert (
            only(report).reason == f"'a\\n.csv': it can't be loaded; check that the file is whole: {killed}"
        )

    def test_is_loaded_within_the_memory_that_is_free(self, made: Pipeline) -> None:
        made.run(scenario("one", file="/data/a.csv"))
        limits = {task.operation: task.memory_bytes for task in made.supervisor.tasks}
        assert 0 < limits.pop(SIZE) < psutil.virtual_memory().total
        assert set(limits.values()) == {0}


class TestAResult:
    """That is told while other scenarios are still measured."""

    def test_is_that_of_the_report_and_is_made_once(
        self, made: Pipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told: list[Result] = []
        where = failing(lambda task: name_of(task) == "two", CouldNotMeasure("no luck"))
        again: list[Measurement] = []

        def results_of(found: Iterable[Measurement], *_: object) -> list[Result]:
            again.extend(found)
            return []

        monkeypatch.setattr("cachekit_memprobe.pipeline.results_of", results_of)
        tight = replace(scenario("three"), budget=(Limit("verbatim.unwrap", 0.5, None, "error"),))
        other = scenario("four", releases=">=99")
        report = made.run(scenario("one"), scenario("two"), tight, other, answer=where, ended=told.append)
        assert again == []
        monkeypatch.undo()
        assert report == pipeline.explain(RunFolder.open(made.folder.path))
        verdicts = [(result.scenario.name, result.verdict) for result in report.results]
        assert verdicts == [
            ("one", "pass"),
            ("two", "unmeasured"),
            ("three", "fail"),
            ("four", "not_applicable"),
        ]
        assert sorted(told, key=lambda one: one.scenario.name) == sorted(
            report.results, key=lambda one: one.scenario.name
        )

    def test_comes_later_where_no_process_can_be_started(
        self, made: Pipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told: list[Result] = []
        monkeypatch.setattr(sys, "executable", "/nowhere/python")
        report = made.run(scenario("one"), ended=told.append)
        assert (only(report).verdict, told) == ("pass", [only(report)])

    def test_comes_later_where_the_process_dies(
        self, made: Pipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told: list[Result] = []
        monkeypatch.setattr("cachekit_memprobe.meanwhile._SERVE", "import os; os._exit(1)")
        report = made.run(scenario("one"), scenario("two"), ended=told.append)
        assert [result.verdict for result in report.results] == ["pass", "pass"]
        assert tuple(told) == report.results

    def test_that_nobody_can_be_told_ends_the_run_and_hangs_nothing(self, made: Pipeline) -> None:
        def broken(_result: Result) -> None:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            made.run(scenario("one"), scenario("two"), scenario("three"), ended=broken)

    def test_leaves_no_process_when_a_run_is_ended(self, made: Pipeline) -> None:
        where = failing(lambda task: name_of(task) == "two", KeyboardInterrupt())
        before = set(psutil.Process().children(recursive=True))
        with pytest.raises(KeyboardInterrupt):
            made.run(scenario("one"), scenario("two"), answer=where, ended=lambda _: None)
        assert set(psutil.Process().children(recursive=True)) <= before
        _, (one, _two) = made.folder.load()
        assert one.reason is None


def test_a_signal_while_a_thread_starts_leaves_no_thread(
    made: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Thread.start
    sent: list[threading.Thread] = []

    def interrupted(thread: threading.Thread) -> None:
        start(thread)
        if not sent and "ThreadPool" in thread.name:
            sent.append(thread)
            signal.raise_signal(signal.SIGINT)

    def slowly(task: Task) -> Any:
        time.sleep(0.2)
        return well_done(task)

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        made.run(scenario("one"), scenario("two"), answer=slowly)
    assert sent
    assert not sent[0].is_alive()


def test_a_value_larger_than_memory_costs_its_own_scenario_only(made: Pipeline) -> None:
    report = made.run(scenario("huge", size_mb=10**9), scenario("good"))
    huge, good = report.results
    assert str(huge.reason).startswith("it takes about ")
    assert "of memory, but only " in str(huge.reason)
    assert good.reason is None
    assert {name for name, _ in made.supervisor.did} == {"good"}


@pytest.mark.parametrize("as_deployed", [True, False])
def test_rss_is_measured_in_fresh_processes_after_the_store(
    made: Pipeline, as_deployed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its figures come from outside: here nobody has looked."""
    monkeypatch.setattr(Watch, "require_all", lambda *_: None)
    made.supervisor.answer = lambda task: RssSeen("0.9.1") if task.instrument == RSS else well_done(task)
    options = RunOptions((RSS, TRACEMALLOC), reads=3, repeat=2, jobs=1, as_deployed=as_deployed)
    measure(Run.planned(TARGET, options, [scenario("one")]), made.folder, made.steps.append)
    assert made.supervisor.did[0] == ("one", STORE)
    assert sorted(made.supervisor.did[1:]) == sorted(("one", done) for done in (RSS, RSS, TRACEMALLOC))
    resident = [task for task in made.supervisor.tasks if task.instrument == RSS]
    assert {(task.operation, task.reads, task.pinned) for task in resident} == {(READ, 3, not as_deployed)}
    assert all(task.stored.frame_bytes for task in resident)
    fresh = [launch.task.instrument for launch in made.supervisor.launches if launch.fresh]
    assert fresh == [RSS, RSS]
    assert {task.pinned for task in made.supervisor.tasks if task.instrument != RSS} == {True}


def test_observations_that_make_no_sense_are_no_measurement(made: Pipeline) -> None:
    options = RunOptions((RSS,))
    made.folder.save_run(Run.planned(TARGET, options, [scenario("one")]))
    made.folder.save_measurement(measured(scenario("one"), Observations(rss=(RssSeen("0.9.1"),))))
    result = only(pipeline.explain(made.folder))
    assert result.verdict == "unmeasured"
    assert result.reason == (
        "scenarios/one/00-rss.json is broken: seen.reads: there are none; "
        "restore it, or measure the scenario again"
    )


def test_what_nobody_has_thought_of_costs_its_own_scenario_only_and_is_called_a_bug(
    made: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.run(scenario("one"), scenario("two"))

    def find(evidence: Evidence) -> tuple[Finding, ...]:
        return findings_of(evidence) if evidence.scenario.name == "two" else (1 / 0,)  # type: ignore[return-value]

    monkeypatch.setattr("cachekit_memprobe.explaining.findings_of", find)
    one, two = attributed_again(made.folder.path).results
    assert (one.verdict, two.verdict) == ("unmeasured", "pass")
    assert str(one.reason).startswith(
        "this is a bug in cachekit-memprobe: ZeroDivisionError in test_pipeline.py:"
    )
    assert "test_pipeline.py:" in str(one.reason)


@pytest.mark.parametrize("when", ["nonsense <", "polars<1", "pandas<" + "9" * 5000])
def test_a_saved_condition_that_is_none_is_no_pass(made: Pipeline, when: str) -> None:
    limit = Limit("verbatim.unwrap", 1.5, None, "error", when)
    report = made.run(replace(scenario("one"), budget=(limit,)), scenario("two"))
    one, two = report.results
    assert (one.verdict, two.verdict) == ("unmeasured", "pass")
    assert str(one.reason).startswith("can't tell whether the limit on verbatim.unwrap ")


def test_what_could_not_be_read_again_is_not_measured_at_all(made: Pipeline) -> None:
    planned = Run.planned(TARGET, RunOptions(("rss",), timeout_s=float("inf")), [scenario("one")])
    with pytest.raises(UsageError, match=r"options\.timeout_s: it is too large"):
        pipeline.run(planned, made.folder, made.steps.append)
    assert made.supervisor.did == []
