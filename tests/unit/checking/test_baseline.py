import json
from dataclasses import replace
from pathlib import Path

import pytest

from cachekit_memprobe.checking import (
    FILE,
    Baseline,
    BaselineFile,
    Project,
    baseline_text,
    holding,
    judged,
    read_baseline,
    update_lines,
    updated,
)
from cachekit_memprobe.checking.comparable import (
    Relative,
    differences,
    refuse_incomparable,
    with_comparable,
)
from cachekit_memprobe.checking.resolution import relative_of
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.model import RunOptions
from cachekit_memprobe.result import Report
from tests.unit.checking import reporting
from tests.unit.checking.conftest import Read
from tests.unit.checking.reporting import MIB, result_of

TEXT = """
scenarios = ["arrow-l1-hit", "bytes-file-get"]
[budget."*"]
copies.total = "+5%"
copies.unwrap = "+5%"
held.after = "+1MiB"
"""
FIGURES = {
    "copies.total": 1.0,
    "copies.unwrap": 0.0,
    "held.after": 0.0,
    "rss.peak": 1.1,
    "peak.heap": 1.0,
    "live.decode": 0.5,
}
METRICS = dict.fromkeys(("arrow-l1-hit", "bytes-file-get"), ("copies.total", "copies.unwrap", "held.after"))
NAMES = ("arrow-l1-hit", "bytes-file-get")
HERE = BaselineFile(Path(FILE))


def relatives_of(project: Project) -> list[Relative]:
    return [
        relative_of(one, holding(one, project.limits, project.configuration)) for one in project.scenarios
    ]


def report_of(project: Project, *names: str, options: RunOptions = reporting.ALL, mib: int = 0) -> Report:
    chosen = project.chosen(names)
    configuration = project.configuration
    scenarios = [
        judged(one, holding(one, project.limits, configuration), configuration, None) for one in chosen
    ]
    results = [result_of(one, FIGURES, size_bytes=mib * MIB or one.value.logical_bytes) for one in scenarios]
    return reporting.of(*results, options=options)


def baseline_of(report: Report) -> Baseline:
    return updated(None, report, METRICS, NAMES)


def test_the_file_is_small_and_sorted_and_read_back(read_project: Read, project_folder: Path) -> None:
    baseline = baseline_of(report_of(read_project(TEXT), "arrow-l1-hit"))
    text = baseline_text(baseline)
    document = json.loads(text)
    (digest,) = document["environments"]
    assert document["environments"][digest]["cachekit"] == "0.9.1"
    assert document["scenarios"] == {
        "arrow-l1-hit": {
            "environment": digest,
            "payload_bytes": 64 * MIB,
            "metrics_bytes": {
                "copies.total": 64 * MIB,
                "copies.unwrap": 0,
                "held.after": 0,
                "peak.heap": 64 * MIB,
                "rss.peak": round(1.1 * 64 * MIB),
            },
        }
    }
    kept = [*document["scenarios"]["arrow-l1-hit"]["metrics_bytes"]]
    assert kept == ["copies.total", "copies.unwrap", "held.after", "peak.heap", "rss.peak"]
    (project_folder / FILE).write_text(text)
    assert read_baseline(BaselineFile(project_folder / FILE)) == baseline
    assert baseline_text(baseline_of(report_of(read_project(TEXT), "arrow-l1-hit"))) == text


def test_only_what_was_measured_is_updated(read_project: Read) -> None:
    project = read_project(TEXT)
    before = baseline_of(report_of(project))
    report = report_of(project, "arrow-l1-hit")
    (result,) = report.results
    report = reporting.with_version(report, "pandas", "2.3.3")
    report = replace(report, results=(replace(result, metrics={**FIGURES, "copies.total": 2.0}),))
    after = updated(before, report, METRICS, NAMES)
    assert after.scenarios["bytes-file-get"] == before.scenarios["bytes-file-get"]
    assert after.scenarios["arrow-l1-hit"].metrics_bytes["copies.total"] == 128 * MIB
    # Each scenario keeps the environment in which it was measured, and none that no scenario names is left.
    assert len(after.environments) == 2
    assert after.environment_of(after.scenarios["arrow-l1-hit"]).parts["pandas"] == "2.3.3"
    again = updated(after, report_of(project, "arrow-l1-hit"), METRICS, NAMES)
    assert again == before


def test_what_could_not_be_measured_is_not_written(read_project: Read) -> None:
    project = read_project(TEXT)
    before = baseline_of(report_of(project))
    report = report_of(project)
    first, second = report.results
    report = replace(report, results=(reporting.unmeasured(first.scenario), second))
    after = updated(before, report, METRICS, NAMES)
    assert after == before
    assert update_lines(HERE, before, after, report) == (
        "arrow-l1-hit could not be measured, and memprobe-baseline.json is left as it is there",
        "memprobe-baseline.json has new figures of bytes-file-get",
    )
    assert "arrow-l1-hit" not in updated(None, report, METRICS, NAMES).scenarios


def test_a_scenario_that_is_checked_no_more_is_dropped(read_project: Read) -> None:
    project = read_project(TEXT)
    before = baseline_of(report_of(project))
    report = report_of(project, "arrow-l1-hit")
    after = updated(before, report, METRICS, ("arrow-l1-hit",))
    assert [*after.scenarios] == ["arrow-l1-hit"]
    assert (
        update_lines(HERE, before, after, report)[-1]
        == "memprobe-baseline.json has none of bytes-file-get any more"
    )


UPDATE = "write it anew: cachekit-memprobe check --update-baseline"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "expected JSON, found: Expecting property name"),
        ("[" * 100_000, "expected JSON, found: "),
        ("[]", "schema_version: expected 1, found null, of another cachekit-memprobe"),
        ('{"schema_version": 2}', "schema_version: expected 1, found 2, of another cachekit-memprobe"),
        ('{"schema_version": 1, "more": 1}', "more: Extra inputs are not permitted"),
        (
            '{"schema_version": 1, "scenarios": {"a": {"environment": "e", "payload_bytes": 0, '
            '"metrics_bytes": {}}}}',
            "scenarios.a.payload_bytes: Input should be greater than 0",
        ),
        (
            '{"schema_version": 1, "scenarios": {"a": {"environment": "e", "payload_bytes": 1, '
            '"metrics_bytes": {}}}}',
            "scenarios.a.environment: 'e' is none of its environments",
        ),
    ],
)
def test_a_file_that_cannot_be_used(project_folder: Path, text: str, message: str) -> None:
    (project_folder / FILE).write_text(text)
    with pytest.raises(UsageError) as refused:
        read_baseline(BaselineFile(project_folder / FILE))
    assert str(refused.value).startswith(f"{FILE}: {message}")
    assert str(refused.value).endswith(UPDATE)


def test_no_file_is_no_baseline_and_a_folder_is_refused(project_folder: Path) -> None:
    assert read_baseline(BaselineFile(project_folder / FILE)) is None
    (project_folder / FILE).mkdir()
    with pytest.raises(UsageError, match="can't be read"):
        read_baseline(BaselineFile(project_folder / FILE))


def refusal(project: Project, baseline: Baseline | None, report: Report) -> str:
    with pytest.raises(UsageError) as refused:
        refuse_incomparable(relatives_of(project), baseline, HERE, report.run, project.configuration)
    return str(refused.value)


def test_a_baseline_of_the_same_environment_is_used(read_project: Read) -> None:
    project = read_project(TEXT)
    report = report_of(project)
    refuse_incomparable(relatives_of(project), baseline_of(report), HERE, report.run, project.configuration)
    newer = reporting.with_version(reporting.with_version(report, "cachekit", "0.10.0"), "pandas", "3.2.0")
    refuse_incomparable(relatives_of(project), baseline_of(report), HERE, newer.run, project.configuration)
    # What is judged is no difference; what else is another version is said.
    assert differences(relatives_of(project), baseline_of(report), newer.run) == ("pandas 3.1.1, now 3.2.0",)
    assert differences(relatives_of(project), baseline_of(report), report.run) == ()


def test_without_a_baseline_the_limit_that_needs_it_is_named(read_project: Read) -> None:
    project = read_project(TEXT)
    assert refusal(project, None, report_of(project)) == (
        'memprobe.toml:4: budget."*".copies.total: +5% is over a baseline, and there is no '
        "memprobe-baseline.json beside the configuration; measure one and commit it: cachekit-memprobe check "
        "--update-baseline"
    )
    # What the chosen instruments don't measure needs none.
    project = read_project(TEXT.replace("copies.total", "held.first").replace("copies.unwrap", "held.frame"))
    run = report_of(project, options=RunOptions(instruments=("rss", "memray"))).run
    refuse_incomparable(relatives_of(project), None, HERE, run, project.configuration)


@pytest.mark.parametrize(
    ("base", "reason"),
    [
        (
            RunOptions(instruments=reporting.ALL.instruments, as_deployed=True),
            "its allocators were as deployed, without settings, and those of this run are pinned",
        ),
        (
            RunOptions(instruments=("rss", "memray")),
            "copies.unwrap: what a stage is booked with depends on whether the aliasing instrument is run; "
            "the baseline was measured by rss, memray, and this run uses rss, tracemalloc, memray, aliasing, "
            "retention",
        ),
    ],
)
def test_other_instruments_and_allocators_are_refused(
    read_project: Read, base: RunOptions, reason: str
) -> None:
    project = read_project(TEXT)
    baseline = baseline_of(report_of(project, options=base))
    lines = refusal(project, baseline, report_of(project)).splitlines()
    assert f"{FILE}: arrow-l1-hit: {reason}" in lines
    assert lines[-1] == "measure it anew: cachekit-memprobe check --update-baseline"


def test_figures_that_are_lacking_are_named(read_project: Read) -> None:
    project = read_project(TEXT)
    report = report_of(project, "arrow-l1-hit")
    baseline = updated(None, report, {"arrow-l1-hit": ("copies.total", "copies.unwrap")}, NAMES)
    assert refusal(project, baseline, report_of(project)).splitlines()[:2] == [
        f"{FILE}: arrow-l1-hit: it has no figure of held.after; it was measured by rss, tracemalloc, memray, "
        "aliasing, retention",
        f"{FILE}: bytes-file-get: it has no figures of this scenario",
    ]


def test_a_value_of_another_size_is_refused(read_project: Read) -> None:
    project = read_project(TEXT)
    baseline = baseline_of(report_of(project, mib=32))
    assert f"{FILE}: arrow-l1-hit: its value had 32.0 MiB, and has 64.0 MiB now" in refusal(
        project, baseline, report_of(project)
    )


def test_a_size_that_is_known_only_when_it_is_measured_makes_it_unmeasured(read_project: Read) -> None:
    project = read_project(TEXT)
    relatives, baseline = relatives_of(project), baseline_of(report_of(project))
    assert with_comparable(report_of(project, mib=68), relatives, baseline, HERE).results[0].verdict == "pass"
    report = with_comparable(report_of(project, mib=128), relatives, baseline, HERE)
    assert [result.verdict for result in report.results] == ["unmeasured", "unmeasured"]
    assert report.results[0].reason == (
        "memprobe-baseline.json: its value had 64.0 MiB, and has 128.0 MiB now; measure it anew: "
        "cachekit-memprobe check --update-baseline"
    )
