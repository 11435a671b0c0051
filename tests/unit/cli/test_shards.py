"""``--shard`` and ``merge`` on the command line; what they do with folders is in tests/unit/runstore."""

from dataclasses import replace
from pathlib import Path

import pytest

from cachekit_memprobe.model import Measurement
from cachekit_memprobe.report.words import command_words, verdict_line
from cachekit_memprobe.runstore import RunFolder, costs_s
from cachekit_memprobe.sweep import Shard
from tests.golden.reports import L1_HIT, SCENARIO, report_of
from tests.unit.cli.conftest import Invoke, Tool
from tests.unit.runstore.made import measured, run_of

THREE = ("arrow-l1-hit", "arrow-file-get", "arrow-file-mmap")


def test_a_run_measures_its_shard_and_knows_the_others(invoke: Invoke, tool: Tool) -> None:
    planned: list[str] = []
    for number in (1, 2):
        assert invoke("run", *THREE, "--shard", f"{number}/2").exit_code == 0
        assert tool.planned is not None
        assert tool.planned.shard == Shard(number, 2, THREE)
        planned.extend(scenario.name for scenario in tool.planned.scenarios)
    assert sorted(planned) == sorted(THREE)


@pytest.mark.parametrize("value", ["0/2", "3/2", "2", "1/2/3", "a/b", "-1/2", "1/0", "1 /2"])
def test_what_is_no_shard_is_a_usage_error(invoke: Invoke, tool: Tool, value: str) -> None:
    result = invoke("run", "arrow-l1-hit", "--shard", value)
    assert (result.exit_code, tool.resolved) == (2, [])
    assert "write it like 2/5" in " ".join(result.stderr.split())


def test_a_shard_without_scenarios_is_a_usage_error(invoke: Invoke, tool: Tool) -> None:
    result = invoke("run", "arrow-l1-hit", "--shard", "1/2")
    assert (result.exit_code, tool.resolved) == (2, [])
    assert "there is 1 scenario, and a shard without any would measure nothing" in result.stderr


def test_shards_are_split_by_what_a_run_took(invoke: Invoke, tool: Tool) -> None:
    scenarios = [replace(SCENARIO, name=name) for name in THREE]
    folder = RunFolder.create(Path("costs"))
    folder.save_run(run_of(*scenarios))
    for scenario, took_s in zip(scenarios, (9.0, 1.0, 2.0), strict=True):
        folder.save_measurement(replace(measured(scenario), took_s=took_s))
    invoke("run", *THREE, "--shard", "2/2", "--shard-costs", "./costs")
    assert [scenario.name for scenario in tool.scenarios] == ["arrow-file-get", "arrow-file-mmap"]


def test_what_failed_at_once_says_nothing_of_what_it_takes(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "costs")
    folder.save_run(run_of(SCENARIO))
    folder.save_measurement(replace(Measurement.failed(SCENARIO, "there is no server"), took_s=0.1))
    assert costs_s(folder.path) == {}
    folder.save_measurement(replace(measured(), took_s=0.1))
    assert costs_s(folder.path) == {SCENARIO.name: 0.1}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--shard-costs", "./none"), "give --shard as well"),
        (("--shard", "1/1", "--shard-costs", "./none"), "none is not a run folder"),
    ],
)
def test_costs_of_nothing_are_a_usage_error(
    invoke: Invoke, tool: Tool, options: tuple[str, ...], said: str
) -> None:
    result = invoke("run", "arrow-l1-hit", *options)
    assert (result.exit_code, tool.resolved) == (2, [])
    assert said in " ".join(result.stderr.split())


@pytest.mark.parametrize("mode", ["--update-baseline", "--tighten"])
def test_what_needs_all_figures_refuses_a_shard(invoke: Invoke, mode: str) -> None:
    result = invoke("check", mode, "--shard", "1/2")
    assert result.exit_code == 2
    assert f"{mode} needs all that is measured; leave out --shard" in result.stderr


def test_a_report_says_that_it_is_of_a_shard() -> None:
    whole = report_of(L1_HIT)
    shard = replace(whole, run=replace(whole.run, shard=Shard(2, 5, ("arrow-l1-hit",))))
    assert verdict_line(shard).startswith("FAIL: of 1 scenario in shard 2/5, 1 over budget")
    assert " --shard 2/5 " in f"{command_words(shard)} "
    assert "--shard" not in command_words(whole)


@pytest.mark.parametrize("folders", [("none",), ()])
def test_what_can_not_be_merged_is_a_usage_error(invoke: Invoke, folders: tuple[str, ...]) -> None:
    assert invoke("merge", *folders).exit_code == 2
