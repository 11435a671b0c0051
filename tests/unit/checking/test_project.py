"""What is wrong with a configuration is said with the file, the line, the key and the remedy."""

from pathlib import Path

import pytest

from cachekit_memprobe.checking import ConfigurationError
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.scenario import starter_text
from tests.golden.whole import assert_golden
from tests.unit.checking.conftest import Read

SCENARIOS = 'scenarios = ["arrow-l1-hit", "bytes-file-get"]\n'

BUDGET = SCENARIOS + '[budget."*"]\n'
INVALID = (
    "",
    'scenarios = "arrow-l1-hit"',
    "scenarios = [1]",
    'scenario = ["arrow-l1-hit"]',
    '\nscenarios = [\n  "arrow-l1-hit",\n  "arow-l1-hit-8-readers",\n]',
    'scenarios = ["memory/orders.toml"]',
    'scenarios = ["memory/*.toml"]',
    SCENARIOS + 'with = ["pandas==2.3.3"]',
    SCENARIOS + "[calls]\norders = 3",
    SCENARIOS + '[calls.orders]\nargs = ["x"]\ntier = "l3"',
    SCENARIOS + '[calls.Orders]\ncall = "shop:orders"\nargs = [2026-11-24]',
    BUDGET + 'rss.peek = "1x"',
    BUDGET + 'rss.peak = "1x"\n"rss.peak" = "2x"',
    BUDGET + "rss.peak = 1.3",
    BUDGET + 'rss.peak = "5%"',
    BUDGET + 'rss.peak = { hrad = "1x" }',
    BUDGET + 'rss.peak = { soft = "1x", hrad = "1x" }',
    BUDGET + 'rss.peak = { message = "no" }',
    BUDGET + 'rss.peak = { soft = "1.5x", hard = "1.4x" }',
    BUDGET + 'rss.peak = { soft = "100MiB", hard = "1.4x" }',
    BUDGET + 'rss.peak = { hard = "1.4x", floor = "1MiB" }',
    BUDGET + 'rss.peak = { hard = "+5%", floor = "1", when = "django<3", message = "a\\nb" }',
    BUDGET + 'rss.peak = [\n  "1x",\n  "2x"]',
    BUDGET + "rss.peak = []",
    SCENARIOS + '[budget."arow-*"]\nrss.peak = "1x"',
    SCENARIOS + '[budget.arrow-l1-hitt]\nrss.peak = "1x"',
    SCENARIOS + '[budget]\nrss.peak = "1x"',
    SCENARIOS + '[budget]\n"rss.peak" = "1x"',
)


def refusal(read_project: Read, text: str) -> str:
    with pytest.raises(ConfigurationError) as refused:
        read_project(text)
    return str(refused.value)


def test_names_patterns_and_files(project_folder: Path, read_project: Read) -> None:
    folder = project_folder / "memory"
    folder.mkdir()
    for name in ("orders", "prices", "carts"):
        (folder / f"{name}.toml").write_text(starter_text(folder / f"{name}.toml"))
    project = read_project('scenarios = ["memory/orders.toml", "arrow-l1-hit-*rs", "memory/[a-o]*.toml"]\n')
    assert [(scenario.name, scenario.source) for scenario in project.scenarios] == [
        ("orders", "memory/orders.toml"),
        ("arrow-l1-hit-8-readers", "bundled:arrow-l1-hit-8-readers"),
        ("carts", "memory/carts.toml"),
    ]
    assert [one.name for one in project.chosen(("carts", "orders"))] == ["orders", "carts"]
    assert [one.name for one in project.chosen(("*readers",))] == ["arrow-l1-hit-8-readers"]
    with pytest.raises(UsageError, match=r"^memprobe.toml has no scenario 'order'; did you mean orders\?$"):
        project.chosen(("order",))


def test_what_measures_is_the_installed_cachekit_unless_it_is_said(
    project_folder: Path, read_project: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_project(SCENARIOS).cachekit == "installed"
    project = read_project(SCENARIOS + 'cachekit = "0.10.0"\nwith = ["pandas==2.3.3"]\n')
    assert (project.cachekit, project.extras) == ("0.10.0", ("pandas==2.3.3",))
    # A source tree is where the configuration says, wherever the command is called.
    (project_folder / "inner").mkdir()
    monkeypatch.chdir(project_folder / "inner")
    assert read_project(SCENARIOS + 'cachekit = "./cachekit"\n').cachekit == "../cachekit"


def test_what_is_wrong_is_said_with_line_key_and_remedy(read_project: Read) -> None:
    refused = [f"{text.rstrip()}\n\n{refusal(read_project, text)}\n" for text in INVALID]
    assert_golden(f"{'-' * 80}\n".join(refused), "configurations-refused")


def test_two_scenarios_of_one_name_are_refused(project_folder: Path, read_project: Read) -> None:
    for folder in ("one", "other"):
        (project_folder / folder).mkdir()
        path = project_folder / folder / "orders.toml"
        path.write_text(starter_text(path))
    assert refusal(read_project, 'scenarios = ["one/orders.toml",\n  "other/orders.toml"]\n') == (
        "memprobe.toml:2: scenarios[1]: a scenario is called orders already, by memprobe.toml:1: scenarios[0]"
        ", and results are kept by name; rename one of them"
    )


def test_everything_that_is_wrong_is_said_in_the_order_of_the_file(read_project: Read) -> None:
    text = SCENARIOS + '[budget."*"]\nrss.peak = "x"\n[other]\n[budget.arrow-l1-hit]\nrss.peek = "1x"\n'
    assert [line.split(":")[1] for line in refusal(read_project, text).splitlines()] == ["3", "4", "6"]
