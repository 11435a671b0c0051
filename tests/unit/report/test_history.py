"""Whole histories at a fixed width, and in every format. To accept a change: UPDATE_GOLDEN=1."""

import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from rich.cells import cell_len
from rich.console import Console

from cachekit_memprobe.history import History
from cachekit_memprobe.report.history.json import history_json
from cachekit_memprobe.report.history.markdown import history_markdown
from cachekit_memprobe.report.history.rows import COLUMNS, history_table
from cachekit_memprobe.report.history.terminal import render_history
from cachekit_memprobe.report.history.trackers import to_bencher, to_github_benchmark
from tests.golden.histories import BROKEN, HISTORIES, MENDED, NAME, NOTHING
from tests.golden.whole import assert_golden
from tests.schemas import HISTORY as SCHEMA
from tests.schemas import errors_in

DOCS = Path(__file__).parents[3] / "docs"
FREE = {"held", "versions", "metrics"}
"""Objects whose keys are data."""

BMF: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema",
    "type": "object",
    "patternProperties": {
        ".+": {
            "type": "object",
            "patternProperties": {
                ".+": {
                    "type": "object",
                    "properties": {"value": {"type": "number"}},
                    "required": ["value"],
                }
            },
        }
    },
}
"""As Bencher publishes it."""


def printed(history: History, width: int) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width, color_system=None, _environ={}).print(render_history(history))
    return stream.getvalue()


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", HISTORIES)
def test_whole_history(name: str, width: int) -> None:
    assert_golden(printed(HISTORIES[name], width), f"{name}-{width}")


@pytest.mark.parametrize("width", [72, 80, 120])
@pytest.mark.parametrize("name", HISTORIES)
def test_every_line_fits_and_has_no_trailing_blanks(name: str, width: int) -> None:
    lines = printed(HISTORIES[name], width).splitlines()
    assert max(map(cell_len, lines)) <= width
    assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.parametrize("name", HISTORIES)
def test_a_history_is_what_the_schema_says(name: str) -> None:
    assert errors_in(json.loads(history_json(HISTORIES[name])), SCHEMA) == []


def test_the_schema_describes_nothing_that_no_history_has() -> None:
    known = set().union(*(_keys(json.loads(history_json(one)), FREE) for one in HISTORIES.values()))
    records = (SCHEMA, *SCHEMA["$defs"].values())
    assert {key for one in records for key in one["properties"]} <= known


def test_the_package_has_the_schema() -> None:
    package = DOCS.parent / "cachekit_memprobe/report/history"
    assert json.loads((package / "history.schema.json").read_text(encoding="utf-8")) == SCHEMA


def test_every_key_of_a_history_is_described() -> None:
    described = set(re.findall(r"`([a-z_0-9]+)`", (DOCS / "history.md").read_text(encoding="utf-8")))
    for history in HISTORIES.values():
        document = json.loads(history_json(history))
        assert _keys(document, FREE) <= described


def _keys(document: Any, free: set[str]) -> set[str]:
    if isinstance(document, list):
        return set().union(*(_keys(one, free) for one in document))
    if not isinstance(document, dict):
        return set()
    below = [_keys([*value.values()] if key in free else value, free) for key, value in document.items()]
    return {*document}.union(*below)


def test_markdown_names_the_release_the_metric_and_the_line() -> None:
    text = history_markdown(MENDED)
    assert "copies.unwrap 1.00x" in text.replace("\\", "")
    assert "0.10.0" in text
    assert "serializers/wrapper.py:126" in text


def test_markdown_that_is_too_long_leaves_scenarios_out_and_says_so() -> None:
    longest = len(history_markdown(MENDED))
    assert "1 scenario left out for want of room." in history_markdown(MENDED, longest=longest)


def test_a_tracker_gets_the_newest_point_in_bytes() -> None:
    entries = json.loads(to_github_benchmark(BROKEN))
    by_name = {one["name"]: one for one in entries}
    heap = by_name[f"{NAME} peak.heap"]
    assert heap["unit"] == "bytes"
    assert heap["value"] == round(2.0013 * 300_000_000)
    assert "1.3.0" in heap["extra"]
    assert all(isinstance(one["name"], str) and isinstance(one["value"], int) for one in entries)


def test_bencher_gets_its_metric_format() -> None:
    document = json.loads(to_bencher(BROKEN))
    Draft7Validator(BMF).validate(document)
    assert document[NAME]["rss.peak"] == {"value": round(2.004 * 300_000_000)}


def test_what_was_not_measured_is_no_figure_of_a_tracker() -> None:
    assert json.loads(to_github_benchmark(NOTHING)) == []
    assert json.loads(to_bencher(NOTHING)) == {}


def test_a_row_for_each_point_scenario_and_metric() -> None:
    rows = history_table(MENDED).to_pylist()
    assert list(rows[0]) == list(COLUMNS)
    found = [
        (row["point"], row["payloads"], row["step"])
        for row in rows
        if row["scenario"] == NAME and row["metric"] in ("copies.unwrap", None)
    ]
    assert found == [
        ("0.8.0", None, None),
        ("0.9.0", 1.0, None),
        ("0.9.1", 1.0, None),
        ("0.10.0", 0.0, -1.0),
        ("0.10.1", None, None),
        ("0.11.0", 0.0, None),
    ]


def test_what_comes_from_outside_is_escaped() -> None:
    hostile = replace(
        MENDED,
        points=tuple(replace(one, label=f"{one.label}\x1b[31m|<b>") for one in MENDED.points),
        notes=("\x1b]0;title\x07 a note",),
    )
    assert "\x1b" not in printed(hostile, 80)
    assert not re.search(r"(?<!\\)<b>", history_markdown(hostile))
    assert "\x1b" not in history_markdown(hostile)
