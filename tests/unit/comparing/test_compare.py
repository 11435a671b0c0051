from dataclasses import replace

from cachekit_memprobe.comparing import compare
from cachekit_memprobe.metrics import QUICK
from cachekit_memprobe.model import Payload, RunOptions
from cachekit_memprobe.result import Finding, Report, Result
from tests.golden.comparisons import AFTER, BEFORE, NEW, OLD, released
from tests.golden.reports import FILE_GET, FILE_MAP, NOT_APPLICABLE, OPTIONS, UNMEASURED


def quick(report: Report) -> Report:
    return replace(report, run=replace(report.run, options=replace(report.run.options, instruments=QUICK)))


def test_cachekit_itself_is_no_difference() -> None:
    assert compare(OLD, NEW).differences == ()


def test_everything_else_that_differs_is_labelled() -> None:
    target = replace(NEW.run.target, versions={**NEW.run.target.versions, "pandas": "2.3.3"})
    options = replace(NEW.run.options, instruments=QUICK, as_deployed=True, reads=9)
    new = replace(NEW, tool_version="9", run=replace(NEW.run, target=target, options=options))
    smaller = replace(AFTER, payload=Payload(64_000_000, 64_000_000))
    new = replace(new, results=(smaller,))
    found = {one.what: (one.base, one.new) for one in compare(OLD, new).differences}
    assert found.pop("pandas") == ("3.1.1", "2.3.3")
    assert found.pop("reads") == ("5", "9")
    assert found.pop("payload of arrow-l1-hit") == ("300MB", "64MB")
    assert {*found} == {"instruments", "allocators", "cachekit-memprobe"}


def test_a_scenario_of_one_side_is_kept_with_the_reason() -> None:
    comparison = compare(released("1", BEFORE, FILE_GET), released("2", AFTER, FILE_MAP, UNMEASURED))
    reasons = {one.name: one.reason for one in comparison.scenarios}
    assert reasons["arrow-l1-hit"] == ""
    assert reasons["arrow-file-get"] == "NEW doesn't have it"
    assert reasons["arrow-file-mmap"] == "BASE doesn't have it"
    assert reasons["json-l1-hit"].startswith(
        "BASE doesn't have it; could not be measured in NEW: the memray child"
    )
    assert [one.is_compared for one in comparison.scenarios] == [True, False, False, False]


def test_patterns_choose_scenarios() -> None:
    comparison = compare(released("1", BEFORE, FILE_GET), released("2", AFTER, FILE_GET), ["*-get"])
    assert [one.name for one in comparison.scenarios] == ["arrow-file-get"]


def test_a_name_chooses_its_sizes_as_well() -> None:
    scenario = replace(BEFORE.scenario, name="arrow-l1-hit@64MB")
    side = released("1", replace(BEFORE, scenario=scenario), FILE_GET)
    for pattern in ("arrow-l1-hit", "arrow-l1-hit@64MB", "*@64MB"):
        assert [one.name for one in compare(side, side, [pattern]).scenarios] == ["arrow-l1-hit@64MB"]


def test_findings_are_matched_by_what_they_are_about() -> None:
    (scenario,) = compare(OLD, NEW).scenarios
    assert [finding.code for finding in scenario.findings_gone] == ["MEM001", "MEM002"]
    other_figure = replace(BEFORE, findings=(replace(BEFORE.findings[0], message="another figure"),))
    (scenario,) = compare(OLD, released("2", other_figure)).scenarios
    assert [finding.code for finding in scenario.findings_gone] == ["MEM002"]
    assert scenario.findings_new == ()


def test_a_finding_whose_instrument_was_not_run_is_not_gone() -> None:
    (scenario,) = compare(OLD, quick(NEW)).scenarios
    assert scenario.findings_gone == ()
    (scenario,) = compare(quick(NEW), OLD).scenarios
    assert scenario.findings_new == ()


def test_of_two_findings_at_one_place_one_may_be_gone() -> None:
    twice = replace(BEFORE, findings=(BEFORE.findings[0], replace(BEFORE.findings[0], message="another")))
    once = replace(BEFORE, findings=BEFORE.findings[:1])
    (scenario,) = compare(released("1", twice), released("2", once)).scenarios
    assert [finding.message for finding in scenario.findings_gone] == ["another"]
    assert scenario.findings_new == ()
    (scenario,) = compare(released("1", once), released("2", twice)).scenarios
    assert [finding.message for finding in scenario.findings_new] == ["another"]


def test_what_is_so_on_both_sides_is_said_once() -> None:
    side = released("1", NOT_APPLICABLE)
    (scenario,) = compare(side, side).scenarios
    assert scenario.reason.startswith("does not apply to the release on both sides: ")
    assert "; does not" not in scenario.reason


def different(base: Result, new: Result, options: RunOptions = OPTIONS) -> dict[str, tuple[str, str]]:
    """What is not the same of two results, the second of a run with these options."""
    side = released("1", new)
    side = replace(side, run=replace(side.run, options=options))
    return {one.what: (one.base, one.new) for one in compare(released("1", base), side).differences}


def test_another_definition_of_a_scenario_of_the_same_name_is_told() -> None:
    scenario = BEFORE.scenario
    other = replace(
        scenario,
        value=replace(scenario.value, kind="bytes", seed=7),
        caching=replace(scenario.caching, compression="zstd", encryption=True),
        read=replace(scenario.read, readers=8),
        environment={"MALLOC_ARENA_MAX": "2"},
    )
    assert different(BEFORE, replace(BEFORE, scenario=other)) == {
        "kind of arrow-l1-hit": (scenario.value.kind, "bytes"),
        "seed of arrow-l1-hit": (str(scenario.value.seed), "7"),
        "compression of arrow-l1-hit": ("none", "zstd"),
        "encryption of arrow-l1-hit": ("false", "true"),
        "readers of arrow-l1-hit": ("1", "8"),
        "environment of arrow-l1-hit": ("", "MALLOC_ARENA_MAX=2"),
    }


def test_limits_and_words_of_a_scenario_change_no_figure() -> None:
    scenario = replace(BEFORE.scenario, summary="other words", budget=(), source="other.toml", releases=">1")
    assert different(BEFORE, replace(BEFORE, scenario=scenario)) == {}


def test_options_that_change_the_read_are_told() -> None:
    options = replace(OPTIONS, isolation="fresh", repeat=3, stages=("unwrap=a:b",), timeout_s=5.0, jobs=1)
    assert different(BEFORE, BEFORE, options) == {
        "isolation": ("fork", "fresh"),
        "processes of rss": ("1", "3"),
        "stages assigned": ("", "unwrap=a:b"),
    }


def test_what_is_said_of_a_growth_comes_and_goes_with_the_growth() -> None:
    grows = Finding("MEM013", "each further read adds 0.13x")
    for after, new in ((0.0103, ()), (1.0, (grows,))):
        base = replace(BEFORE, metrics={**BEFORE.metrics, "growth.per_read": 0.01}, findings=())
        later = replace(base, metrics={**base.metrics, "growth.per_read": after}, findings=(grows,))
        (scenario,) = compare(released("1", base), released("2", later)).scenarios
        assert scenario.findings_new == new
