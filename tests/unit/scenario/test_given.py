"""Variables of a scenario: its [env], --env, and axes of a matrix."""

from dataclasses import replace
from pathlib import Path

import pytest

from cachekit_memprobe.errors import ScenarioError
from cachekit_memprobe.model import Scenario
from cachekit_memprobe.scenario import expand, load_bundled, load_scenario, parse_axis, parse_variable
from cachekit_memprobe.scenario.writing import scenario_text


def load(folder: Path, text: str, smallest: str) -> Scenario:
    (folder / "my.toml").write_text(smallest + text)
    return load_scenario(folder / "my.toml")


def test_a_table_of_variables(tmp_path: Path, smallest: str) -> None:
    scenario = load(tmp_path, '[env]\nFOO = "a b"\nMALLOC_ARENA_MAX = "2"\n', smallest)
    assert scenario.environment == {"FOO": "a b", "MALLOC_ARENA_MAX": "2"}
    (tmp_path / "again.toml").write_text(scenario_text(scenario, tmp_path / "again.toml"))
    assert load_scenario(tmp_path / "again.toml").environment == scenario.environment


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "[env]\nFOO = 1\n",
            'my.toml: [env] FOO: expected text in quotation marks, found 1; write FOO = "1"',
        ),
        (
            '[env]\nAPI_KEY = "x"\n',
            'my.toml: [env] API_KEY: expected a variable that can be given, found "API_KEY"; API_KEY looks '
            "like a secret, which has no place in a measurement; cachekit-memprobe makes the keys that it "
            "needs itself",
        ),
    ],
)
def test_a_variable_that_can_not_be_given(tmp_path: Path, smallest: str, text: str, error: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, text, smallest)
    assert str(caught.value).endswith(error.removeprefix("my.toml: "))


def test_an_option() -> None:
    assert parse_variable("FOO=a=b") == ("FOO", "a=b")
    with pytest.raises(ValueError, match="'FOO' is not NAME=VALUE; write it like MALLOC_ARENA_MAX=2"):
        parse_variable("FOO")


def test_an_axis() -> None:
    base = replace(load_bundled("arrow-l1-hit"), environment={"MALLOC_ARENA_MAX": "8", "FOO": "bar"})
    axis = parse_axis("env.MALLOC_ARENA_MAX=unset,2")
    scenarios, sweep = expand((base,), axes=(axis,))
    assert [one.environment for one in scenarios] == [{"FOO": "bar"}, {"FOO": "bar", "MALLOC_ARENA_MAX": "2"}]
    assert [one.name for one in scenarios] == [
        "arrow-l1-hit@MALLOC_ARENA_MAX=unset",
        "arrow-l1-hit@MALLOC_ARENA_MAX=2",
    ]
    assert sweep.axes == {"MALLOC_ARENA_MAX": ("unset", "2")}


def test_an_axis_of_libraries_has_names_that_folders_can_have() -> None:
    axis = parse_axis("env.LD_PRELOAD=unset,/usr/lib/libjemalloc.so.2")
    (_, scenario), _ = expand((load_bundled("arrow-l1-hit"),), axes=(axis,))
    assert scenario.name == "arrow-l1-hit@LD_PRELOAD=libjemalloc.so.2"
    assert scenario.environment == {"LD_PRELOAD": "/usr/lib/libjemalloc.so.2"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("env.FOO=1,2", "FOO can't be an axis"),
        ("env.LD_PRELOAD=/a/x.so,/b/x.so", "has a value twice"),
        ("env.CACHEKIT_MASTER_KEY=1,2", "looks like a secret"),
        ("env.MALLOC_ARENA_MAX=", "write it like"),
    ],
)
def test_what_can_not_be_an_axis(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_axis(text)
