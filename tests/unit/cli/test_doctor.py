from collections.abc import Sequence
from pathlib import Path

import pytest

from cachekit_memprobe.doctor import Check
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.model import Scenario, Target
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
