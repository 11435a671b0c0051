import json
from pathlib import Path

from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.model import Run
from cachekit_memprobe.runstore import RunFolder
from tests.golden.reports import CREATED, FILE_MAP, L1_HIT, OPTIONS, SCENARIO, TARGET, UNMEASURED, report_of
from tests.golden.sweeps import MATRIX, SIZES
from tests.unit.cli.conftest import Invoke, Tool


def saved_run() -> None:
    RunFolder.create(Path("run")).save_run(Run(CREATED, TARGET, OPTIONS, (SCENARIO,)))


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
    assert json.loads(invoke("report", "run", "--json", "-").stdout)["schema_version"] == 2
    assert invoke("report", "run", "--json", "again.json").exit_code == 0
    assert json.loads(Path("again.json").read_text())["schema_version"] == 2


def test_the_saved_run_is_left_as_it_is(invoke: Invoke, tool: Tool) -> None:
    saved_run()
    before = {path: path.stat().st_mtime_ns for path in Path("run").rglob("*")}
    invoke("report", "run")
    assert {path: path.stat().st_mtime_ns for path in Path("run").rglob("*")} == before


def test_what_is_no_run_folder_is_a_usage_error(invoke: Invoke, tool: Tool) -> None:
    result = invoke("report", "missing")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "error: missing is neither a run folder nor the beginning of a saved run's id; "
        "cachekit-memprobe runs lists them\n"
    )


def test_a_broken_folder_is_a_usage_error(invoke: Invoke, tool: Tool) -> None:
    saved_run()
    tool.error, tool.fails = UsageError("run.json is broken: created: Field required"), "explain"
    result = invoke("report", "run")
    assert result.exit_code == 2
    assert "run.json is broken" in result.stderr


def test_json_in_a_missing_folder_is_a_usage_error(invoke: Invoke, tool: Tool) -> None:
    saved_run()
    assert invoke("report", "run", "--json", "missing/x.json").exit_code == 2


def test_some_of_a_sweep_can_be_shown_in_full(invoke: Invoke, tool: Tool) -> None:
    saved_run()
    tool.report = SIZES
    assert "tier l1, route memory" not in invoke("report", "run").stdout
    text = invoke("report", "run", "arrow-l1-hit@128MB").stdout
    assert "arrow-l1-hit@128MB: PASS" in text
    assert "payload 128.0 MB" in text
    assert "payload 64.0 MB" not in text


class TestSomeScenariosOnly:
    def test_by_a_pattern(self, invoke: Invoke, tool: Tool) -> None:
        saved_run()
        tool.report = report_of(L1_HIT, FILE_MAP, UNMEASURED)
        assert invoke("report", "run").exit_code == 3
        result = invoke("report", "run", "arrow-[fl]*", "--json", "some.json")
        names = [entry["scenario"] for entry in json.loads(Path("some.json").read_text())["results"]]
        assert names == [L1_HIT.scenario.name, FILE_MAP.scenario.name]
        assert UNMEASURED.scenario.name not in result.stdout
        assert "FAIL: of 2 scenarios, 1 over budget" in result.stdout
        assert result.exit_code == 1

    def test_a_fit_needs_all_its_sizes(self, invoke: Invoke, tool: Tool) -> None:
        saved_run()
        tool.report = SIZES
        whole = invoke("report", "run", "arrow-l1-hit@*", "--predict", "4GB")
        assert "sizes" in whole.stdout
        part = invoke("report", "run", "arrow-l1-hit@128MB", "--predict", "4GB")
        assert part.exit_code == 2
        assert "name them all, or none" in part.stderr

    def test_a_pattern_that_matches_nothing(self, invoke: Invoke, tool: Tool) -> None:
        saved_run()
        tool.report = report_of(L1_HIT)
        result = invoke("report", "run", "l1-*")
        assert result.exit_code == 2
        assert "the run has no scenario 'l1-*'; it has arrow-l1-hit" in result.stderr


def test_all_can_be_shown_in_full(invoke: Invoke, tool: Tool) -> None:
    saved_run()
    tool.report = SIZES
    text = invoke("report", "run", "--full").stdout
    assert [f"payload {size} MB" in text for size in ("64.0", "128.0", "256.0")] == [True] * 3


def test_a_name_that_the_run_does_not_have_is_a_usage_error(invoke: Invoke, tool: Tool) -> None:
    saved_run()
    tool.report = SIZES
    result = invoke("report", "run", "arrow-l1-hit")
    assert result.exit_code == 2
    assert "the run has no scenario 'arrow-l1-hit'; did you mean arrow-l1-hit@64MB, " in result.stderr


def test_another_size_can_be_predicted_afterwards(invoke: Invoke, tool: Tool) -> None:
    saved_run()
    tool.report = SIZES
    assert invoke("report", "run", "--predict", "4GB").exit_code == 0
    assert tool.predict.sizes_bytes == (4_000_000_000,)


def test_a_run_of_one_size_predicts_nothing(invoke: Invoke, tool: Tool) -> None:
    saved_run()
    result = invoke("report", "run", "--predict", "4GB")
    assert result.exit_code == 2
    assert (
        "--predict: run was measured at one size only; a prediction needs a run at several sizes"
        in result.stderr
    )


def test_it_can_be_sorted_otherwise_and_for_other_workers(invoke: Invoke, tool: Tool) -> None:
    saved_run()
    tool.report = MATRIX
    assert invoke("report", "run", "--sort", "stored", "--workers", "7").exit_code == 3
    assert (tool.sort, tool.workers) == ("stored", 7)


def test_a_run_without_a_matrix_has_nothing_to_sort(invoke: Invoke, tool: Tool) -> None:
    saved_run()
    tool.report = report_of(L1_HIT)
    result = invoke("report", "run", "--sort", "rss.total")
    assert result.exit_code == 2
    assert "has no matrix" in result.stderr
