import json
from dataclasses import replace
from pathlib import Path

import pytest

from cachekit_memprobe.model import Run
from cachekit_memprobe.report.formats import REPORT_FORMATS
from cachekit_memprobe.runstore import RunFolder
from tests.golden.reports import CREATED, L1_HIT, OPTIONS, SCENARIO, TARGET, WITH_STAIRCASE, report_of
from tests.golden.sweeps import SIZES
from tests.unit.cli.conftest import Invoke, Tool

NAMES = [one.name for one in REPORT_FORMATS]
BEGINNINGS = {
    "json": "{",
    "markdown": "### PASS",
    "html": "<!doctype html>",
    "junit": "<?xml ",
    "gitlab": "[",
    "speedscope": '{\n "$schema": "https://www.speedscope.app/',
    "trace": '{\n "traceEvents": [',
    "terminal": "cachekit ",
}


def saved_run() -> None:
    RunFolder.create(Path("run")).save_run(Run(CREATED, TARGET, OPTIONS, (SCENARIO,)))


def test_a_run_writes_every_format_beside_its_tables(invoke: Invoke, tool: Tool) -> None:
    options = [word for name in NAMES for word in (f"--{name}", f"out.{name}")]
    result = invoke("run", "arrow-l1-hit", *options)
    assert (result.exit_code, "PASS: of 1 scenario" in result.stdout) == (0, True)
    for name in NAMES:
        text = Path(f"out.{name}").read_text()
        assert text.startswith(BEGINNINGS[name])
        assert text.endswith("\n")
    assert sorted(path.name for path in Path.cwd().iterdir()) == sorted(f"out.{name}" for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_format_on_stdout_has_it_to_itself(invoke: Invoke, tool: Tool, name: str) -> None:
    result = invoke("run", "arrow-l1-hit", f"--{name}", "-")
    assert result.stdout.startswith(BEGINNINGS[name])
    assert "run folder:" not in " ".join(result.stdout.split())
    assert "run folder:" in " ".join(result.stderr.split())


@pytest.mark.parametrize("name", [*NAMES, "terminal"])
def test_a_saved_run_is_printed_in_a_format_instead_of_the_terminals(
    invoke: Invoke, tool: Tool, name: str
) -> None:
    saved_run()
    result = invoke("report", "run", "--format", name)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(BEGINNINGS[name])


@pytest.mark.parametrize("suffix", [".JSON", ".md", ".html", ".txt", ".xml", ".trace.json"])
def test_a_suffix_chooses_the_format(invoke: Invoke, tool: Tool, suffix: str) -> None:
    saved_run()
    result = invoke("report", "run", "-o", f"out{suffix}")
    assert (result.exit_code, result.output) == (0, "")
    name = {one.suffix: one.name for one in REPORT_FORMATS}.get(suffix.lower(), "terminal")
    assert Path(f"out{suffix}").read_text().startswith(BEGINNINGS[name])


def test_a_format_outweighs_the_suffix(invoke: Invoke, tool: Tool) -> None:
    saved_run()
    assert invoke("report", "run", "--format", "json", "-o", "out.txt").exit_code == 0
    assert json.loads(Path("out.txt").read_text())["schema_version"] == 2


def test_a_suffix_of_no_format_is_a_usage_error(invoke: Invoke, tool: Tool) -> None:
    saved_run()
    result = invoke("report", "run", "-o", "out.pdf")
    assert result.exit_code == 2
    assert "--output out.pdf: its suffix is none of a format; add --format terminal|json|" in result.stderr


def test_the_exit_code_is_that_of_the_verdict(invoke: Invoke, tool: Tool) -> None:
    saved_run()
    tool.report = report_of(L1_HIT)
    assert invoke("report", "run", "-o", "out.html").exit_code == 1


def test_names_choose_what_is_in_it(invoke: Invoke, tool: Tool) -> None:
    saved_run()
    tool.report = SIZES
    result = invoke("report", "run", "arrow-l1-hit@128MB", "--format", "json")
    assert [one["scenario"] for one in json.loads(result.stdout)["results"]] == ["arrow-l1-hit@128MB"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--json", "-", "--html", "-"), "--json and --html both name stdout, where only one of them can go"),
        (("--json", "x", "--html", "./x"), "--json and --html both name ./x; give one of them another file"),
        (("--html", "missing/x"), "--html missing/x: there is no folder"),
        (("--markdown", "."), "--markdown .: not a file"),
    ],
)
def test_files_that_can_not_be_written_are_refused_before_anything_is_measured(
    invoke: Invoke, tool: Tool, options: tuple[str, ...], message: str
) -> None:
    result = invoke("run", "arrow-l1-hit", *options)
    assert (result.exit_code, tool.resolved) == (2, [])
    assert message in result.stderr
    assert list(Path.cwd().iterdir()) == []


def test_one_file_that_fails_leaves_the_others(invoke: Invoke, tool: Tool) -> None:
    saved_run()
    result = invoke("report", "run", "--json", "/dev/full", "--html", "out.html")
    assert result.exit_code == 3
    assert "can't write /dev/full: No space left on device" in result.stderr
    assert "PASS: of 1 scenario" in result.stdout
    assert Path("out.html").read_text().startswith("<!doctype html>")


def test_what_is_the_users_own_can_be_left_out(invoke: Invoke, tool: Tool) -> None:
    saved_run()
    scenario = replace(SCENARIO, name="salaries", value=replace(SCENARIO.value, file="salaries.csv"))
    tool.report = report_of(replace(WITH_STAIRCASE, scenario=scenario))
    for name in [*NAMES, "terminal"]:
        assert invoke("report", "run", "--format", name, "-o", "with").exit_code == 1
        assert "salaries" in Path("with").read_text()
        assert (
            invoke("report", "run", "salaries", "--no-source", "--format", name, "-o", "out").exit_code == 1
        )
        assert "salaries" not in Path("out").read_text()
    result = invoke("report", "run", "--no-source", "--json", "-")
    assert "salaries" not in result.stdout
    assert "salaries" in result.stderr  # which stays here


class TestFlameGraphs:
    def test_need_a_page_beside_which_they_are(self, invoke: Invoke, tool: Tool) -> None:
        for options in ((), ("--json", "x.json"), ("--html", "-")):
            result = invoke("run", "arrow-l1-hit", "--flamegraph", *options)
            assert (result.exit_code, tool.resolved) == (2, [])
            assert "--flamegraph puts its files beside an HTML page: give --html FILE" in result.stderr

    def test_need_memray(self, invoke: Invoke, tool: Tool) -> None:
        result = invoke("run", "arrow-l1-hit", "--flamegraph", "--html", "x.html", "--instrument", "rss")
        assert (result.exit_code, tool.resolved) == (2, [])
        assert "--flamegraph: memray makes it, and this run doesn't use memray" in result.stderr

    def test_need_a_place_for_their_folder(self, invoke: Invoke, tool: Tool) -> None:
        Path("x.flamegraphs").write_text("mine")
        result = invoke("run", "arrow-l1-hit", "--flamegraph", "--html", "x.html")
        assert (result.exit_code, tool.resolved) == (2, [])
        assert "x.flamegraphs, where its files go, is not a folder" in result.stderr
