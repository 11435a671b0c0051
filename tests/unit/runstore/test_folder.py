"""Where a run is kept, and what is never written over."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from cachekit_memprobe import runstore
from cachekit_memprobe.child.task import Need
from cachekit_memprobe.errors import EXIT_USAGE, UsageError, exit_code_of
from cachekit_memprobe.runstore import RunFolder, Summary
from cachekit_memprobe.variables import UNRECORDED
from tests.conftest import Home
from tests.golden.reports import SCENARIO
from tests.unit.runstore.made import begun, measured, run_of, saved


def test_the_path_is_absolute_for_child_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = RunFolder.create(Path("run"))
    assert folder.path == tmp_path / "run"
    assert folder.scenario_dir("x") == tmp_path / "run/scenarios/x"


def test_a_capture_has_a_place_whose_folder_is_there(tmp_path: Path) -> None:
    capture = RunFolder.create(tmp_path / "run").capture_of("x")
    assert capture == tmp_path / "run/scenarios/x/memray.bin"
    assert capture.parent.is_dir()
    assert not capture.exists()


def test_without_a_path_runs_are_kept_apart_below_the_state_folder(isolated_home: Home) -> None:
    one, other = RunFolder.create(), RunFolder.create()
    assert one.path != other.path
    assert one.path.parent == isolated_home.state / "cachekit-memprobe/runs"


def test_an_empty_folder_can_be_used(tmp_path: Path) -> None:
    assert RunFolder.create(tmp_path).path == tmp_path


def test_an_earlier_run_is_never_overwritten(tmp_path: Path) -> None:
    saved(tmp_path / "run")
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
    monkeypatch.setattr("cachekit_memprobe.runstore.folder.check_unused", lambda path: None)
    RunFolder.create(tmp_path / "run")
    with pytest.raises(UsageError, match="can't make the run folder"):
        RunFolder.create(tmp_path / "run")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../x", "a\\b", "a\0b"])
def test_a_scenario_name_can_not_lead_out_of_the_folder(tmp_path: Path, name: str) -> None:
    folder = RunFolder.create(tmp_path / "run")
    for place_of in (folder.scenario_dir, folder.capture_of):
        with pytest.raises(UsageError, match="can't be the name of a scenario"):
            place_of(name)


def test_what_is_not_a_run_folder_is_not_opened(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(UsageError, match="is not a run folder") as caught:
            RunFolder.open(path)
        assert exit_code_of(caught.value) == EXIT_USAGE


def test_a_newer_schema_is_not_guessed_at(tmp_path: Path) -> None:
    folder = saved(tmp_path / "run")
    newer = {"schema_version": runstore.SCHEMA_VERSION + 1, "all": "else differs"}
    (folder.path / "run.json").write_text(json.dumps(newer))
    with pytest.raises(UsageError, match=r"newer cachekit-memprobe \(schema 3\)"):
        RunFolder.open(folder.path)


def test_nothing_temporary_is_left(tmp_path: Path) -> None:
    folder = saved(tmp_path / "run")
    folder.save_report("{}\n", Summary.of(run_of(), "PASS: 1 within budget"))
    assert (folder.path / "report.json").read_text() == "{}\n"
    assert [path for path in folder.path.rglob("*") if "tmp" in path.name] == []


def test_no_value_that_may_be_a_secret_and_no_folder_of_this_machine_is_saved(tmp_path: Path) -> None:
    given = {"FOO": "hunter2", "LD_PRELOAD": "/home/joe/libx.so", "MALLOC_ARENA_MAX": "2"}
    folder = begun(tmp_path / "run", [replace(SCENARIO, environment=given)])
    text = "".join(path.read_text() for path in folder.path.rglob("*.json"))
    assert "hunter2" not in text
    assert "/home/joe" not in text
    _, [measurement] = folder.load()
    assert measurement.scenario.environment == {
        "FOO": UNRECORDED,
        "LD_PRELOAD": "libx.so",
        "MALLOC_ARENA_MAX": "2",
    }


def test_needs_are_saved_with_the_measurement(tmp_path: Path) -> None:
    folder = begun(tmp_path / "run")
    needs = (Need("l1_size", 1, 2), Need("async", instead="map"))
    folder.save_measurement(replace(measured(), needs=needs))
    _, [measurement] = folder.load()
    assert measurement.needs == needs


def test_what_can_not_be_judged_is_not_measured_whoever_looks_later(tmp_path: Path) -> None:
    folder = saved(tmp_path / "run")
    (before,) = folder.load()[1]
    folder.save_reason("arrow-l1-hit", "the baseline is of another size")
    (after,) = RunFolder.open(folder.path).load()[1]
    assert after == replace(before, reason="the baseline is of another size")
