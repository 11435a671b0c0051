"""The table of a run: all of its figures and limits, the same as in JSON."""

import json
from dataclasses import replace

from cachekit_memprobe.report.json import to_json
from cachekit_memprobe.report.rows import COLUMNS, schema, table_of
from tests.golden.reports import FILE_MAP, L1_HIT, UNMEASURED, report_of
from tests.golden.sweeps import MATRIX

REPORT = report_of(L1_HIT, FILE_MAP, UNMEASURED)


def test_every_figure_and_limit_of_the_json_is_in_it() -> None:
    rows = table_of(REPORT, "mine").to_pylist()
    for result in json.loads(to_json(REPORT))["results"]:
        of_it = {row["metric"]: row for row in rows if row["scenario"] == result["scenario"]}
        figures = {name: row["payloads"] for name, row in of_it.items() if row["payloads"] is not None}
        sizes = {name: row["bytes"] for name, row in of_it.items() if row["bytes"] is not None}
        limits = {
            name: (row["limit"], row["level"], row["status"]) for name, row in of_it.items() if row["limit"]
        }
        assert figures == result["metrics"]
        assert sizes == result["metrics_bytes"]
        assert limits == {
            limit["metric"]: (limit["limit"], limit["level"], limit["status"]) for limit in result["budgets"]
        }
        assert {row["verdict"] for row in of_it.values()} == {result["verdict"]}


def test_a_scenario_without_a_figure_is_not_missing() -> None:
    [row] = table_of(report_of(UNMEASURED), "mine").to_pylist()
    assert row["verdict"] == "unmeasured"
    assert "killed by signal 9" in row["reason"]
    assert [row[name] for name in ("metric", "payloads", "bytes", "limit", "status")] == [None] * 5


def test_what_was_measured_and_when() -> None:
    row = table_of(REPORT, "mine").to_pylist()[0]
    assert (row["run_id"], row["cachekit"], row["cachekit_state"]) == ("mine", "0.9.1", None)
    assert row["created"].isoformat() == REPORT.run.created


def test_a_variant_says_what_it_is_one_of() -> None:
    rows = table_of(MATRIX, "mine").to_pylist()
    assert {row["variant_of"] for row in rows} == {"arrow-l1-hit"}
    assert "compression=none,tier=l1" in {row["axes"] for row in rows}


def test_the_columns_are_the_same_whatever_is_in_the_run() -> None:
    assert schema().names == list(COLUMNS)
    assert table_of(report_of(), "none").schema == schema() == table_of(REPORT, "mine").schema


def test_text_that_is_no_utf8_is_no_obstacle() -> None:
    odd = replace(UNMEASURED, scenario=replace(UNMEASURED.scenario, name="a\udce9b"))
    assert table_of(report_of(odd), "mine").to_pylist()[0]["scenario"] == "a?b"
