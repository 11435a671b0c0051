from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cachekit_memprobe.canary import Canary, Sight
from cachekit_memprobe.doctor import Check
from cachekit_memprobe.doctor.planting import Planted
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.model import Scenario, Target
from cachekit_memprobe.result import BudgetResult, BudgetStatus
from tests.golden.reports import TARGET
from tests.unit.cli.conftest import Invoke, Tool

OK = Check("memray", "ok", "1.20.0")
LIMITED = Check("RSS peak", "limited", "can't be [reset]", "Mount /proc \x1b[31mwritable.")
MISSING = Check("cachekit", "missing", "not installed", "Install it.")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Target | None, int, str | None]]:
    calls: list[tuple[Target | None, int, str | None]] = []

    def checks(
        target: Target | None, size_bytes: int, problem: str | None, scenarios: Sequence[Scenario]
    ) -> tuple[Check, ...]:
        assert {scenario.value.logical_bytes for scenario in scenarios} == {size_bytes}
        calls.append((target, size_bytes, problem))
        return (OK, LIMITED) if target else (MISSING, LIMITED)

    monkeypatch.setattr("cachekit_memprobe.doctor.checks", checks)
    return calls


Asked = list[tuple[Target | None, int, str | None]]


def test_what_is_limited_comes_with_its_remedy(invoke: Invoke, tool: Tool, asked: Asked) -> None:
    result = invoke("doctor")
    assert result.exit_code == 0
    assert result.stdout == (
        "memray    ok       1.20.0\n"
        "RSS peak  limited  can't be [reset]\n"
        "                   Mount /proc writable.\n"
    )
    assert asked == [(TARGET, 64 * 1024 * 1024, None)]


def test_the_target_and_the_size_can_be_chosen(invoke: Invoke, tool: Tool, asked: Asked) -> None:
    invoke("doctor", "--cachekit", "0.9.1", "--size", "300MB")
    invoke("doctor", "--python", "env/bin/python")
    assert tool.resolved == [("0.9.1", None), ("installed", Path("env/bin/python"))]
    assert asked[0][1] == 300_000_000


def test_without_a_target_the_machine_is_examined_and_nothing_can_be_measured(
    invoke: Invoke, tool: Tool, asked: Asked
) -> None:
    tool.error, tool.fails = CouldNotMeasure("it is not installed"), "resolve"
    result = invoke("doctor")
    assert result.exit_code == 3
    assert asked == [(None, 64 * 1024 * 1024, "it is not installed")]
    assert "Install it." in result.stdout


def test_a_bad_size_is_a_usage_error(invoke: Invoke, tool: Tool, asked: Asked) -> None:
    result = invoke("doctor", "--size", "-1")
    assert result.exit_code == 2
    assert "--size" in result.stderr


PLANTED = Planted(Path("planted"), "unwrap", "cachekit/serializers/wrapper.py", 284, Path("passed"))


def limit(metric: str, observed: float, status: BudgetStatus) -> BudgetResult:
    return BudgetResult(metric, 0.5, observed, "error", status)


SEEN = Canary(
    TARGET,
    PLANTED,
    (Sight("copies.unwrap", 0.0, 1.0, 0.03), Sight("rss.peak", 1.0, 1.96, 0.1)),
    (limit("copies.unwrap", 0.0, "within"),),
    (limit("copies.unwrap", 1.0, "over"),),
    on_line=True,
)
UNSEEN: dict[str, dict[str, Any]] = {
    "rss.peak rose by 0.12x and not by 1.00x: rss can't be relied on here": {
        "sights": (Sight("rss.peak", 1.0, 1.12, 0.1),)
    },
    "rss.peak rose by unknown and not by 1.00x": {"sights": (Sight("rss.peak", None, 1.12, 0.1),)},
    "the copy is not on its line, cachekit/serializers/wrapper.py:284": {"on_line": False},
    "the untouched read exceeds the limits": {"before": (limit("copies.unwrap", 0.6, "over"),)},
    "within limits that it should exceed": {"budget": (limit("copies.unwrap", 0.4, "within"),)},
}


@pytest.fixture
def canary(monkeypatch: pytest.MonkeyPatch) -> Callable[[Canary | Exception], None]:
    def answer(found: Canary | Exception) -> None:
        def measured(*_: object) -> Canary:
            if isinstance(found, Exception):
                raise found
            return found

        monkeypatch.setattr("cachekit_memprobe.canary.canary", measured)

    return answer


Answer = Callable[[Canary | Exception], None]


def test_a_canary_that_is_seen(invoke: Invoke, tool: Tool, asked: Asked, canary: Answer) -> None:
    canary(SEEN)
    result = invoke("doctor", "--canary")
    assert result.exit_code == 0
    assert result.stdout.partition("\n\n")[2] == (
        "untouched  green  cachekit 0.9.1, arrow-l1-hit: copies.unwrap 0.00x of 0.50x\n"
        "planted    red    one copy more in unwrap, cachekit/serializers/wrapper.py:284:\n"
        "                  copies.unwrap 1.00x of 0.50x\n"
        "canary     seen   the copy of 32.0 MiB was found in its stage and on its line,\n"
        "                  by every instrument\n"
    )


@pytest.mark.parametrize("problem", UNSEEN)
def test_a_canary_that_is_not_seen_says_by_whom(
    invoke: Invoke, tool: Tool, asked: Asked, canary: Answer, problem: str
) -> None:
    canary(replace(SEEN, **UNSEEN[problem]))
    result = invoke("doctor", "--canary")
    assert result.exit_code == 1
    assert problem in " ".join(result.stdout.split())
    assert "canary     not seen" in result.stdout
    assert "Don't trust a green run on this machine" in result.stdout


def test_a_canary_that_could_not_be_measured_is_no_verdict(
    invoke: Invoke, tool: Tool, asked: Asked, canary: Answer
) -> None:
    canary(CouldNotMeasure("the read did not pass it"))
    result = invoke("doctor", "--canary")
    assert result.exit_code == 3
    assert result.stderr.endswith("error: the read did not pass it\n")
    assert "memray    ok" in result.stdout


def test_where_nothing_can_be_measured_no_canary_is(
    invoke: Invoke, tool: Tool, asked: Asked, canary: Answer
) -> None:
    tool.error, tool.fails = CouldNotMeasure("it is not installed"), "resolve"
    canary(AssertionError("it is measured"))
    assert invoke("doctor", "--canary").exit_code == 3
