"""The JSON Schema of the report, and the reports: neither has a key that the other lacks."""

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cachekit_memprobe.report.json import SCHEMA_VERSION, to_json
from cachekit_memprobe.result import Footprint, Report, Result
from cachekit_memprobe.sweep import Sweep
from tests.golden import reports, sweeps
from tests.golden.reports import L1_HIT, UNMEASURED, report_of
from tests.schemas import REPORT as SCHEMA
from tests.schemas import errors_in

ROOT = Path(__file__).parents[3]
RESULTS = [result for result in vars(reports).values() if isinstance(result, Result)]
REPORTS = {
    **{name: report for name, report in vars(sweeps).items() if isinstance(report, Report)},
    "nothing": report_of(),
    "results": report_of(*RESULTS),
}


def document(report: Report) -> Any:
    return json.loads(to_json(report))


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_what_the_schema_says(name: str) -> None:
    assert errors_in(document(REPORTS[name])) == []


def test_a_report_for_several_workers_is_as_well() -> None:
    measured = replace(L1_HIT, footprint=Footprint(1, 2, 3, 4))
    report = report_of(measured, UNMEASURED)
    report = replace(report, run=replace(report.run, sweep=Sweep(workers=8)))
    assert document(report)["results"][0]["workers"]["count"] == 8
    assert errors_in(document(report)) == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda one: one.pop("verdict"),
        lambda one: one.update(verdict="green"),
        lambda one: one["metrics"].update({"rss.peak": "1.0"}),
        lambda one: one["metrics"].update({"rss.peak": None}),
        lambda one: one["budgets"][0].update(status="over budget"),
        lambda one: one["stages"][0].update(copies_bytes=-1),
        lambda one: one["payload"].pop("frame_bytes"),
        lambda one: one.update(another=1),
    ],
)
def test_what_is_no_report_is_refused(spoil: Callable[[dict[str, Any]], object]) -> None:
    spoiled = document(report_of(L1_HIT))
    spoil(spoiled["results"][0])
    assert errors_in(spoiled)


def test_another_key_is_an_error_to_the_tests_only() -> None:
    more = document(report_of(L1_HIT))
    more["results"][0]["another"] = 1
    assert errors_in(more)
    assert errors_in(more, strictly=False) == []


def test_its_keys_are_described() -> None:
    described = set(re.findall(r"`([a-z_0-9]+)`", (ROOT / "docs" / "json.md").read_text(encoding="utf-8")))
    assert set(keys_of(SCHEMA)) <= described


def keys_of(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from schema.get("properties", ())
        for value in schema.values():
            yield from keys_of(value)


def test_it_is_of_the_version_of_the_reports() -> None:
    assert SCHEMA["properties"]["schema_version"] == {"const": SCHEMA_VERSION}
    old = {**copy.deepcopy(document(report_of())), "schema_version": SCHEMA_VERSION - 1}
    assert errors_in(old)
