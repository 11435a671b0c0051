import json
from pathlib import Path

from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.runstore import RunFolder
from tests.golden.reports import CREATED, L1_HIT, OPTIONS, SCENARIO, TARGET, report_of
from tests.unit.cli.conftest import Invoke, Tool


def saved_run() -> None:
    RunFolder.create(Path("run")).save_run(TARGET, OPTIONS, CREATED, (SCENARIO,))


def test_a_saved_run_is_shown_and_judged_again(invoke: Invoke, tool: Tool) -> None:
    saved_run()
    tool.report = report_of(L1_HIT)
    result = invoke("report", "run")
    assert result.exit_code == 1
    assert "serializers/wrapper.py:126" in result.stdout
    assert tool.folder == RunFolder(Path.cwd() / "run")
    assert tool.resolved == []


def test_its_json_can_be_written(invoke: Invoke, tool: Tool) -> None:
    saved_run()
    assert json.loads(invoke("report", "run", "--json", "-").stdout)["schema_version"] == 1
    assert invoke("report", "run", "--json", "again.json").exit_code == 0
    assert json.loads(Path("again.json").read_text())["schema_version"] == 1


def test_the_saved_run_is_left_as_it_is(invoke: Invoke, tool: Tool) -> None:
    saved_run()
    before = {path: path.stat().st_mtime_ns for path in Path("run").rglob("*")}
    invoke("report", "run")
    assert {path: path.stat().st_mtime_ns for path in Path("run").rglob("*")} == before


def test_what_is_no_run_folder_is_a_usage_error(invoke: Invoke, tool: Tool) -> None:
    result = invoke("report", "missing")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "error: missing is not a run folder: it has no run.json\n"


def test_a_broken_folder_is_a_usage_error(invoke: Invoke, tool: Tool) -> None:
    saved_run()
    tool.error, tool.fails = UsageError("run.json is broken: created: Field required"), "explain"
    result = invoke("report", "run")
    assert result.exit_code == 2
    assert "run.json is broken" in result.stderr


def test_json_in_a_missing_folder_is_a_usage_error(invoke: Invoke, tool: Tool) -> None:
    saved_run()
    assert invoke("report", "run", "--json", "missing/x.json").exit_code == 2
