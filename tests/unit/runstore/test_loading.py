"""What was saved is loaded again, as it was."""

from dataclasses import replace
from pathlib import Path

from cachekit_memprobe import runstore
from cachekit_memprobe.model import Limit, Measurement, Payload, Run
from cachekit_memprobe.runstore import RunFolder
from cachekit_memprobe.sweep import Skipped, Sweep, Variant
from tests.golden.reports import CREATED, PAYLOAD, SCENARIO, TARGET
from tests.unit.runstore.made import (
    CAPTURE,
    OPTIONS,
    OTHER,
    RSS,
    begun,
    edit,
    measured,
    memray_seen,
    run_of,
    saved,
)


def only_measurement_of(folder: RunFolder) -> Measurement:
    _, (measurement,) = folder.load()
    return measurement


def test_what_was_saved_is_loaded_again(tmp_path: Path) -> None:
    folder = saved(tmp_path / "run")

    run, (loaded,) = RunFolder.open(folder.path).load()

    assert run == Run(CREATED, replace(TARGET, python=Path()), OPTIONS, ())
    assert (loaded.scenario, loaded.payload, loaded.reason, loaded.applies) == (SCENARIO, PAYLOAD, None, True)
    assert loaded.seen.rss == RSS
    assert loaded.seen.memray == replace(memray_seen(folder.path), capture=CAPTURE)
    assert [name for name, _ in loaded.seen.each()] == ["rss", "rss", "memray"]


def test_a_folder_that_was_moved_still_has_its_capture(tmp_path: Path) -> None:
    folder = saved(tmp_path / "run")
    folder.path.rename(tmp_path / "moved")
    seen = only_measurement_of(RunFolder.open(tmp_path / "moved")).seen.memray
    assert seen is not None
    assert (tmp_path / "moved" / seen.capture).read_bytes() == b"capture"


def test_an_observation_has_a_file_of_its_own(tmp_path: Path) -> None:
    saved(tmp_path / "run")
    files = {path.name for path in (tmp_path / "run/scenarios/arrow-l1-hit").iterdir()}
    assert files == {
        "measurement.json",
        "00-rss.json",
        "01-rss.json",
        "02-memray.json",
        "memray.bin",
        "SHA256SUMS",
    }


def test_measurements_come_in_the_order_of_the_run(tmp_path: Path) -> None:
    folder = begun(tmp_path / "run", (SCENARIO, OTHER))
    folder.save_measurement(measured(OTHER))
    folder.save_measurement(measured(SCENARIO))

    _, measurements = folder.load()

    assert [entry.scenario.name for entry in measurements] == [SCENARIO.name, OTHER.name]


def test_a_scenario_that_the_run_did_not_reach_is_unmeasured(tmp_path: Path) -> None:
    folder = begun(tmp_path / "run", (SCENARIO, OTHER))
    folder.save_measurement(measured(SCENARIO))

    _, measurements = RunFolder.open(folder.path).load()

    assert [entry.reason for entry in measurements] == [None, runstore.NOT_MEASURED_YET]


def test_a_failure_and_a_scenario_that_does_not_apply_are_kept(tmp_path: Path) -> None:
    folder = begun(tmp_path / "run", (SCENARIO, OTHER))
    folder.save_measurement(Measurement.failed(SCENARIO, "killed\n  tail"))
    folder.save_measurement(Measurement.not_applicable(OTHER, "too old"))

    _, (failed, inapplicable) = folder.load()

    assert (failed.reason, failed.applies) == ("killed\n  tail", True)
    assert (inapplicable.reason, inapplicable.applies) == ("too old", False)


def test_no_folder_of_the_machine_is_saved(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run")
    target = replace(TARGET, spec="/home/someone/envs/0.9.1/bin/python")
    folder.save_run(replace(run_of(OTHER), target=target))
    folder.save_measurement(measured(OTHER))

    texts = [path.read_text() for path in folder.path.rglob("*.json")]
    run, (entry,) = folder.load()

    assert not any("someone" in text for text in texts)
    assert (run.target.spec, entry.scenario.source) == ("python", "a-first.toml")


def test_of_the_users_own_data_the_name_is_saved_but_no_folder(tmp_path: Path) -> None:
    value = replace(SCENARIO.value, kind="file", file="/home/someone/data/prices.parquet")
    folder = begun(tmp_path / "run", (replace(SCENARIO, value=value),))

    assert only_measurement_of(folder).scenario.value.file == "prices.parquet"
    assert not [path for path in folder.path.rglob("*.json") if "someone" in path.read_text()]


def test_undecodable_text_can_be_read_back(tmp_path: Path) -> None:
    folder = begun(tmp_path / "run")
    folder.save_measurement(Measurement.failed(SCENARIO, "no file \udcff"))
    assert only_measurement_of(folder).reason == "no file ?"


def test_a_budget_in_bytes_and_a_value_without_a_payload_are_kept(tmp_path: Path) -> None:
    limits = (Limit("rss.peak", None, 10, "warn"), Limit("peak.heap", 1.0, None, "error", "pandas<3"))
    scenario = replace(SCENARIO, budget=limits, needs=("redis",))
    folder = begun(tmp_path / "run", (scenario,))
    folder.save_measurement(Measurement(scenario, Payload(1, 2)))
    assert only_measurement_of(folder).scenario == scenario


def test_how_the_scenarios_were_multiplied_is_saved(tmp_path: Path) -> None:
    variant = Variant("arrow-l1-hit", "64MB", {"tier": "l2"}, {"route": "get"})
    sweep = Sweep(
        sizes=("64MB", "128MB"),
        axes={"tier": ("l1", "l2")},
        skipped=(Skipped("arrow-l1-hit", {"tier": "reference"}, "no such read"),),
        predict_bytes=(1 << 30,),
    )
    folder = RunFolder.create(tmp_path / "run")
    folder.save_run(replace(run_of(replace(SCENARIO, variant=variant)), sweep=sweep))

    run, (loaded,) = folder.load()

    assert run.sweep == sweep
    assert loaded.scenario.variant == variant


def test_a_run_that_was_saved_before_there_were_sweeps_is_read(tmp_path: Path) -> None:
    folder = saved(tmp_path / "run")
    edit(folder.path / "run.json", lambda document: document.pop("sweep"))
    file = folder.path / "scenarios/arrow-l1-hit/measurement.json"
    edit(file, lambda document: document["scenario"].pop("variant"))

    run, (loaded,) = folder.load()

    assert run.sweep == Sweep()
    assert loaded.scenario.variant is None
