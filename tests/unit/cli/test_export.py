"""Saved runs as one table, and from Python: real run folders, judged by the real pipeline."""

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import cachekit_memprobe
from cachekit_memprobe.child.seen import ReadFigures, RssSeen
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.model import Observations
from tests.unit.cli.conftest import Invoke
from tests.unit.runstore.made import begun, edit, measured

DOCUMENT = Path(__file__).parents[3] / "docs/runs.md"
NAME = "20260101T000000Z-0123ab"


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state/cachekit-memprobe/runs"


def saved(path: Path, peak_bytes: int = 390_000_000) -> Path:
    """A run of one scenario, of which only the resident set was measured."""
    folder = begun(path)
    reads = (ReadFigures(peak_bytes, peak_bytes, 0, 9, 100_000_000, 0, 0, 0),) * 3
    folder.save_measurement(measured(seen=Observations(rss=(RssSeen("0.9.1", reads=reads),))))
    return folder.path


def run_block(marker: str) -> None:
    """Run the Python below ``<!-- marker -->`` in the document."""
    match = re.search(
        rf"<!-- {marker} -->\n```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL
    )
    assert match is not None
    exec(match[1], {})


class TestExport:
    def test_all_saved_runs_answer_the_documented_query(
        self, invoke: Invoke, runs: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        saved(runs / NAME)
        later = saved(runs / "kept", peak_bytes=300_000_000)
        edit(later / "run.json", lambda document: document.update(created="2026-11-25T00:00:00+00:00"))
        result = invoke("runs", "export", "runs.parquet")
        assert (result.exit_code, result.stdout) == (0, "2 runs exported to runs.parquet\n")
        assert set(pd.read_parquet("runs.parquet")["run_id"]) == {NAME, "kept"}
        run_block("query")
        *_, row = capsys.readouterr().out.splitlines()
        assert row.split() == ["arrow-l1-hit", "1.0"]

    def test_those_that_are_named(self, invoke: Invoke, runs: Path) -> None:
        saved(runs / NAME)
        saved(runs / "kept")
        saved(Path("mine"))
        assert invoke("runs", "export", "some.parquet", "last", "mine", "./mine").exit_code == 0
        found = set(pd.read_parquet("some.parquet")["run_id"])
        assert len(found) == 2
        assert "mine" in found

    def test_a_broken_one_is_left_out_and_told(self, invoke: Invoke, runs: Path) -> None:
        saved(runs / NAME)
        (saved(runs / "kept") / "run.json").write_text("{}")
        result = invoke("runs", "export", "runs.parquet")
        assert result.exit_code == 3
        assert result.stderr.startswith("left out: kept: ")
        assert set(pd.read_parquet("runs.parquet")["run_id"]) == {NAME}

    def test_a_broken_one_that_is_named_ends_it(self, invoke: Invoke, runs: Path) -> None:
        (saved(Path("mine")) / "run.json").write_text("{}")
        assert invoke("runs", "export", "runs.parquet", "mine").exit_code == 2
        assert sorted(path.name for path in Path.cwd().iterdir()) == ["mine"]

    def test_two_of_one_name(self, invoke: Invoke, runs: Path) -> None:
        saved(Path("one/today"))
        saved(Path("two/today"))
        result = invoke("runs", "export", "runs.parquet", "one/today", "two/today")
        assert result.exit_code == 2
        assert "have the same name" in result.stderr

    @pytest.mark.parametrize(
        ("file", "problem"),
        [
            ("last", "has to end in .parquet"),
            ("no/x.parquet", "no folder"),
            ("x.parquet", "nothing to export"),
        ],
    )
    def test_what_can_not_be_done(self, file: str, problem: str, invoke: Invoke, runs: Path) -> None:
        result = invoke("runs", "export", file)
        assert result.exit_code == 2
        assert problem in result.stderr


class TestFromPython:
    def test_a_run_by_its_folder_or_id(self, runs: Path) -> None:
        folder = saved(runs / NAME)
        by_id, by_folder = cachekit_memprobe.load("last"), cachekit_memprobe.load(folder)
        assert by_id == by_folder
        assert by_id.run_folder == folder
        assert by_id.results[0].metrics["rss.peak"] == pytest.approx(1.3)

    def test_what_is_documented(self, runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
        saved(runs / NAME)
        run_block("python")
        assert capsys.readouterr().out == "arrow-l1-hit unmeasured 1.3\n"

    def test_one_that_there_is_not(self, runs: Path) -> None:
        with pytest.raises(UsageError, match="no run is saved"):
            cachekit_memprobe.load("last")
        with pytest.raises(UsageError, match="not a run folder"):
            cachekit_memprobe.load(Path("last"))

    def test_the_package_alone_imports_nothing(self) -> None:
        code = (
            "import sys; before = set(sys.modules); import cachekit_memprobe; "
            "print(set(sys.modules) - before)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout == "{'cachekit_memprobe'}\n"
