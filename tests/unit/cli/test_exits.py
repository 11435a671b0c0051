from dataclasses import replace
from itertools import product

import pytest

from cachekit_memprobe.cli.exits import exit_code
from cachekit_memprobe.result import Verdict
from tests.golden.reports import FILE_GET, L1_HIT, report_of

VERDICTS: tuple[Verdict, ...] = ("pass", "fail", "unmeasured", "not_applicable")


def code_of(*verdicts: Verdict) -> int:
    return exit_code(report_of(*(replace(L1_HIT, verdict=verdict) for verdict in verdicts)))


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ((), 3),
        (("pass",), 0),
        (("fail",), 1),
        (("unmeasured",), 3),
        (("not_applicable",), 3),
        (("pass", "fail"), 1),
        (("pass", "unmeasured"), 3),
        (("pass", "not_applicable"), 0),
        (("fail", "unmeasured"), 3),
        (("fail", "not_applicable"), 1),
        (("unmeasured", "not_applicable"), 3),
        (("pass", "fail", "unmeasured"), 3),
        (("pass", "fail", "not_applicable"), 1),
        (("pass", "unmeasured", "not_applicable"), 3),
        (("fail", "unmeasured", "not_applicable"), 3),
        (("pass", "fail", "unmeasured", "not_applicable"), 3),
    ],
)
def test_every_combination_of_verdicts(verdicts: tuple[Verdict, ...], code: int) -> None:
    assert code_of(*verdicts) == code
    assert code_of(*reversed(verdicts)) == code


@pytest.mark.parametrize("verdicts", [*product(VERDICTS, repeat=2)])
def test_it_is_0_only_if_something_passed_and_nothing_else_went_wrong(
    verdicts: tuple[Verdict, ...],
) -> None:
    expected = "pass" in verdicts and set(verdicts) <= {"pass", "not_applicable"}
    assert (code_of(*verdicts) == 0) == expected


def test_a_limit_that_only_warns_does_not_fail_the_run() -> None:
    assert [limit.status for limit in FILE_GET.budgets if limit.level == "warn"] == ["over"]
    assert exit_code(report_of(FILE_GET)) == 0
