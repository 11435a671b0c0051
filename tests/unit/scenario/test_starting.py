"""The scenario that ``init --call`` writes."""

from pathlib import Path

import pytest

from cachekit_memprobe.child.task import Call
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.scenario import Reached, call_text, load_scenario
from cachekit_memprobe.scenario.starting import limit_over

MIB = 1 << 20
CALL = Call("shop.orders:load", ('a "b"\n', -1), {"region": "eu"}, "shop.testing:prepare", backend="file")
FIGURES = {"copies.total": 1.0366, "rss.peak": -0.001, "live.decode": 9.0}


@pytest.mark.parametrize(
    ("figure", "payload_mib", "limit"),
    [(1.0, 64, 1.15), (1.0366, 64, 1.2), (1.0, 8, 1.25), (0.0, 64, 0.05), (-0.01, 64, 0.05), (0.0, 1, 1.0)],
)
def test_a_limit_is_a_tenth_and_an_arena_more_in_twentieths(
    figure: float, payload_mib: int, limit: float
) -> None:
    assert limit_over("copies.total", figure, payload_mib * MIB) == limit


def test_what_is_written_loads_to_what_was_called(tmp_path: Path) -> None:
    path = tmp_path / "orders.toml"
    reached = Reached(FIGURES, 64 * MIB, "cachekit 0.24.1 and a payload of 64.0 MiB")
    path.write_text(call_text(CALL, path, tier="l1", environment={"SHOP": "x\ny"}, reached=reached))
    scenario = load_scenario(path)
    call = scenario.value.call
    assert call is not None
    assert (call.function, call.args, call.kwargs) == (CALL.function, CALL.args, CALL.kwargs)
    assert (call.setup, call.backend, scenario.read.tier) == (CALL.setup, CALL.backend, "l1")
    assert scenario.environment == {"SHOP": "x\ny"}
    limits = {limit.metric: limit.payloads for limit in scenario.budget}
    assert limits == {"copies.total": 1.2, "rss.peak": 0.05}  # no others were measured, or are worth a limit
    assert "Reached: 1.04x" in path.read_text()


def test_without_what_was_reached_there_is_no_budget(tmp_path: Path) -> None:
    path = tmp_path / "orders.toml"
    path.write_text(call_text(Call("shop.orders:load"), path, tier="", environment={}))
    scenario = load_scenario(path)
    assert (scenario.budget, scenario.read.tier) == ((), "")


def test_a_file_that_could_not_be_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"has to end in \.toml"):
        call_text(CALL, tmp_path / "orders", tier="", environment={})
    with pytest.raises(UsageError, match=r"rename the file, for example to orders\.toml"):
        call_text(CALL, tmp_path / "Orders.toml", tier="", environment={})
