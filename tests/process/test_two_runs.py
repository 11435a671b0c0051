"""Two runs at once on one machine, which share the user's Redis server: neither sees the other."""

from pathlib import Path

import pytest

from tests.process.measuring import Finished, finish, start_cli
from tests.process.serving import redis_on_a_port

pytestmark = pytest.mark.process

_SCENARIOS = ("arrow-file-get", "redis-l2-hit", "cachekitio-l2-hit")
_SIZES = ("8MiB", "12MiB")
"""Different ones: a run that read the other's entries would find another value."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("both")


@pytest.fixture(scope="module")
def ended(folder: Path) -> dict[str, Finished]:
    with redis_on_a_port(folder / "redis") as url:
        narrow = ("--instrument", "memray", "--instrument", "rss", "--redis-url", url, "--json", "-")
        running = {
            size: start_cli("run", *_SCENARIOS, "--size", size, *narrow, "--out", str(folder / size))
            for size in _SIZES
        }
        return {size: finish(process) for size, process in running.items()}


@pytest.mark.parametrize("size", _SIZES)
@pytest.mark.parametrize(
    ("scenario", "stage", "copies"),
    [
        ("arrow-file-get", "backend_get", 1),
        ("redis-l2-hit", "backend_get", 2),
        ("cachekitio-l2-hit", "backend_get", 1),
    ],
)
def test_each_measures_its_own(
    size: str, scenario: str, stage: str, copies: int, ended: dict[str, Finished]
) -> None:
    result = ended[size].result(scenario)
    assert result["reason"] is None
    assert result["payload"]["logical_bytes"] == int(size.removesuffix("MiB")) << 20
    metrics = result["metrics"]
    assert metrics[f"copies.{stage}"] == pytest.approx(copies, abs=0.2)
    assert metrics["copies.materialize"] == pytest.approx(1, abs=0.2)
    assert metrics["rss.peak"] == pytest.approx(metrics["peak.heap"], abs=0.35)


@pytest.mark.parametrize("size", _SIZES)
def test_each_keeps_what_it_came_to(size: str, folder: Path, ended: dict[str, Finished]) -> None:
    """Of an untouched cachekit, the resident set shrinks over some reads: figures may be negative."""
    assert ended[size].status == 0
    kept = {sealed.parent.name for sealed in folder.glob(f"{size}/scenarios/*/result.sealed")}
    assert kept == {*_SCENARIOS}
