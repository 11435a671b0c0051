from dataclasses import replace
from pathlib import Path

import pytest

from cachekit_memprobe.model import Measurement, Payload, Run
from cachekit_memprobe.runstore import RunFolder, same_run
from tests.golden.reports import CREATED, OPTIONS, SCENARIO, TARGET

PLANNED = Run(CREATED, TARGET, OPTIONS, (SCENARIO,))


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def finished(planned: Run = PLANNED) -> RunFolder:
    folder = RunFolder.create()
    folder.save_run(planned)
    for scenario in planned.scenarios:
        folder.save_measurement(Measurement(scenario, Payload(1_000_000, 1_000_000)))
    return folder


def test_what_was_measured_in_the_same_way_is_found() -> None:
    folder = finished()
    later = replace(PLANNED, created="2027-01-01T00:00:00+00:00", options=replace(OPTIONS, jobs=7))
    assert same_run(later) == folder.path


@pytest.mark.parametrize(
    "other",
    [
        replace(PLANNED, options=replace(OPTIONS, instruments=("rss",))),
        replace(PLANNED, options=replace(OPTIONS, repeat=4)),
        replace(PLANNED, target=replace(TARGET, versions={**TARGET.versions, "pandas": "2.3.3"})),
        replace(PLANNED, target=replace(TARGET, spec="latest")),
        replace(PLANNED, scenarios=(SCENARIO, replace(SCENARIO, name="another"))),
        replace(PLANNED, scenarios=(replace(SCENARIO, budget=()),)),
    ],
)
def test_what_differs_is_measured(other: Run) -> None:
    finished()
    assert same_run(other) is None


def test_a_run_that_ended_before_its_end_is_not_enough() -> None:
    RunFolder.create().save_run(PLANNED)
    assert same_run(PLANNED) is None


def test_what_could_not_be_measured_is_tried_again() -> None:
    folder = finished()
    folder.save_measurement(Measurement.failed(SCENARIO, "out of memory"))
    assert same_run(PLANNED) is None


def test_without_any_run_there_is_none() -> None:
    assert same_run(PLANNED) is None
