import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cachekit_memprobe.comparing import compare
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.report.json import to_json
from cachekit_memprobe.result import StageSpan
from cachekit_memprobe.runstore import published_report
from cachekit_memprobe.variables import UNRECORDED
from tests.golden.comparisons import BEFORE, NEW, OLD, released
from tests.golden.reports import FILE_GET, FILE_MAP, NOT_APPLICABLE, UNMEASURED

ELSEWHERE = replace(NOT_APPLICABLE, scenario=replace(NOT_APPLICABLE.scenario, name="elsewhere"))
EVERYTHING = released("0.9.1", BEFORE, FILE_GET, FILE_MAP, UNMEASURED, ELSEWHERE)


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


def written(folder: Path, document: Any) -> Path:
    file = folder / "report.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def test_the_course_of_the_heap_is_kept(tmp_path: Path) -> None:
    spans = (StageSpan("unwrap", 0, 0, 2), StageSpan("materialize", 0, 2, 4))
    assert BEFORE.staircase is not None
    stepped = replace(BEFORE, staircase=replace(BEFORE.staircase, spans=spans))
    (result,) = published_report(written(tmp_path, json.loads(to_json(released("1", stepped))))).results
    assert result.staircase == stepped.staircase


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"peak": 0}, "staircase.peak: it is not the highest step"),
        ({"peak": 9}, "staircase.peak: it is not the highest step"),
        ({"peak": -1}, "staircase.peak: it is negative"),
        ({"steps_bytes": []}, "staircase.peak"),
        ({"steps_bytes": [[1, 2, 3]], "peak": 0}, "a step has a size for each of the stages"),
        ({"steps_bytes": [[0, 1]] * 2000, "peak": 0}, "there are more than"),
        ({"stages": ["unwrap", "<b>"]}, "'<b>' is not a stage"),
        ({"spans": [{"stage": "unwrap", "thread": 0, "begin": 3, "end": 1}]}, "is none of this read"),
        ({"spans": [{"stage": "unwrap", "thread": 0, "begin": 0, "end": 99}]}, "is none of this read"),
        ({"steps_bytes": "many"}, "staircase.steps_bytes"),
    ],
)
def test_a_course_that_is_none_is_refused(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    document = json.loads(to_json(OLD))
    document["results"][0]["staircase"].update(change)
    with pytest.raises(UsageError, match=re.escape(words)):
        published_report(written(tmp_path, document))


def test_what_is_read_and_how_is_kept(tmp_path: Path) -> None:
    scenario = replace(BEFORE.scenario, environment={"MALLOC_ARENA_MAX": "2", "TOKEN": UNRECORDED})
    report = released("1", replace(BEFORE, scenario=scenario))
    (result,) = published_report(written(tmp_path, json.loads(to_json(report)))).results
    read = result.scenario
    assert (read.value, read.caching, read.read) == (scenario.value, scenario.caching, scenario.read)
    assert read.environment == scenario.environment


def test_of_an_older_report_nothing_is_made_up(tmp_path: Path) -> None:
    document = json.loads(to_json(OLD))
    for key in ("definition", "environment", "staircase", "file_holds", "readers"):
        del document["results"][0][key]
    older = published_report(written(tmp_path, document))
    assert older.results[0].staircase is None
    assert compare(OLD, older).differences == ()


def test_a_scenario_that_stands_there_twice_is_refused(tmp_path: Path) -> None:
    document = json.loads(to_json(OLD))
    document["results"] *= 2
    with pytest.raises(UsageError, match=r"results\.1\.scenario: 'arrow-l1-hit' stands there twice"):
        published_report(written(tmp_path, document))


@pytest.mark.parametrize("readers", [0, 65])
def test_readers_that_nobody_starts_are_refused(tmp_path: Path, readers: int) -> None:
    document = json.loads(to_json(OLD))
    document["results"][0]["readers"] = readers
    with pytest.raises(UsageError, match="readers"):
        published_report(written(tmp_path, document))


def test_the_file_may_be_a_link_to_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    link = tmp_path / "here" / "report.json"
    link.symlink_to(written(tmp_path, json.loads(to_json(OLD))))
    assert len(published_report(link).results) == 1


def test_what_is_nested_too_deeply_is_said_so(tmp_path: Path) -> None:
    file = tmp_path / "deep.json"
    file.write_text("[" * 100_000 + "]" * 100_000, encoding="utf-8")
    with pytest.raises(UsageError, match="nested more deeply than any file of its kind"):
        published_report(file)


def test_a_payload_of_nothing_is_refused(tmp_path: Path) -> None:
    document = json.loads(to_json(OLD))
    document["results"][0]["payload"]["logical_bytes"] = 0
    document["results"][0]["metrics_bytes"] = {}
    with pytest.raises(UsageError, match=r"payload\.logical_bytes: not a positive size"):
        published_report(written(tmp_path, document))
