"""Whole comparisons at a fixed width. To accept a change: UPDATE_GOLDEN=1, then read the diff."""

import io
import json
import re
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from cachekit_memprobe.comparing import compare
from cachekit_memprobe.comparison import Comparison
from cachekit_memprobe.model import Payload
from cachekit_memprobe.report.comparison.html import comparison_html
from cachekit_memprobe.report.comparison.json import comparison_json
from cachekit_memprobe.report.comparison.markdown import comparison_markdown
from cachekit_memprobe.report.comparison.terminal import render_comparison
from cachekit_memprobe.report.comparison.words import comparison_words
from cachekit_memprobe.result import Finding, Report, Result
from tests.golden.comparisons import AFTER, BEFORE, COMPARISONS, NEW, OLD, released
from tests.golden.reports import UNWRAP_PLACE, UNWRAP_SITE, stage
from tests.golden.whole import assert_golden


def printed(comparison: Comparison, width: int, *, full: bool = False) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width, color_system=None, _environ={})
    console.print(render_comparison(comparison, full=full))
    return stream.getvalue()


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", COMPARISONS)
def test_whole_comparison(name: str, width: int) -> None:
    assert_golden(printed(COMPARISONS[name], width), f"{name}-{width}")


@pytest.mark.parametrize("width", [72, 80, 120])
@pytest.mark.parametrize("name", COMPARISONS)
def test_every_line_fits_and_has_no_trailing_blanks(name: str, width: int) -> None:
    lines = printed(COMPARISONS[name], width, full=True).splitlines()
    assert max(map(cell_len, lines)) <= width
    assert [line for line in lines if line != line.rstrip()] == []


def test_what_a_release_gained_is_said_in_one_line() -> None:
    words = comparison_words(compare(OLD, NEW))
    assert words.conclusion == (
        "arrow-l1-hit: unwrap's verbatim copy is gone, and peak RSS is 1.00x less (300.0 MB)"
    )


def test_what_a_release_lost_is_said_in_one_line() -> None:
    words = comparison_words(compare(NEW, OLD))
    assert words.scenarios[0].headline == (
        "unwrap now makes a verbatim copy of 1.00x, and peak RSS is 1.00x more (300.0 MB)"
    )


def test_that_nothing_differs_is_an_answer() -> None:
    assert comparison_words(compare(OLD, OLD)).scenarios[0].headline == "all 15 figures are equal to the byte"


def only(result: Result, *metrics: str, **changed: float) -> Result:
    kept = {name: figure for name, figure in result.metrics.items() if name in metrics}
    return replace(result, metrics={**kept, **changed}, findings=())


@pytest.mark.parametrize(
    ("metrics", "changed", "headline"),
    [
        (("rss.peak",), {}, "the one figure that both sides measured is equal to the byte"),
        (
            ("rss.peak",),
            {"rss.peak": 2.001},
            "no figure that both sides measured differs by more than chance",
        ),
        (("rss.peak",), {"rss.file": 1.0}, "only rss.file changed of the figures that both sides measured"),
    ],
)
def test_what_a_side_did_not_measure_is_not_called_the_same(
    metrics: tuple[str, ...], changed: dict[str, float], headline: str
) -> None:
    whole = OLD.results[0]
    narrowed = replace(OLD, results=(only(whole, *metrics, **changed),))
    assert "copies.total" in whole.metrics
    for pair in ((OLD, narrowed), (narrowed, OLD)):
        assert comparison_words(compare(*pair)).scenarios[0].headline == headline


def test_nor_are_several_scenarios() -> None:
    (first, *_) = OLD.results
    whole = replace(OLD, results=(first, replace(first, scenario=replace(first.scenario, name="b"))))
    narrowed = replace(whole, results=tuple(only(one, "rss.peak") for one in whole.results))
    assert comparison_words(compare(whole, whole)).conclusion == "of 2 scenarios, 2 are the same to the byte"
    assert comparison_words(compare(whole, narrowed)).conclusion == (
        "of 2 scenarios, 2 are the same as far as both sides measured them"
    )


def of_several(*results: Result) -> Report:
    """A report with these, under names of their own."""
    named = (replace(one, scenario=replace(one.scenario, name=f"s{n}")) for n, one in enumerate(results))
    return replace(OLD, results=tuple(named))


def test_how_far_the_same_goes_is_said_of_those_that_are() -> None:
    whole = OLD.results[0]
    base = of_several(whole, whole, whole)
    new = of_several(whole, only(whole, "rss.peak"), replace(whole, verdict="unmeasured", metrics={}))
    assert comparison_words(compare(base, new)).conclusion == (
        "of 3 scenarios, 1 is the same to the byte, 1 is the same as far as both sides measured it, "
        "1 can't be compared"
    )


def with_figures(**changed: float) -> Result:
    """The first result with other figures; ``__`` in a name is a dot."""
    metrics = {name.replace("__", "."): figure for name, figure in changed.items()}
    return replace(OLD.results[0], metrics={**OLD.results[0].metrics, **metrics}, findings=())


@pytest.mark.parametrize(
    ("changed", "direction", "headline"),
    [
        ({"rss__total": 9.0, "rss__resting": 7.0}, "same", "only rss.total and rss.resting changed"),
        ({"growth__margin": 9.0}, "same", "no figure differs by more than chance"),
        ({"verbatim__decode": 1e-6}, "same", "1 figure changed, by too little to see in payloads"),
        (
            {"verbatim__decode": 1e-6, "verbatim__other": 1e-6},
            "same",
            "2 figures changed, by too little to see in payloads",
        ),
    ],
)
def test_noise_is_no_result_and_what_rounds_to_nothing_is_told(
    changed: dict[str, float], direction: str, headline: str
) -> None:
    nothing = dict.fromkeys(("rss__total", "rss__resting", "growth__margin", "verbatim__decode"), 0.0)
    base = with_figures(**nothing, verbatim__other=0.0)
    new = with_figures(**{**nothing, "verbatim__other": 0.0, **changed})
    (words,) = comparison_words(
        compare(replace(OLD, results=(base,)), replace(OLD, results=(new,)))
    ).scenarios
    assert (words.direction, words.headline) == (direction, headline)


def test_what_is_unclear_is_not_the_same() -> None:
    readers = replace(OLD.results[0].scenario.read, readers=8)
    several = replace(OLD.results[0], scenario=replace(OLD.results[0].scenario, read=readers))
    other = replace(several, metrics={**several.metrics, "rss.peak": 3.0})
    comparison = compare(of_several(several, several), of_several(other, several))
    words = comparison_words(comparison)
    assert words.scenarios[0].direction == "unclear"
    assert words.scenarios[0].summary.cells[4].endswith("?")
    assert words.legend == "NEW against BASE, in payloads; ?: of this figure nothing can be said"
    assert "1 is unclear" in words.conclusion
    assert words.legend in printed(comparison, 80)


def test_nothing_is_equal_to_the_byte_between_two_sizes() -> None:
    large = replace(OLD.results[0], payload=Payload(600_000_000, 600_000_000))
    (words,) = comparison_words(compare(OLD, replace(OLD, results=(large,)))).scenarios
    assert not any("to the byte" in remark for remark in (words.headline, *words.remarks))
    assert any(remark.endswith("equal in payloads") for remark in words.remarks)


def test_why_several_can_not_be_compared_is_said_once() -> None:
    result = OLD.results[0]
    changed = replace(result, metrics={**result.metrics, "copies.unwrap": 9.0})
    text = printed(compare(of_several(*[result] * 5), of_several(changed, changed)), 80)
    assert text.count("NEW doesn't have it") == 1
    assert "- s2, s3, s4: NEW doesn't have it" in text
    assert text.count("unwrap allocates 8.00x more") == 2


def test_a_name_stays_whole_beside_a_long_verdict() -> None:
    name = "arrow-single-batch-l1-hit"
    base = of_several(OLD.results[0], OLD.results[0])
    named = [
        replace(one, scenario=replace(one.scenario, name=f"{name}{n}")) for n, one in enumerate(base.results)
    ]
    failed = [replace(one, verdict="unmeasured", metrics={}, reason="it died") for one in named]
    text = printed(compare(replace(base, results=tuple(named)), replace(base, results=tuple(failed))), 80)
    assert re.search(rf"^{name}0 +FAIL -> ", text, re.MULTILINE)


def test_all_formats_agree_on_every_metric_of_the_table() -> None:
    comparison = compare(OLD, NEW)
    metrics = json.loads(comparison_json(comparison))["scenarios"][0]["metrics"]
    rows = comparison_words(comparison).scenarios[0].metrics
    terminal, markdown, html = (
        printed(comparison, 120),
        comparison_markdown(comparison),
        comparison_html(comparison),
    )
    assert len(rows) > 3
    for row in rows:
        name, base, new, change, *_ = row.cells
        assert (f"{metrics[name]['base']:.2f}x", f"{metrics[name]['new']:.2f}x") == (base, new)
        assert re.search(rf"^{re.escape(name)} +{base} +{new} +{re.escape(change)} ", terminal, re.MULTILINE)
        assert f"| {name} | {base} | {new} | {change} |" in markdown.replace("\\", "")
        cells = [re.sub(r"<td[^>]*>", "|", line) for line in html.splitlines()]
        assert any(f"|{name}|{base}|{new}|{change}|" in line for line in cells)


def test_what_a_side_lacks_is_null_in_json_and_a_dash_in_tables() -> None:
    without = {name: value for name, value in AFTER.metrics.items() if name != "rss.peak"}
    comparison = compare(OLD, released("0.10.0", replace(AFTER, metrics=without)))
    metric = json.loads(comparison_json(comparison))["scenarios"][0]["metrics"]["rss.peak"]
    assert (metric["base"], metric["new"], metric["change"], metric["new_bytes"]) == (2.004, None, None, None)
    assert re.search(r"^rss\.peak +2\.00x +- +- +- +not measured$", printed(comparison, 80), re.MULTILINE)


def test_both_staircases_are_drawn_on_one_scale() -> None:
    html = comparison_html(compare(OLD, NEW))
    assert "BASE: peak 2.00x" in html
    assert "NEW: peak 1.00x" in html
    labels = re.findall(r"<text y=(\d+)>1x</text>", html)
    assert len(labels) == 2
    assert labels[0] == labels[1]


def test_text_from_outside_stays_text_everywhere() -> None:
    hostile = "<script>alert(1)</script> [red]x[/red] \x1b[2J @someone"
    result = replace(
        BEFORE,
        scenario=replace(BEFORE.scenario, name=f"n {hostile}"),
        stages=(
            stage(
                "unwrap",
                replace(UNWRAP_SITE, source=f"c {hostile}", place=replace(UNWRAP_PLACE, file=f"f {hostile}")),
            ),
        ),
        findings=(Finding("MEM001", f"m {hostile}", UNWRAP_PLACE),),
    )
    bare = replace(result, stages=(), findings=())
    comparison = compare(released(hostile, result), released("0.10.0", bare))
    assert "\x1b" not in printed(comparison, 200)
    assert "[red]x[/red]" in printed(comparison, 200)
    html = comparison_html(comparison)
    assert "<script" not in html
    assert "\x1b" not in html
    markdown = comparison_markdown(comparison)
    assert "\x1b" not in markdown
    outside_fences = re.sub(r"^```.*?^```", "", markdown, flags=re.MULTILINE | re.DOTALL)
    assert not re.search(r"(?<!\\)<script", outside_fences)
    assert " @someone" not in re.sub(r"<summary>.*</summary>", "", outside_fences)


def test_markdown_says_what_it_left_out() -> None:
    text = comparison_markdown(COMPARISONS["compared"], longest=1_500)
    assert len(text) <= 1_500
    assert "The details of 1 scenario were left out for want of room." in text


def test_what_stays_is_said_beside_what_the_stages_do() -> None:
    leaking = replace(AFTER, metrics={**AFTER.metrics, "held.after": 1.0})
    kept = replace(BEFORE, metrics={**BEFORE.metrics, "held.after": 0.0})
    words = comparison_words(compare(released("0.9.1", kept), released("0.10.0", leaking))).scenarios[0]
    assert words.headline.startswith("unwrap's verbatim copy is gone, ")
    assert words.headline.endswith(" and 1.00x more stays when the value is dropped")
    assert words.direction == "both"
