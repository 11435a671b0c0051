"""The list of saved runs, and the removal of old ones."""

import json
import os
from pathlib import Path

import pytest

from cachekit_memprobe import in_use
from cachekit_memprobe.report.words import verdict_line
from cachekit_memprobe.runstore import RunFolder, Summary
from tests.golden.reports import FILE_MAP, L1_HIT, SCENARIO, report_of
from tests.unit.cli.conftest import Invoke, Tool
from tests.unit.runstore.made import run_of


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state/cachekit-memprobe/runs"


def begun(runs: Path, name: str) -> RunFolder:
    """A run below the state folder that has not ended."""
    folder = RunFolder.create(runs / name)
    folder.save_run(run_of(SCENARIO))
    in_use.claim(folder.path).close()
    return folder


def ended(runs: Path, name: str) -> RunFolder:
    folder = begun(runs, name)
    report = report_of(L1_HIT, FILE_MAP)
    folder.save_report("{}", Summary.of(report.run, verdict_line(report)))
    return folder


class TestList:
    def test_the_newest_first_with_verdicts(self, invoke: Invoke, runs: Path) -> None:
        ended(runs, "20260101T000000Z-0123ab")
        begun(runs, "20260102T000000Z-0123ab")
        result = invoke("runs")
        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout.splitlines() == [
            "id                       began (UTC)       measured  scenarios     verdict",
            "20260102T000000Z-0123ab  2026-01-02 03:04  0.9.1     arrow-l1-hit  no verdict saved",
            "20260101T000000Z-0123ab  2026-01-02 03:04  0.9.1     2             "
            "FAIL: of 2 scenarios, 1 over budget, 1 within budget, 1 warning",
        ]

    def test_none(self, invoke: Invoke, runs: Path) -> None:
        assert invoke("runs").stdout == f"no run is saved in {runs}\n"

    def test_one_that_is_still_running(self, invoke: Invoke, runs: Path) -> None:
        folder = begun(runs, "20260101T000000Z-0123ab")
        held = in_use.claim(folder.path)
        assert invoke("runs").stdout.splitlines()[1].endswith("  is still running")
        held.close()

    def test_broken_ones_are_listed_as_such(self, invoke: Invoke, runs: Path) -> None:
        (ended(runs, "20260101T000000Z-0123ab").path / "summary.json").write_text("{}")
        (begun(runs, "20260102T000000Z-0123ab").path / "run.json").write_text("{}")
        ended(runs, "20260103T000000Z-0123ab")
        result = invoke("runs")
        _, sound, run, summary = result.stdout.splitlines()
        assert result.exit_code == 0
        assert "FAIL" in sound
        assert "run.json was changed since it was measured" in run
        assert "summary.json is broken: tool_version: Field required" in summary

    def test_text_from_outside_stays_text(self, invoke: Invoke, runs: Path) -> None:
        file = ended(runs, "20260101T000000Z-0123ab").path / "summary.json"
        document = json.loads(file.read_text())
        file.write_text(json.dumps({**document, "verdict_line": "PASS\n\x1b[31mid  now"}))
        assert invoke("runs").stdout.splitlines()[1].endswith("  PASS id now")

    def test_a_long_name_is_shortened(self, invoke: Invoke, runs: Path) -> None:
        file = ended(runs, "20260101T000000Z-0123ab").path / "summary.json"
        document = json.loads(file.read_text())
        file.write_text(json.dumps({**document, "scenarios": ["x" * 500]}))
        assert f"  {'x' * 40}...  FAIL" in invoke("runs").stdout

    def test_a_run_leaves_what_it_says(self, invoke: Invoke, tool: Tool) -> None:
        tool.report = report_of(FILE_MAP)
        invoke("run", "arrow-l1-hit")
        assert tool.folder is not None
        summary = json.loads((tool.folder.path / "summary.json").read_text())
        assert summary["verdict_line"] == verdict_line(tool.report)


class TestPrune:
    @pytest.fixture(autouse=True)
    def several(self, runs: Path) -> None:
        for number in range(4):
            folder = ended(runs, f"20260101T{number:06}Z-0123ab").path
            os.utime(folder, (number, number))
        ended(runs, "kept")

    def test_only_said(self, invoke: Invoke, runs: Path) -> None:
        result = invoke("runs", "prune", "--keep", "2", "--dry-run")
        removable = [
            "20260101T000001Z-0123ab",
            "20260101T000000Z-0123ab",
            f"2 runs would be removed in {runs}",
        ]
        assert (result.exit_code, result.stdout.splitlines()) == (0, removable)
        assert len(list(runs.iterdir())) == 5

    def test_all_but_the_newest(self, invoke: Invoke, runs: Path) -> None:
        result = invoke("runs", "prune", "--keep", "1")
        assert result.stdout.splitlines()[-1] == f"3 runs removed, 2 left in {runs}"
        assert {path.name for path in runs.iterdir()} == {"20260101T000003Z-0123ab", "kept"}

    def test_by_default_fifty_stay(self, invoke: Invoke, runs: Path) -> None:
        assert invoke("runs", "prune").stdout == f"0 runs removed, 5 left in {runs}\n"

    @pytest.mark.parametrize("keep", ["0", "-1", "many"])
    def test_what_is_no_number(self, keep: str, invoke: Invoke) -> None:
        assert invoke("runs", "prune", "--keep", keep).exit_code == 2
