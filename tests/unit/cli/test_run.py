import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cachekit_memprobe import metrics, programs
from cachekit_memprobe.cli.boundary import exits
from cachekit_memprobe.errors import CouldNotMeasure, UsageError
from cachekit_memprobe.model import Limit, RunOptions
from tests.conftest import Home
from tests.golden.reports import L1_HIT, NOT_APPLICABLE, UNMEASURED, report_of
from tests.unit.cli.conftest import Invoke, Tool

SIZE_300_MB = 300_000_000


def test_without_arguments_every_scenario_is_run_with_the_defaults(invoke: Invoke, tool: Tool) -> None:
    result = invoke("run")
    assert result.exit_code == 0, result.output
    assert {"arrow-l1-hit", "bytes-file-get"} <= {scenario.name for scenario in tool.scenarios}
    assert tool.options == RunOptions(metrics.INSTRUMENTS)
    assert tool.resolved == [("installed", None)]


def test_without_a_redis_server_its_scenarios_are_left_out_aloud(
    invoke: Invoke, tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "redis_server", lambda: None)
    result = invoke("run", "--quiet")
    assert "redis" not in {scenario.caching.backend for scenario in tool.scenarios}
    words = " ".join(result.stderr.split())
    assert (
        "no Redis server can be started here, so these scenarios are not run: redis-l2-backfill, redis-l2-hit"
        in words
    )
    invoke("run", "--redis-url", "redis://localhost")
    assert "redis" in {scenario.caching.backend for scenario in tool.scenarios}
    invoke("run", "redis-l2-hit")
    assert [scenario.name for scenario in tool.scenarios] == ["redis-l2-hit"]


def test_options_reach_the_measurement(invoke: Invoke, tool: Tool) -> None:
    words = "run arrow-l1-hit --size 300MB --cachekit 0.9.1 --reads 5 --repeat 2 --timeout 1.5 --jobs 4"
    result = invoke(*words.split(), "--as-deployed", "--instrument", "memray", "--instrument", "rss")

    assert result.exit_code == 0, result.output
    [scenario] = tool.scenarios
    assert (scenario.name, scenario.value.logical_bytes) == ("arrow-l1-hit", SIZE_300_MB)
    assert tool.options == RunOptions(("rss", "memray"), 5, 2, 1.5, 4, as_deployed=True)
    assert tool.resolved == [("0.9.1", None)]


def test_a_full_disk_is_told_with_the_remedy(invoke: Invoke, tool: Tool) -> None:
    tool.error = OSError(28, "No space left on device", "/full")
    result = invoke("run")
    assert result.exit_code == 3
    assert result.stderr.startswith("error: the disk is full; make room there, or name another folder: ")
    assert result.stderr.endswith("(No space left on device: /full)\n")


def test_functions_of_stages_reach_the_measurement_in_one_form(invoke: Invoke, tool: Tool) -> None:
    unwrap = "unwrap=serializers.wrapper:SerializationWrapper.unwrap"
    given = ("--stage", unwrap.replace("=", "=cachekit."), "--stage", unwrap)
    result = invoke("run", "arrow-l1-hit", *given)
    assert result.exit_code == 0, result.output
    assert tool.options == RunOptions(metrics.INSTRUMENTS, stages=(unwrap,))
    assert "give it for one" in invoke("run", *given, "--stage", unwrap.replace("unwrap=", "decode=")).stderr


def test_variables_reach_every_scenario(invoke: Invoke, tool: Tool) -> None:
    result = invoke("run", "arrow-l1-hit", "bytes-l1-hit*", "--env", "FOO=a=b", "--env", "BAR=")
    assert result.exit_code == 0, result.output
    assert [scenario.environment for scenario in tool.scenarios] == [{"FOO": "a=b", "BAR": ""}] * 2


def test_an_interpreter_can_be_given(invoke: Invoke, tool: Tool) -> None:
    invoke("run", "--python", "env/bin/python")
    assert tool.resolved == [("installed", Path("env/bin/python"))]


def test_limits_replace_those_of_the_scenario(invoke: Invoke, tool: Tool) -> None:
    invoke("run", "arrow-l1-hit", "--budget", "rss.peak=9x", "--budget", "copies.unwrap = 10MB")
    limits = {limit.metric: limit for limit in tool.scenarios[0].budget}
    assert limits["rss.peak"] == Limit("rss.peak", 9.0, None, "error")
    assert limits["copies.unwrap"] == Limit("copies.unwrap", None, 10_000_000, "error")


def test_a_scenario_file_can_be_run(invoke: Invoke, tool: Tool) -> None:
    bundled = Path(__file__).parents[3] / "scenarios/arrow-l1-hit.toml"
    Path("mine.toml").write_text(bundled.read_text(encoding="utf-8"), encoding="utf-8")
    assert invoke("run", "mine.toml").exit_code == 0
    assert [scenario.name for scenario in tool.scenarios] == ["mine"]


def test_the_run_folder_is_the_one_asked_for(invoke: Invoke, tool: Tool) -> None:
    result = invoke("run", "--out", "runs/today")
    assert tool.folder is not None
    assert tool.folder.path == Path.cwd() / "runs/today"
    assert json.loads(Path("runs/today/report.json").read_text())["schema_version"] == 2
    assert "runs/today" in result.stdout


def test_by_default_it_is_below_the_state_folder(invoke: Invoke, tool: Tool, isolated_home: Home) -> None:
    invoke("run")
    assert tool.folder is not None
    assert tool.folder.path.is_relative_to(isolated_home.state)


@pytest.mark.parametrize(
    ("results", "code"), [((L1_HIT,), 1), ((UNMEASURED, L1_HIT), 3), ((NOT_APPLICABLE,), 3)]
)
def test_the_verdict_is_the_exit_code_and_json_is_written_nevertheless(
    invoke: Invoke, tool: Tool, results: tuple[object, ...], code: int
) -> None:
    tool.report = report_of(*results)  # type: ignore[arg-type]
    result = invoke("run", "--json", "report.json")
    assert result.exit_code == code
    assert len(json.loads(Path("report.json").read_text())["results"]) == len(results)


def test_the_table_goes_to_stdout(invoke: Invoke, tool: Tool) -> None:
    tool.report = report_of(L1_HIT)
    result = invoke("run")
    assert "unwrap      serializers/wrapper.py:126" in result.stdout
    assert result.stdout.rstrip().endswith("FAIL: of 1 scenario, 1 over budget, 1 warning")
    assert result.stderr == "arrow-l1-hit: FAIL  copies 2.00x  heap 2.00x  rss 2.00x\n"


def test_json_has_stdout_to_itself(invoke: Invoke, tool: Tool) -> None:
    tool.report = report_of(L1_HIT)
    result = invoke("run", "--json", "-")
    assert json.loads(result.stdout)["results"][0]["verdict"] == "fail"
    assert "serializers/wrapper.py:126" in result.stderr
    assert result.exit_code == 1


def test_quiet_is_one_line_a_scenario(invoke: Invoke, tool: Tool) -> None:
    tool.report = report_of(L1_HIT, UNMEASURED, NOT_APPLICABLE)
    lines = invoke("run", "-q").stdout.splitlines()
    heads = [line for line in lines if not line.startswith(" ")]
    assert heads[0].startswith(
        "arrow-l1-hit: FAIL  copies 2.00x  heap 2.00x  rss 2.00x; copies.unwrap 1.00x over 0.30x (unwrap at "
    )
    assert heads[1].startswith("json-l1-hit: COULD NOT MEASURE: ")
    assert heads[2].startswith("arrow-file-mmap: does not apply to cachekit 0.9.1")
    assert any("MemoryError" in line for line in lines)


def test_quiet_with_json_leaves_stdout_to_json(invoke: Invoke, tool: Tool) -> None:
    result = invoke("run", "--quiet", "--json", "-")
    assert json.loads(result.stdout)["schema_version"] == 2
    assert result.stderr == (
        "arrow-file-mmap: PASS  copies 1.00x  heap 1.00x  rss 2.00x; 0 of 1 limit judged (not measured: "
        "peak.tracemalloc)\n"
    )


def test_of_many_scenarios_those_are_shown_that_need_a_look_or_all(invoke: Invoke, tool: Tool) -> None:
    fine = replace(L1_HIT, scenario=replace(L1_HIT.scenario, name="fine"), verdict="pass", budgets=())
    tool.report = report_of(L1_HIT, fine, NOT_APPLICABLE)
    text = invoke("run").stdout
    assert "arrow-l1-hit: FAIL \u2500" in text
    assert "fine: MEASURED \u2500" not in text
    assert ("MEM002 a tracemalloc window that opens after unwrap misses part of the read: fine") in " ".join(
        text.split()
    )
    assert "fine: MEASURED \u2500" in invoke("run", "--full").stdout


@pytest.mark.parametrize(
    "given", [["--instrument", "memray,rss"], ["--instrument", "memray", "--instrument", "rss, memray"]]
)
def test_instruments_are_named_in_one_or_in_several(invoke: Invoke, tool: Tool, given: list[str]) -> None:
    invoke("run", "arrow-l1-hit", *given, "-j", "3")
    assert tool.options is not None
    assert (tool.options.instruments, tool.options.jobs) == (("rss", "memray"), 3)


def test_a_folder_is_run(invoke: Invoke, tool: Tool) -> None:
    Path("checks").mkdir()
    for name in ("one", "two"):
        assert invoke("init", f"checks/{name}.toml").exit_code == 0
    invoke("run", "checks")
    assert [scenario.name for scenario in tool.scenarios] == ["one", "two"]


def test_quick_is_two_of_the_instruments(invoke: Invoke, tool: Tool) -> None:
    assert invoke("run", "--quick").exit_code == 0
    assert tool.options == RunOptions(("rss", "memray"))


@pytest.mark.parametrize("order", [["--quick"], ["--instrument", "rss", "--quick"]])
def test_quick_chooses_the_instruments_by_itself(invoke: Invoke, tool: Tool, order: list[str]) -> None:
    result = invoke("run", "--instrument", "rss", *order)
    assert (result.exit_code, result.stdout, tool.resolved) == (2, "", [])
    assert "give either --quick or --instrument" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nope"], "no bundled scenario matches 'nope'"),
        (["missing.toml"], "missing.toml"),
        (["--size", "0"], "'0' is not a positive size"),
        (["--size", "big"], "'big' is not a size"),
        (["--reads", "0"], "0 is not in the range 1<=x<="),
        (["--repeat", "0"], "0 is not in the range 1<=x<="),
        (["--jobs", "0"], "0 is not in the range 1<=x<="),
        (["--timeout", "0"], "0 is not a positive number of seconds"),
        (["--timeout", "nan"], "nan is not a positive number of seconds"),
        (["--timeout", "inf"], "inf is not a positive number of seconds"),
        (["--instrument", "dhat"], "'dhat' is no instrument; the instruments are rss, tracemalloc, memray, "),
        (["--instrument", "rss,memrey"], "'memrey' is no instrument; did you mean memray?"),
        (["--instrument", "rss,"], "'' is no instrument"),
        (["--budgte", "rss.peak=1x"], "--budget"),
        (["--budget", "rss.peak"], "'rss.peak' is not METRIC=LIMIT"),
        (["--budget", "rss.peek=1x"], "did you mean rss.peak"),
        (["--budget", "rss.peak=1"], "'1' is not a limit"),
        (["--env", "FOO"], "'FOO' is not NAME=VALUE"),
        (["--env", "FOO=1", "--env", "FOO=2"], "FOO is given twice"),
        (["--env", "CACHEKIT_MASTER_KEY=1"], "looks like a secret"),
        (["--env", "MALLOC_ARENA_MAX=2"], "add --as-deployed"),
        (["--matrix", "env.PYTHONMALLOC=malloc,unset"], "add --as-deployed"),
        (["--env", "PYTHONMALLOC=malloc", "--as-deployed", "--instrument", "memray"], "add --as-deployed"),
        (["--json", "missing/report.json"], "there is no folder"),
        (["--json", "."], "not a file"),
        (["--json", ""], "not a file"),
        (["--out", "full"], "not empty and not a run folder"),
        (["--out", "full/file"], "not a folder"),
    ],
)
def test_what_can_not_be_used_is_refused_before_anything_slow(
    invoke: Invoke, tool: Tool, arguments: list[str], message: str
) -> None:
    Path("full").mkdir()
    Path("full/file").touch()
    result = invoke("run", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""
    assert tool.resolved == []


def test_a_file_without_permission_is_refused_before_anything_slow(
    invoke: Invoke, tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    result = invoke("run", "--json", "report.json")
    assert (result.exit_code, tool.resolved) == (2, [])
    assert "--json report.json: no permission to write it" in result.stderr


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (CouldNotMeasure("cachekit 9.9 can't be installed"), 3, "error: cachekit 9.9 can't be installed\n"),
        (UsageError("give one, not both"), 2, "error: give one, not both\n"),
        (CouldNotMeasure("uv said:\n  \x1b[31mno\x1b[0m"), 3, "error: uv said:\n  no\n"),
        (KeyboardInterrupt(), 130, "error: interrupted; there is no verdict\n"),
        (OSError(2, "No such file or directory", "/gone"), 3, "error: No such file or directory: /gone\n"),
        (BrokenPipeError(), 141, ""),
    ],
)
@pytest.mark.parametrize("where", ["resolve", "run"])
def test_every_failure_is_a_message_and_a_code_that_is_no_verdict(
    invoke: Invoke, tool: Tool, where: str, error: BaseException, code: int, message: str
) -> None:
    tool.error, tool.fails = error, where
    result = invoke("run")
    assert (result.exit_code, result.stderr, result.stdout) == (code, message, "")


def test_an_output_that_the_shell_has_closed_changes_no_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(SystemExit) as ended:
        exits(lambda: 1)()
    assert ended.value.code == 1


def test_a_bug_is_not_reported_as_over_budget(invoke: Invoke, tool: Tool) -> None:
    tool.error = ZeroDivisionError("oops")
    result = invoke("run")
    assert result.exit_code == 3
    assert "ZeroDivisionError: oops" in result.stderr
    assert result.stderr.endswith("error: this is a bug in cachekit-memprobe; there is no verdict\n")


def test_a_target_that_can_not_be_resolved_leaves_no_run_folder(invoke: Invoke, tool: Tool) -> None:
    tool.error, tool.fails = CouldNotMeasure("no"), "resolve"
    invoke("run", "--out", "runs/today")
    assert not Path("runs").exists()


def test_a_json_file_that_can_not_be_written_does_not_hide_the_report(
    invoke: Invoke, tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    result = invoke("run", "--json", "here.json")
    assert result.exit_code == 3
    assert "can't write here.json: No space left on device" in result.stderr
    assert "PASS: of 1 scenario" in result.stdout


def test_json_to_a_pipe_does_not_replace_it(invoke: Invoke, tool: Tool) -> None:
    os.mkfifo("pipe")
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert invoke("run", "--json", "pipe").exit_code == 0
        assert json.loads(os.read(reader, 1 << 16))["schema_version"] == 2
    finally:
        os.close(reader)
    assert Path("pipe").is_fifo()


def test_no_color_is_plain_even_on_a_terminal(
    invoke: Invoke, tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in invoke("run").stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in invoke("run").stdout


def test_a_narrow_terminal_loses_no_figure(
    invoke: Invoke, tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    tool.report = report_of(L1_HIT)
    assert "1.00x transformed    1.00x     no" in invoke("run").stdout
