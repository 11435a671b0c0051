import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cachekit_memprobe.comparing import compare
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.report.json import to_json
from cachekit_memprobe.runstore import published_report
from tests.golden.comparisons import BEFORE, NEW, OLD, released
from tests.golden.reports import FILE_GET, FILE_MAP, NOT_APPLICABLE, UNMEASURED

EVERYTHING = released("0.9.1", BEFORE, FILE_GET, FILE_MAP, replace(UNMEASURED), replace(NOT_APPLICABLE))


def test_nothing_that_is_compared_is_lost(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text(to_json(EVERYTHING), encoding="utf-8")
    again = published_report(file)
    comparison = compare(EVERYTHING, again)
    assert comparison.differences == ()
    for scenario in comparison.scenarios:
        assert {change.answer for change in scenario.changes} <= {"equal"}
        assert (scenario.sites, scenario.findings_gone, scenario.findings_new) == ((), (), ())
        assert scenario.base is not None
        assert scenario.new is not None
        assert scenario.base.verdict == scenario.new.verdict
        assert len(scenario.base.budgets) == len(scenario.new.budgets)


def test_repeated_processes_and_readers_are_kept(tmp_path: Path) -> None:
    read = replace(BEFORE.scenario.read, readers=8)
    repeated = replace(
        BEFORE, scenario=replace(BEFORE.scenario, read=read), repeats={"rss.peak": (2.0, 1.5), "rss.anon": ()}
    )
    file = tmp_path / "report.json"
    file.write_text(to_json(released("1", repeated)), encoding="utf-8")
    (result,) = published_report(file).results
    assert result.repeats == {"rss.peak": (2.0, 1.5)}
    assert result.scenario.read.readers == 8


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema_version": 1}, "schema_version: 1 is not 2"),
        ({"created": 5}, "created"),
        ({"results": [{}]}, "no figures in bytes"),
        ({"results": 5}, "no figures in bytes"),
        ({"options": {}}, "options.instruments"),
    ],
)
def test_what_is_no_report_names_the_key_and_the_remedy(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    file = tmp_path / "report.json"
    file.write_text(json.dumps({**json.loads(to_json(NEW)), **change}), encoding="utf-8")
    with pytest.raises(UsageError) as error:
        published_report(file)
    assert str(file) in str(error.value)
    assert words in str(error.value)
    assert "report RUN --json FILE" in str(error.value)


@pytest.mark.parametrize(("metric", "size"), [("rss.peek", 5), ("rss.peak", "5"), ("rss.peak", 1 << 70)])
def test_a_figure_that_makes_no_sense_is_refused(tmp_path: Path, metric: str, size: Any) -> None:
    document = json.loads(to_json(OLD))
    document["results"][0]["metrics_bytes"] = {metric: size}
    file = tmp_path / "report.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(UsageError, match="results"):
        published_report(file)


def test_no_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="missing"):
        published_report(tmp_path / "missing.json")
