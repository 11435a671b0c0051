import json
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cachekit_memprobe import runstore
from cachekit_memprobe.errors import EXIT_USAGE, MemprobeError, UsageError
from cachekit_memprobe.model import Limit, Measurement, Observation, Payload, RunOptions, Scenario
from cachekit_memprobe.runstore import RunFolder
from cachekit_memprobe.sweep import Skipped, Sweep, Variant
from tests.conftest import Home
from tests.golden.reports import CREATED, PAYLOAD, SCENARIO, TARGET

OPTIONS = RunOptions(("rss", "memray"), reads=2, repeat=2, timeout_s=12.5, jobs=1, as_deployed=True)
OTHER = replace(SCENARIO, name="a-first-in-the-alphabet", source="/home/someone/mine/a-first.toml")


def measurement(scenario: Scenario = SCENARIO, *observations: Observation) -> Measurement:
    return Measurement(scenario, PAYLOAD, observations)


def saved_run(path: Path) -> RunFolder:
    """A run of one scenario, with a memray capture."""
    folder = RunFolder.create(path)
    folder.save_run(TARGET, OPTIONS, CREATED, (SCENARIO,))
    (folder.scenario_dir("arrow-l1-hit") / "memray.bin").write_bytes(b"capture")
    folder.save_measurement(
        measurement(
            SCENARIO,
            Observation("rss", {"baseline_bytes": 1, "peaks": [1.5, None, "größe"]}),
            Observation("rss", {"baseline_bytes": 2}),
            Observation("memray", {"nested": {"a": True}}, "scenarios/arrow-l1-hit/memray.bin"),
        )
    )
    return folder


def edit(file: Path, change: Callable[[Any], object]) -> None:
    document = json.loads(file.read_text(encoding="utf-8"))
    change(document)
    file.write_text(json.dumps(document), encoding="utf-8")


def test_what_was_saved_is_loaded_again(tmp_path: Path) -> None:
    saved_run(tmp_path / "run")

    target, options, created, [loaded] = RunFolder.open(tmp_path / "run").load()

    assert (target.spec, dict(target.versions), target.python) == ("0.9.1", dict(TARGET.versions), Path())
    assert (options, created) == (OPTIONS, CREATED)
    assert (loaded.scenario, loaded.payload, loaded.reason, loaded.applies) == (SCENARIO, PAYLOAD, None, True)
    assert [entry.instrument for entry in loaded.observations] == ["rss", "rss", "memray"]
    assert loaded.observations[0].data == {"baseline_bytes": 1, "peaks": [1.5, None, "größe"]}
    assert loaded.observations[2].capture == "scenarios/arrow-l1-hit/memray.bin"


def test_an_observation_has_a_file_of_its_own(tmp_path: Path) -> None:
    saved_run(tmp_path / "run")
    files = {path.name for path in (tmp_path / "run/scenarios/arrow-l1-hit").iterdir()}
    assert files == {"measurement.json", "00-rss.json", "01-rss.json", "02-memray.json", "memray.bin"}


def test_measurements_come_in_the_order_of_the_run(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run")
    folder.save_run(TARGET, OPTIONS, CREATED, (SCENARIO, OTHER))
    folder.save_measurement(measurement(OTHER))
    folder.save_measurement(measurement(SCENARIO))

    *_, measurements = folder.load()

    assert [entry.scenario.name for entry in measurements] == [SCENARIO.name, OTHER.name]


def test_a_scenario_that_the_run_did_not_reach_is_unmeasured(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run")
    folder.save_run(TARGET, OPTIONS, CREATED, (SCENARIO, OTHER))
    folder.save_measurement(measurement(SCENARIO))

    *_, measurements = RunFolder.open(tmp_path / "run").load()

    assert [entry.reason for entry in measurements] == [None, runstore.NOT_MEASURED_YET]


def test_a_failure_and_a_scenario_that_does_not_apply_are_kept(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run")
    folder.save_run(TARGET, OPTIONS, CREATED, (SCENARIO, OTHER))
    folder.save_measurement(Measurement(SCENARIO, None, (), reason="killed\n  tail"))
    folder.save_measurement(Measurement(OTHER, None, (), applies=False))

    *_, [failed, inapplicable] = folder.load()

    assert (failed.reason, failed.applies) == ("killed\n  tail", True)
    assert (inapplicable.reason, inapplicable.applies) == (None, False)


def test_no_folder_of_the_machine_is_saved(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run")
    target = replace(TARGET, spec="/home/someone/envs/0.9.1/bin/python")
    folder.save_run(target, OPTIONS, CREATED, (OTHER,))
    folder.save_measurement(measurement(OTHER))

    texts = [path.read_text() for path in folder.path.rglob("*.json")]
    loaded, _, _, [entry] = folder.load()

    assert not any("someone" in text for text in texts)
    assert (loaded.spec, entry.scenario.source) == ("python", "a-first.toml")


def test_undecodable_text_can_be_read_back(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run")
    folder.save_run(TARGET, OPTIONS, CREATED, (SCENARIO,))
    folder.save_measurement(Measurement(SCENARIO, None, (), reason="no file \udcff"))
    *_, [loaded] = folder.load()
    assert loaded.reason == "no file ?"


def test_nothing_temporary_is_left(tmp_path: Path) -> None:
    folder = saved_run(tmp_path / "run")
    folder.save_report("{}\n")
    assert (folder.path / "report.json").read_text() == "{}\n"
    assert [path for path in folder.path.rglob("*") if "tmp" in path.name] == []


def test_the_path_is_absolute_for_child_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = RunFolder.create(Path("run"))
    assert folder.path == tmp_path / "run"
    assert folder.scenario_dir("x") == tmp_path / "run/scenarios/x"


def test_without_a_path_runs_are_kept_apart_below_the_state_folder(isolated_home: Home) -> None:
    one, other = RunFolder.create(), RunFolder.create()
    assert one.path != other.path
    assert one.path.parent == isolated_home.state / "cachekit-memprobe/runs"


def test_an_empty_folder_can_be_used(tmp_path: Path) -> None:
    assert RunFolder.create(tmp_path).path == tmp_path


def test_an_earlier_run_is_never_overwritten(tmp_path: Path) -> None:
    saved_run(tmp_path / "run")
    with pytest.raises(UsageError, match="earlier run"):
        RunFolder.create(tmp_path / "run")


def test_a_run_that_has_only_begun_is_not_overwritten(tmp_path: Path) -> None:
    RunFolder.create(tmp_path / "run")
    with pytest.raises(UsageError, match="earlier run"):
        RunFolder.create(tmp_path / "run")


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(UsageError, match="not empty and not a run folder"):
        RunFolder.create(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="not a folder"):
        RunFolder.create(tmp_path / "file")
    with pytest.raises(UsageError, match="can't make the run folder"):
        RunFolder.create(tmp_path / "file/below")


def test_of_two_runs_with_one_folder_one_loses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runstore, "check_unused", lambda path: None)
    RunFolder.create(tmp_path / "run")
    with pytest.raises(UsageError, match="can't make the run folder"):
        RunFolder.create(tmp_path / "run")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../x", "a\\b", "a\0b"])
def test_a_scenario_name_can_not_lead_out_of_the_folder(tmp_path: Path, name: str) -> None:
    folder = RunFolder.create(tmp_path / "run")
    with pytest.raises(UsageError, match="can't be the name of a scenario"):
        folder.scenario_dir(name)


def test_what_is_not_a_run_folder_is_not_opened(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(UsageError, match="is not a run folder") as caught:
            RunFolder.open(path)
        assert caught.value.exit_code == EXIT_USAGE


def test_a_newer_schema_is_not_guessed_at(tmp_path: Path) -> None:
    folder = saved_run(tmp_path / "run")
    newer = {"schema_version": runstore.SCHEMA_VERSION + 1, "all": "else differs"}
    (folder.path / "run.json").write_text(json.dumps(newer))
    with pytest.raises(UsageError, match=r"newer cachekit-memprobe \(schema 2\)"):
        RunFolder.open(folder.path)


RUN = "run.json"
MEASUREMENT = "scenarios/arrow-l1-hit/measurement.json"
MEMRAY = "scenarios/arrow-l1-hit/02-memray.json"


@pytest.mark.parametrize(
    ("file", "change", "key"),
    [
        (RUN, lambda run: run.pop("created"), "created"),
        (RUN, lambda run: run["target"]["versions"].pop("cachekit"), "target.versions.cachekit"),
        (RUN, lambda run: run["options"].update(reads="3"), "options.reads"),
        (MEASUREMENT, lambda saved: saved["scenario"].update(name="other"), "scenario.name"),
        (MEASUREMENT, lambda saved: saved["scenario"]["value"].pop("seed"), "scenario.value.seed"),
        (MEASUREMENT, lambda saved: saved["payload"].update(logical_bytes=0), "payload.logical_bytes"),
        (
            MEASUREMENT,
            lambda saved: saved["scenario"]["budget"][0].update(metric="rss.peek"),
            "scenario.budget.0.metric",
        ),
        (
            MEASUREMENT,
            lambda saved: saved["scenario"]["budget"][1].update(payloads=1.0),
            "scenario.budget.1",
        ),
        (MEASUREMENT, lambda saved: saved["observations"].append("../../x.json"), "observations.3"),
        (MEMRAY, lambda saved: saved.update(instrument="dhat"), "instrument"),
        (MEMRAY, lambda saved: saved.update(data=[]), "data"),
        (MEMRAY, lambda saved: saved.update(capture="/etc/passwd"), "capture"),
        (MEMRAY, lambda saved: saved.update(capture="../outside.bin"), "capture"),
        (MEMRAY, lambda saved: saved.update(capture="scenarios/link.bin"), "capture"),
        (MEMRAY, lambda saved: saved.update(capture="scenarios/missing.bin"), "capture"),
    ],
)
def test_a_broken_file_is_named_with_its_key(
    tmp_path: Path, file: str, change: Callable[[Any], object], key: str
) -> None:
    folder = saved_run(tmp_path / "run")
    (tmp_path / "outside.bin").touch()
    (folder.path / "scenarios/link.bin").symlink_to(tmp_path / "outside.bin")
    edit(folder.path / file, change)

    with pytest.raises(UsageError) as caught:
        RunFolder.open(folder.path).load()

    assert str(caught.value).startswith(f"{folder.path / file} is broken: {key}: ")


def test_what_is_no_json_is_a_broken_file(tmp_path: Path) -> None:
    folder = saved_run(tmp_path / "run")
    (folder.path / MEASUREMENT).write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(UsageError, match=r"measurement\.json is broken: the file: Invalid JSON"):
        folder.load()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    folder = saved_run(tmp_path / "run")
    (folder.path / "scenarios/arrow-l1-hit/01-rss.json").unlink()
    with pytest.raises(UsageError, match=r"can't read .*01-rss\.json: No such file"):
        folder.load()


def test_a_scenario_listed_by_a_path_is_refused(tmp_path: Path) -> None:
    folder = saved_run(tmp_path / "run")
    edit(folder.path / RUN, lambda run: run.update(scenarios=["../../elsewhere"]))
    with pytest.raises(UsageError, match="can't be the name of a scenario"):
        folder.load()


def test_a_capture_outside_the_folder_is_not_saved(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run")
    with pytest.raises(ValueError, match="not a file inside"):
        folder.save_measurement(
            measurement(SCENARIO, Observation("memray", {}, str(tmp_path / "memray.bin")))
        )


def test_a_budget_in_bytes_and_a_value_without_a_payload_are_kept(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run")
    scenario = replace(SCENARIO, budget=(Limit("rss.peak", None, 10, "warn"),), needs=("redis",))
    folder.save_run(TARGET, OPTIONS, CREATED, (scenario,))
    folder.save_measurement(Measurement(scenario, Payload(1, 2), ()))
    *_, [loaded] = folder.load()
    assert loaded.scenario == scenario


class TestWriteAtomically:
    def test_other_users_may_read_it_as_the_umask_says(self, tmp_path: Path) -> None:
        old = os.umask(0o022)
        try:
            runstore.write_atomically(tmp_path / "report.json", "text")
        finally:
            os.umask(old)
        assert stat.S_IMODE((tmp_path / "report.json").stat().st_mode) == 0o644

    def test_a_failure_leaves_what_was_there_and_names_the_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = tmp_path / "report.json"
        file.write_text("old")

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "replace", full)
        with pytest.raises(MemprobeError, match=r"can't write .*report\.json: No space left on device"):
            runstore.write_atomically(file, "new")
        assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
        assert file.read_text() == "old"

    def test_a_symbolic_link_stays_one(self, tmp_path: Path) -> None:
        (tmp_path / "link.json").symlink_to("real.json")
        runstore.write_atomically(tmp_path / "link.json", "text")
        assert (tmp_path / "link.json").is_symlink()
        assert (tmp_path / "real.json").read_text() == "text"


def test_how_the_scenarios_were_multiplied_is_saved(tmp_path: Path) -> None:
    variant = Variant("arrow-l1-hit", "64MB", {"tier": "l2"}, {"route": "get"})
    sweep = Sweep(
        sizes=("64MB", "128MB"),
        axes={"tier": ("l1", "l2")},
        skipped=(Skipped("arrow-l1-hit", {"tier": "reference"}, "no such read"),),
        predict_bytes=(1 << 30,),
    )
    folder = RunFolder.create(tmp_path / "run")
    folder.save_run(TARGET, OPTIONS, CREATED, (replace(SCENARIO, variant=variant),), sweep)

    assert folder.load_sweep() == sweep
    *_, (loaded,) = folder.load()
    assert loaded.scenario.variant == variant


def test_a_run_that_was_saved_before_there_were_sweeps_is_read(tmp_path: Path) -> None:
    folder = saved_run(tmp_path / "run")
    edit(folder.path / "run.json", lambda document: document.pop("sweep"))
    file = folder.path / "scenarios/arrow-l1-hit/measurement.json"
    edit(file, lambda document: document["scenario"].pop("variant"))

    assert folder.load_sweep() == Sweep()
    *_, (loaded,) = folder.load()
    assert loaded.scenario.variant is None


def test_of_the_users_own_data_the_name_is_saved_but_no_folder(tmp_path: Path) -> None:
    value = replace(SCENARIO.value, kind="file", file="/home/someone/data/prices.parquet")
    folder = RunFolder.create(tmp_path / "run")
    folder.save_run(TARGET, OPTIONS, CREATED, (replace(SCENARIO, value=value),))

    *_, (loaded,) = folder.load()
    assert loaded.scenario.value.file == "prices.parquet"
    assert not [path for path in folder.path.rglob("*.json") if "someone" in path.read_text()]
