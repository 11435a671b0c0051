import base64
import json
import lzma
import re
from dataclasses import replace

import pytest

from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.report.formats import REPORT_FORMATS, Format
from cachekit_memprobe.report.json import to_json
from cachekit_memprobe.report.private import without_source
from cachekit_memprobe.result import Finding, Report
from cachekit_memprobe.sweep import Scaling, Skipped, Sweep, Variant
from tests.golden.reports import L1_HIT, SCENARIO, UNMEASURED, WITH_STAIRCASE, report_of, site, stage

SECRET_LINE = "rows = [salary_of(person) for person in staff]"
THEIRS = Place("materialize", "load", "hr/tables.py", 7)
OWN = replace(
    SCENARIO,
    name="salaries-2026",
    summary="Salaries 2026.parquet, arrow serializer: L1 hit",
    source="Salaries 2026.parquet",
    value=replace(SCENARIO.value, kind="file", file="/home/me/Salaries 2026.parquet"),
)
MEASURED = replace(
    WITH_STAIRCASE,
    scenario=OWN,
    stages=(*L1_HIT.stages, stage("other", site("hr/tables.py:7", 1.0, "verbatim", source=SECRET_LINE))),
    findings=(*L1_HIT.findings, Finding("MEM007", f"other allocates in {SECRET_LINE}", THEIRS)),
    notes=("Salaries 2026.parquet was read again",),
)
VARIANT = replace(
    MEASURED,
    scenario=replace(OWN, name="salaries-2026@50%", variant=Variant("salaries-2026", size="50%")),
)
FAILED = replace(
    UNMEASURED,
    scenario=OWN,
    reason=f"can't load Salaries 2026.parquet\nits stderr ended with:\n    {SECRET_LINE}",
)
PRIVATE = re.compile(r"salar|salary_of|staff|2026\.parquet", re.IGNORECASE)
CREATED_ELSEWHERE = "2025-01-02T03:04:05+00:00"


def report() -> Report:
    made = report_of(MEASURED, VARIANT, FAILED)
    sweep = Sweep(
        sizes=("50%",),
        without_budget=("salaries-2026",),
        skipped=(Skipped("salaries-2026", {}, "salaries-2026 has no rows"),),
    )
    scaling = (Scaling("salaries-2026", (), (), (), ("too few rows in Salaries 2026.parquet",)),)
    return replace(made, run=replace(made.run, sweep=sweep, created=CREATED_ELSEWHERE), scaling=scaling)


@pytest.mark.parametrize("one", REPORT_FORMATS, ids=lambda one: one.name)
def test_no_format_has_anything_private_in_it(one: Format[Report]) -> None:
    with_it, without = one.render(report()), one.render(without_source(report()))
    embedded = re.search(r"base64,([^\"]+)\"", without)
    if embedded:
        without += lzma.decompress(base64.b64decode(embedded[1])).decode()
    assert PRIVATE.search(with_it)
    assert not PRIVATE.search(without), PRIVATE.findall(without)


def test_figures_and_lines_of_cachekit_stay() -> None:
    before, after = (json.loads(to_json(one)) for one in (report(), without_source(report())))
    for was, one in zip(before["results"], after["results"], strict=True):
        assert one["metrics"] == was["metrics"]
        assert one["budgets"] == was["budgets"]
        assert [stage["copies_bytes"] for stage in one["stages"]] == [
            stage["copies_bytes"] for stage in was["stages"]
        ]
    sites = [site for stage in after["results"][0]["stages"] for site in stage["sites"]]
    assert {site["file"]: site["source"] for site in sites} == {
        "cachekit/serializers/wrapper.py": "payload = bytes(mv[header_end:])",
        "cachekit/serializers/arrow_serializer.py": "df = table.to_pandas(split_blocks=True)",
        "hr/tables.py": None,
    }
    assert after["results"][0]["findings"][-1] == {
        "code": "MEM007",
        "message": "it is about materialize at hr/tables.py:7, and quotes source",
        "stage": "materialize",
        "file": "hr/tables.py",
        "line": 7,
    }


def test_names_stay_different_from_each_other() -> None:
    after = without_source(report())
    assert [result.scenario.name for result in after.results] == ["payload", "payload@50%", "payload"]
    assert after.scaling[0].scenario == "payload"
    assert after.results[2].reason == "can't load FILE"


def test_a_report_on_bundled_scenarios_loses_nothing() -> None:
    made = report_of(L1_HIT)
    assert to_json(without_source(made)) == to_json(made)


@pytest.mark.parametrize("name", ["pass", "error", "unwrap", "arrow", "rss", "l1", "fork"])
def test_a_file_may_be_called_like_one_of_our_own_words(name: str) -> None:
    value = replace(SCENARIO.value, kind="file", file=f"/home/me/{name}.csv")
    scenario = replace(SCENARIO, name=name, summary=f"{name}.csv: L1 hit", source=f"{name}.csv", value=value)
    made = report_of(replace(L1_HIT, scenario=scenario, findings=()))
    before, after = (json.loads(to_json(one)) for one in (made, without_source(made)))
    assert after["results"][0].pop("scenario") == "payload"
    assert before["results"][0].pop("scenario") == name
    assert after == before
