"""The JSON Schema of a comparison, and comparisons: neither has a key that the other lacks."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from cachekit_memprobe.comparing import compare
from cachekit_memprobe.comparison import Answer, Comparison, Exactness
from cachekit_memprobe.model import Payload
from cachekit_memprobe.report.comparison.json import SCHEMA_VERSION, comparison_json
from tests.golden.comparisons import BEFORE, COMPARISONS, NEW, OLD, released
from tests.golden.reports import FILE_GET, FILE_MAP, NOT_APPLICABLE, UNMEASURED
from tests.schemas import COMPARISON as SCHEMA
from tests.schemas import errors_in
from tests.unit.report.test_schema import keys_of

DOCS = Path(__file__).parents[3] / "docs"
LARGE = replace(BEFORE, payload=Payload(600_000_000, 600_000_000))
ALL = {
    **COMPARISONS,
    "nothing": compare(released("1"), released("2")),
    "of-one-side": compare(released("1", FILE_GET, NOT_APPLICABLE), released("2", FILE_MAP, UNMEASURED)),
    "two-sizes": compare(OLD, released("2", LARGE)),
}


def document(comparison: Comparison) -> Any:
    return json.loads(comparison_json(comparison))


@pytest.mark.parametrize("name", ALL)
def test_a_comparison_is_what_the_schema_says(name: str) -> None:
    assert errors_in(document(ALL[name]), SCHEMA) == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda one: one.pop("verdict"),
        lambda one: one.update(direction="better"),
        lambda one: one.update(another=1),
        lambda one: one["metrics"]["rss.peak"].update(answer="same"),
        lambda one: one["metrics"]["rss.peak"].update(chance_bytes=-1),
        lambda one: one["metrics"]["rss.peak"].pop("reason"),
        lambda one: one["sites"][0].update(kind="different"),
        lambda one: one["findings_gone"][0].update(code=1),
    ],
)
def test_what_is_no_comparison_is_refused(spoil: Callable[[dict[str, Any]], object]) -> None:
    spoiled = document(compare(OLD, NEW))
    spoil(spoiled["scenarios"][0])
    assert errors_in(spoiled, SCHEMA)


def test_it_knows_all_answers_and_no_others() -> None:
    change = SCHEMA["$defs"]["change"]["properties"]
    assert change["answer"]["enum"] == list(get_args(Answer))
    assert change["exactness"]["enum"] == list(get_args(Exactness))


def test_its_keys_are_described() -> None:
    described = set(re.findall(r"`([a-z_0-9]+)`", (DOCS / "comparing.md").read_text(encoding="utf-8")))
    assert set(keys_of(SCHEMA)) <= described


def test_it_is_of_the_version_of_the_comparisons() -> None:
    assert SCHEMA["properties"]["schema_version"] == {"const": SCHEMA_VERSION}


def test_the_package_has_it() -> None:
    package = Path(comparison_json.__code__.co_filename).parent
    assert json.loads((package / "comparison.schema.json").read_text(encoding="utf-8")) == SCHEMA
