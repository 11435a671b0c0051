import json
from dataclasses import replace
from pathlib import Path

import pytest

from cachekit_memprobe.model import Run
from cachekit_memprobe.report.json import to_json
from cachekit_memprobe.request import Request
from cachekit_memprobe.result import Report, Result
from cachekit_memprobe.runstore import RunFolder
from tests.golden.comparisons import AFTER, NEW, OLD, released
from tests.golden.reports import (
    CREATED,
    FILE_MAP,
    L1_HIT,
    NOT_APPLICABLE,
    OPTIONS,
    SCENARIO,
    TARGET,
    report_of,
)
from tests.unit.cli.conftest import Invoke, Tool


@pytest.fixture
def sides(invoke: Invoke) -> tuple[str, str]:
    """The reports of both releases as JSON, in the working directory."""
    return saved("old.json", OLD), saved("new.json", NEW)


def saved(name: str, report: Report) -> str:
    Path(name).write_text(to_json(report), encoding="utf-8")
    return name


def test_two_reports_are_compared(invoke: Invoke, sides: tuple[str, str]) -> None:
    result = invoke("compare", *sides)
    assert result.exit_code == 0
    assert "unwrap's verbatim copy is gone, and peak RSS is 1.00x less (300.0 MB)" in result.stdout


@pytest.mark.parametrize(
    ("allowed", "code"),
    [("rss.peak:+0.1x", 1), ("rss.peak:+10MB", 1), ("rss.peak:+1.5x", 0), ("held.result:+1x", 3)],
)
def test_fail_on_decides_the_exit_code(
    invoke: Invoke, sides: tuple[str, str], allowed: str, code: int
) -> None:
    old, new = sides
    assert invoke("compare", new, old, "--fail-on", allowed).exit_code == code


def test_strict_refuses_another_definition_of_a_scenario(invoke: Invoke, sides: tuple[str, str]) -> None:
    caching = replace(AFTER.scenario.caching, compression="zstd")
    other = replace(AFTER, scenario=replace(AFTER.scenario, caching=caching))
    result = invoke("compare", sides[0], saved("other.json", released("0.10.0", other)), "--strict")
    assert result.exit_code == 2
    assert "compression of arrow-l1-hit: none in BASE; zstd in NEW" in result.stderr


def test_what_is_unmeasured_outweighs_what_is_over(invoke: Invoke, sides: tuple[str, str]) -> None:
    old, new = sides
    given = ("--fail-on", "rss.peak:+0.1x", "--fail-on", "held.result:+1x")
    assert invoke("compare", new, old, *given).exit_code == 3


def test_an_improvement_fails_nothing(invoke: Invoke, sides: tuple[str, str]) -> None:
    assert invoke("compare", *sides, "--fail-on", "rss.peak:+0x").exit_code == 0


def test_nothing_to_compare_is_no_green(invoke: Invoke) -> None:
    one, other = saved("one.json", released("1", L1_HIT)), saved("other.json", released("2", FILE_MAP))
    result = invoke("compare", one, other)
    assert result.exit_code == 3
    assert "NEW doesn't have it" in result.stdout


def test_a_limit_that_no_scenario_is_held_to_is_no_green(invoke: Invoke) -> None:
    one = saved("one.json", released("1", NOT_APPLICABLE, AFTER))
    result = invoke("compare", one, one, "arrow-file-mmap", "--fail-on", "rss.peak:+1x")
    assert result.exit_code == 3


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("rss.peak", "METRIC:+AMOUNT"),
        ("rss.peak:0.1x", "METRIC:+AMOUNT"),
        ("rss.peek:+0.1x", "rss.peak"),
        ("rss.peak:+tenMB", "is not a size"),
        ("rss.peak:+nanx", "is not a multiple"),
    ],
)
def test_a_wrong_fail_on_is_a_usage_error(
    invoke: Invoke, sides: tuple[str, str], given: str, words: str
) -> None:
    result = invoke("compare", *sides, "--fail-on", given)
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.split())


def test_strict_refuses_another_environment(invoke: Invoke, sides: tuple[str, str]) -> None:
    target = replace(NEW.run.target, versions={**NEW.run.target.versions, "pandas": "2.3.3"})
    other = saved("other.json", replace(NEW, run=replace(NEW.run, target=target)))
    assert "pandas: 3.1.1 in BASE; 2.3.3 in NEW" in invoke("compare", sides[0], other).stdout
    result = invoke("compare", sides[0], other, "--strict")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "pandas: 3.1.1 in BASE; 2.3.3 in NEW" in result.stderr
    assert invoke("compare", *sides, "--strict").exit_code == 0


@pytest.mark.parametrize(
    ("name", "begins"), [("json", "{"), ("markdown", "### "), ("html", "<!doctype html>")]
)
def test_every_format_is_printed(invoke: Invoke, sides: tuple[str, str], name: str, begins: str) -> None:
    assert invoke("compare", *sides, "--format", name).stdout.startswith(begins)


def test_a_file_gets_the_format_of_its_suffix(invoke: Invoke, sides: tuple[str, str]) -> None:
    assert invoke("compare", *sides, "-o", "c.json").stdout == ""
    assert json.loads(Path("c.json").read_text())["scenarios"][0]["direction"] == "less"


def test_an_unknown_scenario_is_a_usage_error(invoke: Invoke, sides: tuple[str, str]) -> None:
    result = invoke("compare", *sides, "nothing-*")
    assert result.exit_code == 2
    assert "neither side has a scenario nothing-*" in result.stderr


def test_run_folders_are_compared(invoke: Invoke, tool: Tool) -> None:
    RunFolder.create(Path("run")).save_run(Run(CREATED, TARGET, OPTIONS, (SCENARIO,)))
    tool.report = report_of(L1_HIT)
    result = invoke("compare", "run", "run")
    assert result.exit_code == 0
    assert "are equal to the byte" in result.stdout
    assert tool.resolved == []


def test_what_is_no_run_says_so(invoke: Invoke, tool: Tool) -> None:
    result = invoke("compare", "missing", "elsewhere")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "missing is neither a run folder" in result.stderr


def test_options_of_measuring_need_a_release(invoke: Invoke, sides: tuple[str, str]) -> None:
    for given in (("--size", "2MB"), ("--quick",), ("--repeat", "4")):
        result = invoke("compare", *sides, *given)
        assert result.exit_code == 2
        assert "is for releases" in result.stderr


def test_releases_are_measured(
    invoke: Invoke, tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    tool.report = report_of(L1_HIT)
    result = invoke("compare", "0.9.1", "0.10.0", "arrow-l1-hit", "--size", "16MB", "--quick")
    assert result.exit_code == 0, result.output
    assert [spec for spec, _ in tool.resolved] == ["0.9.1", "0.10.0"]
    assert [scenario.value.logical_bytes for scenario in tool.scenarios] == [16_000_000]
    assert tool.options is not None
    assert tool.options.instruments == ("rss", "memray")
    assert tool.planned is not None
    assert tool.planned.request == Request(("arrow-l1-hit",), size="16MB")


def test_a_release_beside_a_saved_run_is_measured(
    invoke: Invoke, tool: Tool, sides: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    tool.report = report_of(L1_HIT)
    result = invoke("compare", sides[0], "latest", "arrow-l1-hit")
    assert result.exit_code == 0, result.output
    assert [spec for spec, _ in tool.resolved] == ["latest"]


def small(result: Result = L1_HIT) -> Result:
    """As it is measured at 16 MB, and not as the bundled scenario has it."""
    scenario = replace(
        result.scenario, value=replace(result.scenario.value, logical_bytes=16_000_000, seed=9)
    )
    return replace(result, scenario=scenario)


@pytest.fixture
def beside(tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A saved report with options of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    tool.report = report_of(L1_HIT)
    report = released("0.9.1", small())
    options = replace(OPTIONS, instruments=("rss", "memray"), reads=7, repeat=3, isolation="fresh")
    return saved("small.json", replace(report, run=replace(report.run, options=options)))


def test_beside_a_saved_run_a_release_is_measured_in_the_same_way(
    invoke: Invoke, tool: Tool, beside: str
) -> None:
    assert invoke("compare", beside, "0.10.0").exit_code == 0
    (scenario,) = tool.scenarios
    assert (scenario.name, scenario.value) == ("arrow-l1-hit", small().scenario.value)
    assert tool.options is not None
    assert (tool.options.reads, tool.options.repeat, tool.options.isolation) == (7, 3, "fresh")
    assert tool.options.instruments == ("rss", "memray")


def test_what_the_command_line_gives_comes_before_the_saved_run(
    invoke: Invoke, tool: Tool, beside: str
) -> None:
    given = ("--reads", "5", "--size", "8MB", "--instrument", "rss")
    assert invoke("compare", "0.10.0", beside, "arrow-l1-hit", *given).exit_code == 0
    assert [scenario.value.logical_bytes for scenario in tool.scenarios] == [8_000_000]
    assert tool.options is not None
    assert (tool.options.reads, tool.options.repeat, tool.options.instruments) == (5, 3, ("rss",))


def test_a_scenario_that_the_saved_run_lacks_is_the_bundled_one(
    invoke: Invoke, tool: Tool, beside: str
) -> None:
    assert invoke("compare", beside, "0.10.0", "arrow-*-hit").exit_code == 0
    assert [scenario.value.seed for scenario in tool.scenarios] == [9]
    invoke("compare", beside, "0.10.0", "json-l1-hit")
    assert [scenario.name for scenario in tool.scenarios] == ["json-l1-hit"]


def test_a_run_folder_s_scenario_is_measured_as_it_is_there(
    invoke: Invoke, tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it is a bundled one or not."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    own = replace(small(), scenario=replace(small().scenario, name="own", source="own.toml"))
    RunFolder.create(Path("run")).save_run(Run(CREATED, TARGET, OPTIONS, (own.scenario,)))
    tool.report = report_of(own)
    assert invoke("compare", "run", "0.10.0").exit_code == 0
    assert [(scenario.name, scenario.value.seed) for scenario in tool.scenarios] == [("own", 9)]


def test_nothing_is_measured_if_the_other_side_is_missing(invoke: Invoke, tool: Tool) -> None:
    assert invoke("compare", "0.9.1", "missing", "arrow-l1-hit").exit_code == 2
    assert tool.resolved == []


def test_a_name_that_the_saved_run_lacks_leaves_the_others_as_they_are_there(
    invoke: Invoke, tool: Tool, beside: str
) -> None:
    assert invoke("compare", beside, "0.10.0", "arrow-l1-hit", "ndarray-l1-hit").exit_code == 0
    named = {scenario.name: scenario.value.logical_bytes for scenario in tool.scenarios}
    assert named["arrow-l1-hit"] == 16_000_000
    assert {*named} == {"arrow-l1-hit", "ndarray-l1-hit"}


def test_data_of_ones_own_that_is_not_there_is_measured_as_nothing_else(
    invoke: Invoke, tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    own = replace(L1_HIT.scenario, name="prices", value=replace(L1_HIT.scenario.value, kind="file"))
    path = saved("own.json", released("0.9.1", replace(L1_HIT, scenario=own)))
    result = invoke("compare", path, "0.10.0")
    assert (result.exit_code, tool.resolved) == (2, [])
    assert "nothing of the saved run can be measured again" in result.stderr
