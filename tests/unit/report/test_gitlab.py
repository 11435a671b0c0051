"""GitLab's Code Quality: what its format demands, and fingerprints that tell one issue from another."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cachekit_memprobe.checkout import Checkout
from cachekit_memprobe.model import Origin
from cachekit_memprobe.report.gitlab import to_gitlab
from cachekit_memprobe.result import Result
from tests.golden.reports import FILE_MAP, L1_HIT, NOT_APPLICABLE, UNMEASURED, report_of


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    (tmp_path / ".git").mkdir()
    return Checkout.around(tmp_path, {})


def limited(first_line: int, **changes: Any) -> Result:
    budgets = [
        replace(one, origin=Origin("pyproject.toml", line, one.metric))
        for line, one in enumerate(L1_HIT.budgets, first_line)
    ]
    return replace(L1_HIT, budgets=tuple(budgets), **changes)


def issues(checkout: Checkout, *results: Result) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(to_gitlab(report_of(*results), checkout))
    return found


def fingerprints(found: list[dict[str, Any]]) -> list[str]:
    return [issue["fingerprint"] for issue in found]


def test_an_issue_has_what_gitlab_demands(checkout: Checkout) -> None:
    first, *others = issues(checkout, limited(7))
    assert first.pop("fingerprint")
    assert first == {
        "description": "arrow-l1-hit: copies.unwrap 1.00x over 0.30x: expected at most 0.30x, 90.0 MB; "
        "found 1.00x, 300.0 MB; exceeded by 0.70x, 210.0 MB",
        "check_name": "cachekit-memprobe/copies.unwrap",
        "severity": "major",
        "location": {"path": "pyproject.toml", "lines": {"begin": 7}},
    }
    assert [issue["severity"] for issue in others] == ["major", "major", "minor"]


def test_what_is_not_measured_is_critical(checkout: Checkout) -> None:
    found = issues(checkout, UNMEASURED, FILE_MAP)
    assert [issue["severity"] for issue in found] == ["critical", "critical"]
    assert [issue["location"]["path"] for issue in found] == ["json-l1-hit.toml", "arrow-file-mmap.toml"]
    assert [issue["severity"] for issue in issues(checkout, NOT_APPLICABLE)] == ["critical"]


def test_a_fingerprint_stays_when_lines_move_and_figures_change(checkout: Checkout) -> None:
    moved_sites = tuple(
        replace(stage, sites=tuple(replace(one, place=replace(one.place, line=999)) for one in stage.sites))
        for stage in L1_HIT.stages
    )
    before, after = limited(7), limited(70)
    budgets = tuple(
        replace(
            limit,
            observed=limit.limit + 3,
            suspects=tuple(replace(one, place=replace(one.place, line=999)) for one in limit.suspects),
        )
        for limit in after.budgets[:4]
    )
    moved = replace(after, stages=moved_sites, budgets=budgets)
    assert sorted(fingerprints(issues(checkout, moved))) == sorted(fingerprints(issues(checkout, before)))


def test_a_fingerprint_is_of_one_issue_only(checkout: Checkout) -> None:
    source = checkout.root / "cachekit/serializers/wrapper.py"
    source.parent.mkdir(parents=True)
    source.write_text("            payload = bytes(mv[header_end:])\n")
    other = limited(7, scenario=replace(L1_HIT.scenario, name="other"))
    found = issues(checkout, limited(7), other, UNMEASURED)
    assert len(found) == 2 * (4 + 4) + 1
    assert len(set(fingerprints(found))) == len(found)
    assert {issue["location"]["path"] for issue in found} == {
        "pyproject.toml",
        "cachekit/serializers/wrapper.py",
        "json-l1-hit.toml",
    }


def test_a_run_within_its_budget_has_no_issue(checkout: Checkout) -> None:
    assert issues(checkout, replace(L1_HIT, verdict="pass", budgets=L1_HIT.budgets[-1:])) == []
