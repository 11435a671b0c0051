from dataclasses import replace
from pathlib import Path

import pytest

from cachekit_memprobe import programs
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.scenario import bundled_names
from tests.golden.reports import TARGET
from tests.unit.cli.conftest import Invoke, Tool


def row(text: str, name: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"{name} "))


def test_every_bundled_scenario_is_listed_with_what_it_replays(invoke: Invoke, tool: Tool) -> None:
    tool.target = replace(TARGET, versions={"cachekit": "0.24.1"})
    result = invoke("list")
    assert result.exit_code == 0
    assert "DataFrame of float64" in row(result.stdout, "arrow-l1-hit")
    assert all(row(result.stdout, name) for name in bundled_names())
    assert row(result.stdout, "arrow-file-mmap").endswith("yes")
    assert result.stdout.endswith("here: cachekit 0.24.1\n")
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_what_does_not_apply_here_says_to_what_it_would(invoke: Invoke, tool: Tool) -> None:
    text = invoke("list").stdout
    assert ">=0.10" in text
    assert row(text, "arrow-l1-hit").endswith("yes")
    assert row(text, "arrow-file-mmap").split("  ")[-1].startswith("no, for")


def test_without_a_cachekit_the_scenarios_are_listed_and_it_is_said_why_they_can_not_run(
    invoke: Invoke, tool: Tool
) -> None:
    tool.error, tool.fails = CouldNotMeasure("cachekit is not installed\nin this environment"), "resolve"
    result = invoke("list")
    assert result.exit_code == 0
    assert row(result.stdout, "arrow-l1-hit").endswith("no")
    assert result.stdout.endswith("here: cachekit is not installed in this environment\n")


def test_a_pattern_lists_what_it_matches(invoke: Invoke, tool: Tool) -> None:
    lines = invoke("list", "redis-*", "arrow-l1-hit").stdout.splitlines()[2:-2]
    names = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert {"redis-l2-hit", "redis-l2-backfill", "arrow-l1-hit"} < {*names}
    assert all(name.startswith("redis-") for name in names if name != "arrow-l1-hit")
    result = invoke("list", "redsi-l2-hit")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "did you mean redis-l2-hit" in result.stderr


def test_what_a_scenario_needs_is_said(invoke: Invoke, tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    from cachekit_memprobe.scenario import load_bundled

    scenario = replace(load_bundled("arrow-l1-hit"), name="remote", needs=("redis",))
    monkeypatch.setattr("cachekit_memprobe.scenario.select", lambda patterns: (scenario,))
    assert row(invoke("list").stdout, "remote").split()[-3:] == ["redis", "by", "name"]


@pytest.mark.parametrize(("server", "word"), [(Path("bin/x"), "by name"), (None, "no, no server")])
def test_a_server_is_looked_for(
    server: Path | None, word: str, invoke: Invoke, tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool.target = replace(TARGET, versions={"cachekit": "0.24.1"})
    monkeypatch.setattr(programs, "memcached", lambda: server)
    assert row(invoke("list").stdout, "memcached-l2-hit").endswith(word)


@pytest.mark.parametrize(("polars", "word"), [({"polars": "2.1.0"}, "by name"), ({}, "no, no polars")])
def test_polars_is_looked_for_in_the_target(
    polars: dict[str, str], word: str, invoke: Invoke, tool: Tool
) -> None:
    tool.target = replace(TARGET, versions={"cachekit": "0.24.1", **polars})
    assert row(invoke("list").stdout, "arrow-polars-l1-hit").endswith(word)


def test_a_scenario_is_shown_with_its_budget(invoke: Invoke, tool: Tool) -> None:
    result = invoke("show", "arrow-l1-hit")
    assert result.exit_code == 0
    assert "dataframe, 64.0 MiB, 8 columns" in result.stdout
    assert "tier l1, route memory" in result.stdout
    assert row(result.stdout, "rss.peak").split()[1].endswith("x")
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert tool.resolved == []


def test_a_file_is_shown_too_and_a_limit_in_bytes_as_bytes(invoke: Invoke, tool: Tool) -> None:
    Path("mine.toml").write_text(
        'summary = "[b]mine[/b]"\n'
        'releases = ">=0.10"\n'
        '[value]\nkind = "bytes"\nsize = "1MB"\n'
        '[cache]\nserializer = "default"\nl1 = false\n'
        '[read]\ntier = "l2"\nroute = "get"\n'
        '[budget]\n"rss.peak" = { limit = "10MB", level = "warn" }\n',
        encoding="utf-8",
    )
    result = invoke("show", "mine.toml")
    assert result.exit_code == 0, result.stderr
    assert "[b]mine[/b]" in result.stdout
    assert row(result.stdout, "rss.peak").split()[1:4] == ["10.0", "MB", "warn"]
    assert row(result.stdout, "releases").split()[1] == ">=0.10"


def test_a_scenario_without_a_budget_says_so(invoke: Invoke, tool: Tool) -> None:
    Path("mine.toml").write_text(
        'summary = "mine"\n[value]\nkind = "bytes"\n[cache]\nserializer = "default"\nl1 = false\n'
        '[read]\ntier = "l2"\nroute = "get"\n'
    )
    assert "budget: none" in invoke("show", "mine.toml").stdout


@pytest.mark.parametrize(
    ("name", "message"),
    [("nope", "no bundled scenario matches"), ("arrow*", "arrow* names"), ("./missing.toml", "missing.toml")],
)
def test_what_names_no_single_scenario_is_a_usage_error(
    invoke: Invoke, tool: Tool, name: str, message: str
) -> None:
    result = invoke("show", name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
