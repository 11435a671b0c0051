from dataclasses import replace
from pathlib import Path

import pytest

from cachekit_memprobe.model import Measurement, Payload, Run, RunOptions, Scenario, Target
from cachekit_memprobe.runstore import Histories
from tests.golden.reports import CREATED, OPTIONS, SCENARIO, TARGET

OTHER = replace(SCENARIO, name="another")
PLANNED = Run(CREATED, TARGET, OPTIONS, (SCENARIO, OTHER))
PAYLOAD = Payload(1_000_000, 1_000_000)


@pytest.fixture
def histories(tmp_path: Path) -> Histories:
    return Histories(tmp_path / "history")


def measured(histories: Histories, *scenarios: Scenario, planned: Run = PLANNED) -> str:
    """A run that was ended when these scenarios were measured; its name."""
    folder = histories.new_run("0.9.1")
    folder.save_run(planned)
    for scenario in scenarios:
        folder.save_measurement(Measurement(scenario, PAYLOAD))
    return histories.name_of(folder)


def found(
    histories: Histories,
    *scenarios: Scenario,
    target: Target = TARGET,
    options: RunOptions = OPTIONS,
    release: str = "0.9.1",
) -> dict[str, str]:
    kept = histories.find(release, lambda one: one.versions == target.versions, options, scenarios)
    return {name: one.run for name, one in kept.items()}


def test_what_was_measured_before_a_run_ended_is_found(histories: Histories) -> None:
    run = measured(histories, OTHER)
    assert found(histories, SCENARIO, OTHER) == {"another": run}
    assert run.startswith("0.9.1/")


def test_the_scenarios_of_a_point_may_lie_in_several_runs(histories: Histories) -> None:
    runs = measured(histories, OTHER), measured(histories, SCENARIO)
    assert found(histories, SCENARIO, OTHER) == {"another": runs[0], SCENARIO.name: runs[1]}


def test_how_many_at_a_time_changes_no_figure(histories: Histories) -> None:
    run = measured(histories, SCENARIO)
    assert found(histories, SCENARIO, options=replace(OPTIONS, jobs=7)) == {SCENARIO.name: run}


@pytest.mark.parametrize(
    "differing",
    [
        {"options": replace(OPTIONS, reads=3)},
        {"target": replace(TARGET, versions={**TARGET.versions, "pandas": "2.3.3"})},
        {"release": "0.10.0"},
    ],
)
def test_what_differs_is_not_found(histories: Histories, differing: dict[str, object]) -> None:
    measured(histories, SCENARIO)
    assert found(histories, SCENARIO, **differing) == {}  # type: ignore[arg-type]


def test_another_scenario_of_the_same_name_is_not_found(histories: Histories) -> None:
    measured(histories, SCENARIO)
    larger = replace(SCENARIO, value=replace(SCENARIO.value, logical_bytes=1 << 30))
    assert found(histories, larger) == {}


def test_what_could_not_be_measured_is_tried_again(histories: Histories) -> None:
    folder = histories.new_run("0.9.1")
    folder.save_run(PLANNED)
    folder.save_measurement(Measurement.failed(SCENARIO, "out of memory"))
    folder.save_measurement(Measurement.not_applicable(OTHER, "it is for later releases"))
    assert found(histories, SCENARIO, OTHER) == {"another": histories.name_of(folder)}


def test_a_folder_that_is_no_run_yet_is_passed_over(histories: Histories) -> None:
    run = measured(histories, SCENARIO)
    histories.new_run("0.9.1")
    (histories.path / "0.9.1" / "notes.txt").touch()
    assert found(histories, SCENARIO) == {SCENARIO.name: run}


@pytest.mark.parametrize("name", ["../../elsewhere", "..", ".", "/tmp", ""])
def test_a_name_cannot_lead_out_of_the_folder(histories: Histories, name: str) -> None:
    folder = histories.new_run(name)
    assert folder.path.resolve().parents[1] == histories.path.resolve()


def test_before_anything_is_measured_nothing_is_found(histories: Histories) -> None:
    assert found(histories, SCENARIO) == {}
