"""Read paths for real: serializers, values, async, backfill, by reference, several readers."""

from dataclasses import replace
from pathlib import Path

import pytest

from cachekit_memprobe import target
from cachekit_memprobe.metrics import ALIASING, MEMRAY, RSS, TRACEMALLOC
from cachekit_memprobe.model import RunOptions, Target
from cachekit_memprobe.result import Report, Result
from cachekit_memprobe.scenario import load_bundled
from tests.process.measuring import MIB, measured, result_of, run_here

pytestmark = [pytest.mark.process, pytest.mark.release]

SIZE_MIB = 12
FIXED = 0.05 + 1 / SIZE_MIB
"""Payloads that a read of that size takes anyway: the key's buffer of 256 KiB, what is smaller, and one of
pymalloc's arenas, 1 MiB, which falls into the stage in which the last one happens to be full.

The size is more than one record batch, of which pandas would take views up to 0.23."""

# scenario: what each stage allocates, of those that allocate
ON_THE_NEWEST = {
    "auto-dataframe-l1-hit": {"decode": 0.96, "decompress": 1.0, "materialize": 1.0},
    "arrow-l1-hit-lz4": {"decompress": 1.19, "materialize": 1.0},
    "arrow-strings-l1-hit": {},
    "arrow-table-l1-hit": {},
    "async-file-get": {"backend_get": 1.0, "materialize": 1.0},
    "file-get-backfill": {"backend_get": 1.0, "materialize": 1.0},
    "interop-nested-l1-hit": {"decode": 7.29},
    "reference-none": {},
    "reference-local": {},
}
ON_0_9_1 = {
    "async-file-get-backfill": {"backend_get": 2.0, "unwrap": 1.0, "materialize": 1.0},
    # Rust grows a vector by doubling, to 16 MiB for these 12, and fills two buffers more.
    "auto-series-l1-hit": {"unwrap": 1.56, "decompress": 3.33, "decode": 2.0},
    "reference-local": {},
}


@pytest.fixture(scope="module")
def newest_paths(newest: Target, tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = tmp_path_factory.mktemp("newest") / "run"
    return measured(newest, tuple(ON_THE_NEWEST), folder, size_mib=SIZE_MIB, instruments=(MEMRAY,))


@pytest.fixture(scope="module")
def old_paths(tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = tmp_path_factory.mktemp("old") / "run"
    old = target.resolve("0.9.1")
    return measured(old, tuple(ON_0_9_1), folder, size_mib=SIZE_MIB, instruments=(MEMRAY,))


def check_stages(result: Result, expected: dict[str, float]) -> None:
    assert result.reason is None
    names = {stage.name for stage in result.stages} | set(expected)
    for name in names:
        copies = result.metrics[f"copies.{name}"]
        assert copies == pytest.approx(expected.get(name, 0.0), abs=0.15 if name in expected else FIXED), name
    stages = sum(stage.copies_bytes for stage in result.stages)
    assert result.payload is not None
    assert result.metrics["copies.total"] == pytest.approx(stages / result.payload.logical_bytes)


@pytest.mark.parametrize("name", ON_THE_NEWEST)
def test_stages_of_the_newest_release_add_up(newest_paths: Report, name: str) -> None:
    check_stages(result_of(newest_paths, name), ON_THE_NEWEST[name])


@pytest.mark.parametrize("name", ON_0_9_1)
def test_stages_of_0_9_1_add_up(old_paths: Report, name: str) -> None:
    check_stages(result_of(old_paths, name), ON_0_9_1[name])


@pytest.mark.parametrize("name", ["async-file-get", "file-get-backfill"])
def test_a_stage_is_entered_once_by_one_read(newest_paths: Report, name: str) -> None:
    calls = {stage.name: stage.calls for stage in result_of(newest_paths, name).stages}
    passed = {"stats", "backend_get", "unwrap", "decode", "materialize"}
    assert {stage: calls[stage] for stage in passed} == dict.fromkeys(passed, 1)


def test_a_backfill_puts_into_l1_and_copies_nothing_for_it(newest_paths: Report, old_paths: Report) -> None:
    for result in (
        result_of(newest_paths, "file-get-backfill"),
        result_of(old_paths, "async-file-get-backfill"),
    ):
        assert [stage.calls for stage in result.stages if stage.name == "l1_put"] == [1]
        assert result.metrics["copies.l1_put"] == pytest.approx(0.0, abs=0.01 + 1 / SIZE_MIB)


@pytest.mark.parametrize("name", ["reference-none", "reference-local"])
def test_a_cache_by_reference_is_said_to_be_one(newest_paths: Report, name: str) -> None:
    result = result_of(newest_paths, name)
    assert result.payload is not None
    assert result.payload.frame_bytes == 0
    assert [finding.code for finding in result.findings] == ["MEM015"]
    assert {stage.name for stage in result.stages} == {"l1_get", "stats", "other"}


def test_eight_readers_need_eight_values(newest: Target, tmp_path: Path) -> None:
    instruments = (RSS, TRACEMALLOC, MEMRAY, ALIASING)
    name = "arrow-file-get-8-keys"
    result = result_of(
        measured(newest, [name], tmp_path / "run", size_mib=SIZE_MIB, instruments=instruments), name
    )
    assert result.reason is None
    assert result.metrics["copies.backend_get"] == pytest.approx(8.0, abs=0.1 + 1 / SIZE_MIB)
    assert result.metrics["copies.materialize"] == pytest.approx(8.0, abs=0.1 + 1 / SIZE_MIB)
    assert 8.9 < result.metrics["peak.heap"] < 16.5
    assert result.metrics["rss.peak_per_reader"] == pytest.approx(result.metrics["rss.peak"] / 8)
    stages = {stage.name: stage for stage in result.stages}
    assert stages["backend_get"].calls == 8
    assert stages["backend_get"].tracemalloc_bytes is None
    assert stages["backend_get"].sites[0].kind == "received"
    assert "peak.tracemalloc" in result.metrics
    assert "peak.tracemalloc_late" not in result.metrics


def test_a_sync_read_of_0_10_0_does_not_backfill(tmp_path: Path) -> None:
    scenario = load_bundled("file-get-backfill")
    everywhere = replace(scenario, releases="", value=replace(scenario.value, logical_bytes=MIB))
    options = RunOptions((MEMRAY,))
    report = run_here(target.resolve("0.10.0"), [everywhere], tmp_path / "run", options)
    (result,) = report.results
    assert result.verdict == "not_applicable"
    assert "a sync read that puts the frame into L1" in (result.reason or "")


def test_polars_that_the_target_lacks_is_no_measurement(newest: Target, tmp_path: Path) -> None:
    scenario = load_bundled("arrow-table-l1-hit")
    polars = replace(
        scenario,
        caching=replace(scenario.caching, return_format="polars"),
        value=replace(scenario.value, logical_bytes=MIB),
    )
    report = run_here(newest, [polars], tmp_path / "run", RunOptions((MEMRAY,)))
    (result,) = report.results
    assert result.verdict == "unmeasured"
    assert (result.reason or "").startswith("polars is not installed in the target's environment")
