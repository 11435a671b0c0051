"""The records that go through the program."""

from dataclasses import FrozenInstanceError, fields, is_dataclass
from pathlib import Path

import pytest

from cachekit_memprobe import model, result, sweep
from cachekit_memprobe.child import seen, stages, task
from cachekit_memprobe.child.seen import BareSeen, RetentionSeen, RssSeen, TracemallocSeen
from cachekit_memprobe.model import Measurement, Observations, Phase, Run, RunOptions, Step, Target
from tests.golden.reports import SCENARIO, TARGET


def test_every_record_is_frozen() -> None:
    everything = [
        thing for module in (model, result, seen, stages, sweep, task) for thing in vars(module).values()
    ]
    records = {thing for thing in everything if isinstance(thing, type) and is_dataclass(thing)}
    assert len(records) > 40
    for record in records:
        blank = object.__new__(record)
        with pytest.raises(FrozenInstanceError):
            setattr(blank, fields(record)[0].name, None)


def test_a_target_knows_its_cachekit() -> None:
    target = Target("installed", Path("python"), {"cachekit": "0.24.1", "python": "3.11.7"})
    assert target.cachekit == "0.24.1"


@pytest.mark.parametrize(("observed", "excess"), [(2.0, 0.5), (1.5, 0.0), (0.2, 0.0), (None, 0.0)])
def test_only_what_is_over_a_limit_is_excess(observed: float | None, excess: float) -> None:
    assert result.BudgetResult("rss.peak", 1.5, observed, "error", "within").excess == excess


def test_a_run_is_planned_for_now_and_nothing_is_multiplied_unless_said() -> None:
    run = Run.planned(TARGET, RunOptions(("rss",)), [SCENARIO])
    assert run.scenarios == (SCENARIO,)
    assert run.sweep == sweep.Sweep()
    assert run.created.endswith("+00:00")
    assert Run.planned(TARGET, RunOptions(()), [], sweep.Sweep(sizes=("1MB",))).sweep.sizes == ("1MB",)


def test_a_scenario_that_was_not_measured_says_why() -> None:
    failed = Measurement.failed(SCENARIO, "no luck")
    inapplicable = Measurement.not_applicable(SCENARIO, "too old")
    assert (failed.payload, failed.reason, failed.applies) == (None, "no luck", True)
    assert (inapplicable.payload, inapplicable.reason, inapplicable.applies) == (None, "too old", False)
    assert list(failed.seen.each()) == list(inapplicable.seen.each()) == []


class TestObservations:
    HELD = seen.Held(1, 2, 3, 4)

    def test_are_told_in_the_order_of_the_instruments_whenever_they_came(self) -> None:
        first, second = RssSeen("1", pinned=False), RssSeen("2")
        retention = RetentionSeen("3", self.HELD, (), self.HELD, None)
        traced = TracemallocSeen("4", {"stats": 1}, 1, None, None, None)
        observations = Observations()
        for one in (retention, first, traced, BareSeen("5"), second):
            observations = observations.adding(one)
        assert list(observations.each()) == [
            ("rss", first),
            ("rss", second),
            ("tracemalloc", traced),
            ("retention", retention),
        ]

    def test_know_the_stages_by_the_first_instrument_that_followed_the_read(self) -> None:
        traced = TracemallocSeen("4", {"stats": 1}, 1, None, None, None)
        aliasing = seen.AliasingSeen("4", {"stats": 2}, (), {}, ())
        assert Observations(rss=(RssSeen("1"),)).stage_calls is None
        assert Observations(aliasing=aliasing).stage_calls == {"stats": 2}
        assert Observations(aliasing=aliasing, tracemalloc=traced).stage_calls == {"stats": 1}


def test_progress_is_said_in_words() -> None:
    assert Step("x", Phase.MEASURING, "rss 1/2").phase.value == "measuring"
    assert all(phase.value for phase in Phase)


def test_a_connection_shows_nothing_of_itself() -> None:
    secret = model.Connection(task.Link("ns", api_key="hush"), {"CACHEKIT_REDIS_URL": "hush"})
    assert repr(secret) == "Connection()"
