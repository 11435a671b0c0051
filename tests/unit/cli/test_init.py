from pathlib import Path

import pytest

from cachekit_memprobe.scenario import load_scenario
from tests.unit.cli.conftest import Invoke, Tool


def test_a_scenario_is_written_that_runs_as_it_is(invoke: Invoke, tool: Tool) -> None:
    result = invoke("init")
    assert result.exit_code == 0
    assert (
        result.stdout
        == "memprobe-scenario.toml is written; run it with: cachekit-memprobe run memprobe-scenario.toml\n"
    )
    assert load_scenario(Path("memprobe-scenario.toml")).budget
    assert invoke("run", "memprobe-scenario.toml").exit_code == 0
    assert [scenario.name for scenario in tool.scenarios] == ["memprobe-scenario"]


def test_another_name_in_another_folder(invoke: Invoke) -> None:
    Path("ci").mkdir()
    assert invoke("init", "ci/read.toml").exit_code == 0
    assert load_scenario(Path("ci/read.toml")).name == "read"


def test_a_file_is_overwritten_only_when_asked(invoke: Invoke) -> None:
    Path("memprobe-scenario.toml").write_text("mine")
    result = invoke("init")
    assert result.exit_code == 2
    assert result.stderr == (
        "error: memprobe-scenario.toml exists and is not overwritten; give --force, or another name\n"
    )
    assert Path("memprobe-scenario.toml").read_text() == "mine"
    assert invoke("init", "--force").exit_code == 0
    assert load_scenario(Path("memprobe-scenario.toml")).name == "memprobe-scenario"


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("memprobe.toml", "memprobe.toml is the configuration of cachekit-memprobe check"),
        ("mine", "a scenario's file has to end in .toml; call it mine.toml"),
        ("Mine.toml", "rename the file, for example to mine.toml"),
        ("missing/mine.toml", "there is no folder missing; make it first"),
    ],
)
def test_a_name_that_could_not_be_run_is_refused(invoke: Invoke, file: str, message: str) -> None:
    result = invoke("init", file)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert not list(Path().iterdir())
