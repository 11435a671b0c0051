"""Parsed back by a Markdown parser: what a report says there is what it says in JSON, and nothing else."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from cachekit_memprobe.report.gfm import LONGEST, text
from cachekit_memprobe.report.json import to_json
from cachekit_memprobe.report.markdown import render_markdown
from cachekit_memprobe.result import BudgetResult, Finding, Report, Result
from cachekit_memprobe.units import format_payloads
from tests.golden.reports import (
    FILE_GET,
    FILE_MAP,
    L1_HIT,
    NOT_APPLICABLE,
    SCENARIO,
    UNMEASURED,
    WITH_STAIRCASE,
    report_of,
)
from tests.golden.sweeps import MATRIX, SIZES

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
GITHUBS_LIMIT = 65_536
HOSTILE = [
    "a|b",
    "`a`` b```",
    "</details><script>alert(1)</script>",
    "<!-- a",
    "@octocat",
    "a@b.org",
    "[a](http://b.org) ![c](d)",
    "http://b.org www.b.org",
    "*a* _b_ __c__ ~~d~~ \\*e",
    "owner/repo#12 #34 GH-5",
    "$a$ :smile: :100:",
    "&lt; &#60;",
    "# a",
    "## #",
    "- a",
    "12. a",
    "1) a",
    "> a",
    "---",
    "===",
    "+",
]
Table = list[list[str]]


def shown(inline: Token) -> str:
    """The text that a reader sees; other than text and code there is nothing in it."""
    children = inline.children or []
    assert {child.type for child in children} <= {
        "text", "text_special", "code_inline", "strong_open", "strong_close", "hardbreak"
    }  # fmt: skip
    return "".join("\n" if child.type == "hardbreak" else child.content for child in children).replace(
        "\u200b", ""
    )


def tables(tokens: Sequence[Token]) -> Iterator[Table]:
    rows: Table = []
    for token, following in pairwise([*tokens, *tokens[-1:]]):
        if token.type == "table_open":
            rows = []
        elif token.type == "tr_open":
            rows.append([])
        elif token.type in ("th_open", "td_open"):
            rows[-1].append(shown(following))
        elif token.type == "table_close":
            yield rows


def parsed(report: Report) -> tuple[list[Token], dict[str, list[Token]]]:
    """What stands before the scenarios' details, and each of these by the line that it folds into."""
    beginning: list[Token] = []
    details: dict[str, list[Token]] = {}
    current = beginning
    for token in PARSER.parse(render_markdown(report)):
        if token.type == "html_block" and token.content.startswith("<details>"):
            current = details.setdefault(token.content, [])
        elif token.type == "html_block":
            assert token.content.strip() == "</details>"
        else:
            current.append(token)
    return beginning, details


def columns(table: Table, *names: str) -> list[tuple[str, ...]]:
    numbers = [table[0].index(name) for name in names]
    return [tuple(row[number] for number in numbers) for row in table[1:]]


def figure(payloads: float | None, *, sign: str = "") -> str:
    return "-" if payloads is None else sign + format_payloads(payloads)


@pytest.mark.parametrize(
    "report", [report_of(L1_HIT, FILE_GET, FILE_MAP, NOT_APPLICABLE, UNMEASURED), SIZES, MATRIX]
)
def test_every_figure_is_that_of_the_json(report: Report) -> None:
    document = json.loads(to_json(report))
    beginning, details = parsed(report)
    headlines = ("copies.total", "peak.heap", "rss.peak")
    summary = next(tables(beginning))
    assert columns(summary, "scenario", *headlines) == [
        (one["scenario"], *(figure(one["metrics"].get(name)) for name in headlines))
        for one in document["results"]
    ]
    assert len(details) == len(document["results"])
    for one, tokens in zip(document["results"], details.values(), strict=True):
        found = {table[0][0]: table for table in tables(tokens)}
        check_budget(one, found.get("metric"), tokens)
        check_stages(one, found.get("stage"))


def check_budget(one: dict[str, Any], table: Table | None, tokens: list[Token]) -> None:
    within = [
        shown(token) for token in tokens if token.type == "inline" and token.content.startswith("Within")
    ]
    kept = [limit for limit in one["budgets"] if limit["status"] == "within"]
    words = [f"{x['metric']} {figure(x['observed'])} of {figure(x['limit'])}" for x in kept]
    assert within == ([f"Within: {', '.join(words)}."] if kept else [])
    rows = columns(table, "metric", "limit", "observed", "excess") if table else []
    assert rows == [
        (
            limit["metric"],
            figure(limit["limit"]),
            figure(limit["observed"]),
            figure(limit["excess"], sign="+") if limit["status"] == "over" else "",
        )
        for limit in one["budgets"]
        if limit["status"] != "within"
    ]


def check_stages(one: dict[str, Any], table: Table | None) -> None:
    if not one["stages"]:
        assert table is None
        return
    assert table is not None
    rows = columns(table, "where", "copies", "survived")
    copies = [stage["copies_bytes"] for stage in one["stages"]]
    if None in copies:
        assert {row[1] for row in rows} == {"-"}
        return
    assert rows[-1][1] == figure(sum(copies) / one["payload"]["logical_bytes"])
    for stage in one["stages"]:
        for site in stage["sites"]:
            if site["copies"] >= 0.1:
                where = f"{site['file'].removeprefix('cachekit/')}:{site['line']}"
                survived = site["survived_bytes"] / one["payload"]["logical_bytes"]
                assert (where, figure(site["copies"]), figure(survived)) in rows


def test_it_begins_with_the_verdict_and_what_matters_most() -> None:
    lines = render_markdown(report_of(L1_HIT)).splitlines()
    assert lines[0] == "### FAIL: of 1 scenario, 1 over budget, 1 warning"
    assert lines[2].startswith("**arrow-l1-hit: copies.unwrap is 1.00x, over its limit of 0.30x (unwrap at ")


def test_it_ends_with_how_to_measure_it_again() -> None:
    *_, block = PARSER.parse(render_markdown(report_of(L1_HIT)))
    assert (block.type, block.info) == ("fence", "sh")
    assert block.content.startswith("cachekit-memprobe run arrow-l1-hit --cachekit 0.9.1 ")
    assert "# fingerprint of the environment 35c132855cf9\n" in block.content


def test_the_staircase_is_a_picture_in_letters() -> None:
    _, details = parsed(report_of(WITH_STAIRCASE))
    [tokens] = details.values()
    picture = next(token.content for token in tokens if token.type == "fence")
    lines = picture.splitlines()
    assert lines[0] == "   2.00x |   m"
    limit = lines.index("   1.40x |===== limit of peak.heap")
    assert (lines[limit - 1], lines[limit + 1]) == ("   1.50x |  mm", "   1.25x |  mm")
    assert lines[-2:] == ["         +-----", "             ^ peak 2.00x"]


def test_a_limit_above_the_heap_has_its_line_where_there_is_room() -> None:
    def lines_of(limit: float) -> list[str]:
        budget = BudgetResult("peak.heap", limit, 2.0, "error", "within")
        _, details = parsed(report_of(replace(WITH_STAIRCASE, budgets=(budget,))))
        [tokens] = details.values()
        return next(token.content for token in tokens if token.type == "fence").splitlines()

    assert lines_of(2.25)[0] == "   2.25x |===== limit of peak.heap"
    assert lines_of(2.25)[1].startswith("   2.25x |")
    assert not any("limit" in line for line in lines_of(9.0))


def test_names_can_be_copied() -> None:
    assert "| `prices@size=1.5MB` | " in render_markdown(
        report_of(replace(L1_HIT, scenario=replace(SCENARIO, name="prices@size=1.5MB")))
    )


@pytest.mark.parametrize("words", HOSTILE)
def test_names_from_outside_are_text_wherever_they_stand(words: str) -> None:
    hostile = replace(
        L1_HIT,
        scenario=replace(SCENARIO, name=words, summary=words),
        notes=(words,),
        findings=(Finding("MEM001", words, None),),
    )
    beginning, details = parsed(report_of(hostile, replace(UNMEASURED, reason=words)))
    assert [row[0] for row in next(tables(beginning))] == ["scenario", words, "json-l1-hit"]
    texts = [shown(token) for tokens in details.values() for token in tokens if token.type == "inline"]
    assert texts[0].partition("\n")[0] == words
    assert {f"note: {words}", f"MEM001 {words}"} <= set(texts)
    reason, _command = [token.content for token in list(details.values())[1] if token.type == "fence"]
    assert reason == f"{words}\n"


@pytest.mark.parametrize("words", HOSTILE)
def test_a_paragraph_of_hostile_words_is_one_of_text(words: str) -> None:
    for before in ("", "### "):
        tokens = PARSER.parse(before + text(words))
        assert [token.type for token in tokens][1:-1] == ["inline"]
        assert shown(tokens[1]) == words


def test_a_line_break_in_a_name_begins_nothing() -> None:
    named = replace(L1_HIT, scenario=replace(SCENARIO, name="a\n\n# b\n</details>", summary="c\n\n- d"))
    beginning, details = parsed(report_of(named))
    assert next(tables(beginning))[1][0] == "a # b </details>"
    assert len(details) == 1


def many(count: int, result: Result) -> list[Result]:
    return [
        replace(result, scenario=replace(result.scenario, name=f"{result.scenario.name}-{number}"))
        for number in range(count)
    ]


def test_there_is_room_for_it_on_github() -> None:
    assert LONGEST < GITHUBS_LIMIT


def test_what_does_not_fit_is_left_out_beginning_with_what_passed() -> None:
    report = report_of(*many(20, FILE_GET), *many(3, L1_HIT))
    document = render_markdown(report, longest=16_000)
    details = [line for line in document.splitlines() if line.startswith("<details>")]
    assert len(document) <= 16_000
    assert sum("FAIL" in line for line in details) == 3
    assert 3 < len(details) < 23
    assert f"the details of {23 - len(details)} scenarios" in document
    assert document.index("Left out for want of room") < document.index("To measure it again")
    assert len(next(tables(PARSER.parse(document)))) == 24


def over_by(excess: float, name: str) -> Result:
    limit = BudgetResult("copies.total", 1.0, 1.0 + excess, "error", "over")
    return replace(L1_HIT, scenario=replace(SCENARIO, name=name), budgets=(limit,))


def test_the_worst_stay_and_those_that_do_not_are_named() -> None:
    fails = [over_by(excess, f"scenario-{excess}") for excess in (1, 2, 3, 4, 9, 8, 7, 6, 5)]
    document = render_markdown(report_of(NOT_APPLICABLE, FILE_GET, *fails), longest=9_000)
    details = [line for line in document.splitlines() if line.startswith("<details>")]
    kept = sorted((line.partition("scenario-")[2][0] for line in details), reverse=True)
    assert 0 < len(kept) < 9
    assert kept == list("987654321")[: len(kept)]
    assert details == sorted(details, key=lambda line: document.index(line))
    assert "Without details: `arrow-file-mmap`, `arrow-file-get`, `scenario-1`" in document


def test_what_passed_takes_no_room_that_was_too_little_for_what_did_not() -> None:
    large = replace(over_by(1, "large"), notes=tuple(f"note {number} " * 20 for number in range(60)))
    document = render_markdown(report_of(NOT_APPLICABLE, FILE_GET, large), longest=9_000)
    assert "<details>" not in document
    assert "Without details: `arrow-file-mmap`, `arrow-file-get`, `large`." in document


def test_before_anything_is_left_out_what_several_share_is_said_once() -> None:
    report = report_of(*many(8, L1_HIT))
    whole, short = render_markdown(report), render_markdown(report, longest=13_000)
    assert whole.count("`MEM002` a tracemalloc window") == 8
    assert short.count("a tracemalloc window") == 1
    assert "- `MEM002` `arrow-l1-hit-0`: a tracemalloc window" in short
    assert short.count("As several scenarios: `MEM001`, `MEM002`, see above.") == 8
    assert "Left out" not in short


def test_of_too_many_scenarios_the_table_has_those_that_need_a_look() -> None:
    report = report_of(*many(40, FILE_GET), *many(5, L1_HIT))
    document = render_markdown(report, longest=5_000)
    assert len(document) <= 5_000
    summary = next(tables(PARSER.parse(document)))
    assert sum(row[0].startswith("arrow-l1-hit") for row in summary) == 5
    assert f"not in the table, for want of room: {46 - len(summary)} PASS." in document


def test_endless_words_take_no_room_from_the_rest() -> None:
    endless = replace(UNMEASURED, reason="a" * 100_000)
    document = render_markdown(report_of(endless, L1_HIT))
    assert len(document) < GITHUBS_LIMIT
    assert "<code>arrow-l1-hit</code>: FAIL" in document
    assert "Left out for want of room: the details of 1 scenario. The HTML report" in document
