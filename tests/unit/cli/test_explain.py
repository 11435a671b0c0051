import io

import pytest

from cachekit_memprobe import pages
from cachekit_memprobe.child.stages import FUNCTIONS, ROWS, SITES, STAGES
from cachekit_memprobe.cli import explain
from cachekit_memprobe.cli.console import PlainConsole
from cachekit_memprobe.metrics import METRICS, NAMES, metric_of
from tests.unit.cli.conftest import Invoke

EVERY_NAME = [*pages.titles(), *STAGES, *NAMES, *(metric.name for metric in METRICS if metric.per_stage)]


def test_without_a_name_all_of_them_are_listed_in_groups(invoke: Invoke) -> None:
    result = invoke("explain")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    groups = {"findings": list(pages.titles()), "stages": list(STAGES)}
    groups["metrics"] = [metric.name for metric in METRICS]
    assert [line for line in lines if line and not line.startswith(" ")] == list(groups)
    names = [line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "]
    assert names == [name for names in groups.values() for name in names]
    assert max(map(len, lines)) <= 80
    words = " ".join(result.stdout.split())
    assert "MEM001 a line copies memory that the read already had" in words
    for row in ROWS:
        assert f"{row.name} {row.meaning}" in words


@pytest.mark.parametrize("code", ["MEM006", "mem006"])
def test_where_it_is_piped_a_page_is_as_it_was_written(invoke: Invoke, code: str) -> None:
    result = invoke("explain", code)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == pages.page_of("MEM006")


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_has_its_meaning_its_code_and_its_metrics(invoke: Invoke, stage: str) -> None:
    result = invoke("explain", stage)
    assert (result.exit_code, result.stderr) == (0, "")
    meaning = next(row.meaning for row in ROWS if row.name == stage)
    assert result.stdout.startswith(f"# {stage}: {meaning}\n")
    for function in (entry for entry in FUNCTIONS if entry.stage == stage):
        assert f"`cachekit.{function.name}`" in result.stdout
    for site in (entry for entry in SITES if entry.stage == stage):
        assert f"the call of `{site.call}` in `cachekit.{site.function}`" in result.stdout
    for kind in ("copies", "verbatim", "live"):
        assert f"- `{kind}.{stage}`: " in result.stdout


def test_a_stage_has_the_releases_of_its_functions(invoke: Invoke) -> None:
    lines = invoke("explain", "unwrap").stdout.splitlines()
    assert (
        "- `cachekit.serializers.wrapper:SerializationWrapper.unwrap`: 0.4.0 up to, but not including, 0.22.0"
    ) in lines
    assert "- `cachekit.serializers.wrapper:_split_frame`: since 0.22.0" in lines
    lines = invoke("explain", "decrypt").stdout.splitlines()
    assert "- `cachekit.serializers.encryption_wrapper:EncryptionWrapper.deserialize`: all releases" in lines


@pytest.mark.parametrize("name", NAMES)
def test_a_metric_has_its_meaning_its_unit_and_its_instrument(invoke: Invoke, name: str) -> None:
    result = invoke("explain", name)
    assert (result.exit_code, result.stderr) == (0, "")
    metric = metric_of(name)
    assert result.stdout.startswith(f"# {name}: {metric.label}")
    stage = name.rpartition(".")[2] if metric.per_stage else "<stage>"
    meaning = metric.meaning.replace("<stage>", stage)
    assert f"\n\n{meaning}.".lower() in result.stdout.replace("`", "").lower()
    named = " and ".join(f"`{instrument}`" for instrument in metric.instruments)
    none = "none; the process that stores the value tells it"
    assert f"- instrument{'s' * bool(metric.also)}: {named or none}\n" in result.stdout
    assert "- unit: payloads;" in result.stdout
    assert f"`--budget {name}=1.3x`" in result.stdout
    assert ("- tolerance: 1 MiB" in result.stdout) is (metric.instrument == "rss")


def test_a_metric_of_every_stage_can_be_named_as_one(invoke: Invoke) -> None:
    result = invoke("explain", "copies.<stage>")
    assert result.exit_code == 0
    assert "- stages: `l1_get`, " in result.stdout


@pytest.mark.parametrize("name", EVERY_NAME)
def test_on_a_terminal_a_page_is_laid_out(monkeypatch: pytest.MonkeyPatch, invoke: Invoke, name: str) -> None:
    terminal = PlainConsole(file=io.StringIO(), force_terminal=True, color_system=None, width=80)
    monkeypatch.setattr(explain, "stdout_console", lambda: terminal)
    assert invoke("explain", name).exit_code == 0
    assert isinstance(terminal.file, io.StringIO)
    text = terminal.file.getvalue()
    assert f"{name}: " in text
    assert not {"##", "```", "**"} & set(text.split())
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("code", list(pages.titles()))
def test_on_a_terminal_a_command_can_be_pasted(
    monkeypatch: pytest.MonkeyPatch, invoke: Invoke, code: str
) -> None:
    terminal = PlainConsole(file=io.StringIO(), force_terminal=True, color_system=None, width=80)
    monkeypatch.setattr(explain, "stdout_console", lambda: terminal)
    invoke("explain", code)
    assert isinstance(terminal.file, io.StringIO)
    text = terminal.file.getvalue()
    assert "\nWhat it means\n" in text
    commands = pages.page_of(code).partition("```sh\n")[2].partition("```")[0].splitlines()
    assert commands
    assert [line for line in commands if f" {line}\n" not in text] == []


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("MEM06", "did you mean MEM016, MEM006"),
        ("unwarp", "did you mean unwrap"),
        ("rss.peek", "did you mean rss.peak"),
        ("copies.unrap", "did you mean copies.unwrap"),
        ("\x1b[31mqqq", '"cachekit-memprobe explain" lists them'),
        ("README", '"cachekit-memprobe explain" lists them'),
    ],
)
def test_a_name_that_there_is_not_is_a_usage_error(invoke: Invoke, name: str, remedy: str) -> None:
    result = invoke("explain", name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{name!r} is no finding's code, no stage and no metric; {remedy}" in result.stderr
