"""Workflow commands are read back as GitHub's runner reads them."""

from dataclasses import replace
from pathlib import Path

import pytest

from cachekit_memprobe.checkout import Checkout
from cachekit_memprobe.model import Origin
from cachekit_memprobe.report import github
from cachekit_memprobe.report.github import annotations, step_summary, to_github
from cachekit_memprobe.result import BudgetResult, Result
from tests.golden.reports import FILE_MAP, L1_HIT, NOT_APPLICABLE, SCENARIO, UNMEASURED, report_of

FILE = "shop/memprobe.toml"
UNWRAP, HEAP = L1_HIT.budgets[0], L1_HIT.budgets[2]


def limited(*budgets: BudgetResult, name: str = "arrow-l1-hit") -> Result:
    """A scenario with these limits, the first of them on line 10."""
    set_there = [
        replace(one, origin=Origin(FILE, line, f"budget.{one.metric}"))
        for line, one in enumerate(budgets, 10)
    ]
    return replace(L1_HIT, scenario=replace(SCENARIO, name=name), budgets=tuple(set_there))


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    (tmp_path / ".git").mkdir()
    return Checkout.around(tmp_path, {})


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Each command, its properties and its message, unescaped."""
    found = []
    for line in text.splitlines():
        head, message = line.removeprefix("::").split("::", 1)
        name, _, properties = head.partition(" ")
        pairs = (pair.split("=", 1) for pair in properties.split(","))
        found.append((name, {key: _read(value) for key, value in pairs}, _read(message)))
    return found


def _read(text: str) -> str:
    for escaped, plain in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escaped, plain)
    return text


def test_a_limit_that_is_exceeded_is_an_error_on_its_own_line(checkout: Checkout) -> None:
    found = commands(to_github(report_of(limited(UNWRAP, HEAP)), checkout))
    assert [(name, at.get("file"), at.get("line")) for name, at, _ in found] == [
        ("error", "shop/memprobe.toml", "10"),
        ("warning", "shop/memprobe.toml", "11"),
    ]
    _, at, message = found[0]
    assert at["title"] == "arrow-l1-hit: copies.unwrap 1.00x over 0.30x"
    assert message.splitlines() == [
        "expected at most 0.30x, 90.0 MB; found 1.00x, 300.0 MB; exceeded by 0.70x, 210.0 MB",
        "see unwrap at cachekit/serializers/wrapper.py:126, 1.00x",
    ]


def test_over_its_hard_limit_the_soft_one_is_no_news(checkout: Checkout) -> None:
    soft = replace(UNWRAP, level="warn", limit=0.1)
    found = commands(to_github(report_of(limited(UNWRAP, soft)), checkout))
    assert [(name, at["line"]) for name, at, _ in found] == [("error", "10")]
    assert [name for name, *_ in commands(to_github(report_of(limited(soft)), checkout))] == ["warning"]


def test_what_is_within_its_limit_has_none(checkout: Checkout) -> None:
    within = replace(L1_HIT, verdict="pass", budgets=L1_HIT.budgets[-1:])
    assert to_github(report_of(within), checkout) == ""


def test_the_line_of_cachekit_is_noted_where_it_is_in_the_checkout(checkout: Checkout) -> None:
    source = checkout.root / "src/cachekit/serializers/wrapper.py"
    source.parent.mkdir(parents=True)
    source.write_text("\n" * 129 + "            payload = bytes(mv[header_end:])\n")
    found = commands(to_github(report_of(limited(UNWRAP, HEAP)), checkout))
    assert [(name, at["file"], at["line"]) for name, at, _ in found] == [
        ("error", "shop/memprobe.toml", "10"),
        ("error", "src/cachekit/serializers/wrapper.py", "130"),
        ("warning", "shop/memprobe.toml", "11"),
    ]
    assert found[1][1]["title"] == "over budget by what unwrap does here"
    assert "likewise arrow-l1-hit: peak.heap 2.00x over 1.40x" in found[1][2]


@pytest.mark.parametrize("result", [UNMEASURED, FILE_MAP])
def test_what_could_not_be_measured_is_an_error_before_all_others(result: Result, checkout: Checkout) -> None:
    result = replace(result, verdict="unmeasured")
    name, at, message = commands(to_github(report_of(limited(UNWRAP), result), checkout))[0]
    assert name == "error"
    assert at["title"].endswith("could not be measured")
    assert message


def test_a_run_in_which_nothing_was_measured_is_an_error(checkout: Checkout) -> None:
    [(name, at, _)] = commands(to_github(report_of(NOT_APPLICABLE), checkout))
    assert (name, at["title"]) == ("error", "nothing was measured")


def test_one_limit_of_many_scenarios_has_one_annotation(checkout: Checkout) -> None:
    results = [limited(UNWRAP, name=f"read-{number}") for number in range(12)]
    [(_, _, message)] = commands(to_github(report_of(*results), checkout))
    assert message.splitlines()[-1].startswith("likewise read-1: copies.unwrap 1.00x over 0.30x; read-2")
    assert message.endswith("and 6 more")


def test_of_more_than_ten_the_worst_nine_stay_and_a_pointer(checkout: Checkout) -> None:
    budgets = [replace(UNWRAP, observed=1 + number) for number in range(20)]
    found = annotations(report_of(limited(*budgets)), checkout)
    assert [one.command for one in found] == ["error"] * 9 + ["notice"]
    assert found[0].title.endswith("copies.unwrap 20.00x over 0.30x")
    assert found[-1].title == "11 more annotations"
    assert len(annotations(report_of(limited(*budgets[:10])), checkout)) == 10


def test_nothing_in_a_command_ends_it_or_begins_another(checkout: Checkout) -> None:
    hostile = "50%, a:b\r\n::add-mask::x%0A\x1b[31m"
    budget = replace(UNWRAP, message=hostile)
    text = to_github(report_of(limited(budget, name=hostile)), checkout)
    [(name, at, message)] = commands(text)
    assert name == "error"
    assert at["title"] == "50%, a:b ::add-mask::x%0A: copies.unwrap 1.00x over 0.30x"
    assert message.splitlines()[-2:] == [
        "see unwrap at cachekit/serializers/wrapper.py:126, 1.00x",
        "50%, a:b ::add-mask::x%0A",
    ]
    assert len(text.splitlines()) == 1


def test_the_summary_keeps_to_what_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = replace(UNMEASURED, reason="ü" * 10_000)
    results = [replace(wide, scenario=replace(SCENARIO, name=f"read-{number}")) for number in range(12)]
    monkeypatch.setattr(github, "SUMMARY_BYTES", 100_000)
    text = step_summary(report_of(*results))
    assert 20_000 < len(text.encode()) <= 100_000
    assert "Left out for want of room" in text
    assert len(step_summary(report_of(*results), there_bytes=60_000).encode()) <= 40_000
    assert step_summary(report_of(*results), there_bytes=99_000) == ""
