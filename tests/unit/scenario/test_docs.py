"""What docs/scenario-format.md shows is what the program does."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from cachekit_memprobe.child.stages import STAGES
from cachekit_memprobe.errors import ScenarioError
from cachekit_memprobe.metrics import METRICS
from cachekit_memprobe.scenario import load_scenario
from cachekit_memprobe.scenario.problems import toml
from cachekit_memprobe.scenario.schema import DEFAULT_COLUMNS, TABLES, ScenarioFile, Table

WriteFile = Callable[..., Path]

DOCUMENT = (Path(__file__).parents[3] / "docs" / "scenario-format.md").read_text(encoding="utf-8")


DEFAULTS = {"columns": DEFAULT_COLUMNS}
"""Those that depend on another key, so that the schema can't have them."""


def block(marker: str) -> str:
    """The fenced block below ``<!-- marker -->``."""
    match = re.search(rf"<!-- {re.escape(marker)} -->\n```\w+\n(.*?)```\n", DOCUMENT, re.DOTALL)
    assert match is not None, marker
    return match[1]


def error_of(path: Path) -> str:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    return str(caught.value)


def test_the_example_loads_and_has_every_key(write: WriteFile) -> None:
    example = block("example")
    assert load_scenario(write(example)).value.logical_bytes == 300_000_000
    models: list[type[Table]] = [ScenarioFile, *TABLES.values()]
    for model in models:
        for key in model.model_fields.keys() - {"file"}:  # which excludes most of the others
            assert re.search(rf"^(\[{key}\]|{key} =)", example, re.MULTILINE), key


def test_the_spellings_load(write: WriteFile, smallest: str) -> None:
    budget = load_scenario(write(smallest + block("spellings"))).budget
    assert {limit.metric: (limit.payloads, limit.size_bytes, limit.level) for limit in budget} == {
        "rss.peak": (2.35, None, "error"),
        "rss.anon": (1.35, None, "error"),
        "rss.file": (1.35, None, "warn"),
        "copies.total": (1.35, None, "error"),
        "copies.unwrap": (0.0, None, "error"),
        "peak.heap": (None, 420_000_000, "warn"),
    }


def test_every_key_and_its_default_are_explained() -> None:
    for name, table in TABLES.items():
        section = DOCUMENT.split(f"### `[{name}]`")[1].split("\n### ")[0]
        first_table = section.split("\n\n")[1]
        assert dict(re.findall(r"^\| `(\w+)` \| (\S+) \|", first_table, re.MULTILINE)) == {
            key: "required" if field.is_required() else f"`{toml(DEFAULTS.get(key, field.default))}`"
            for key, field in table.model_fields.items()
        }


def test_every_metric_is_explained() -> None:
    rows = dict(re.findall(r"^\| `([a-z_]+\.[a-z_<>]+)` \| (.*) \|$", DOCUMENT, re.MULTILINE))
    assert {name: meaning.replace("`", "") for name, meaning in rows.items()} == {
        metric.name: metric.meaning for metric in METRICS
    }
    assert f"`<stage>` is one of {', '.join(f'`{stage}`' for stage in STAGES)}." in DOCUMENT


def test_the_errors_are_those_that_are_printed(write: WriteFile) -> None:
    path = write(block("invalid: slow-orders.toml"), "slow-orders.toml")
    assert f"{error_of(path)}\n" == block("errors")


def test_the_errors_of_unreadable_files_are_those_that_are_printed(write: WriteFile) -> None:
    broken, latin1 = write('summary = "x"\nvalue = = 1\n', "broken.toml"), write("", "latin1.toml")
    latin1.write_bytes('# fine\nsummary = "Aufträge"\n'.encode("latin-1"))
    folder = Path("folder")
    folder.mkdir()
    errors = [error_of(path) for path in (broken, latin1, folder, Path("missing.toml"))]
    assert "\n".join([*errors, ""]) == block("unreadable")
