"""Folders of shards become one, or are refused by what differs."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.model import Measurement, Observations, Run
from cachekit_memprobe.request import Request
from cachekit_memprobe.runstore import NOT_MEASURED_YET, RunFolder, merge
from cachekit_memprobe.sweep import Shard
from tests.golden.reports import SCENARIO
from tests.unit.runstore.made import CAPTURE, RSS, measured, memray_seen, run_of

NAMES = ("arrow-l1-hit", "b", "c")
SCENARIOS = {name: replace(SCENARIO, name=name) for name in NAMES}


def shard(path: Path, number: int, *names: str, count: int = 2, **changes: Any) -> RunFolder:
    """The folder of a shard that has measured these; the first of the names has a capture."""
    run = replace(run_of(*(SCENARIOS[name] for name in names)), shard=Shard(number, count, NAMES), **changes)
    folder = RunFolder.create(path / f"shard-{number}")
    folder.save_run(run)
    for name in names:
        seen = Observations(rss=RSS)
        if name == NAMES[0]:
            folder.capture_of(name).write_bytes(b"capture")
            seen = replace(seen, memray=memray_seen(folder.path))
        folder.save_measurement(replace(measured(SCENARIOS[name], seen), took_s=1.5))
    return folder


def loaded(folder: RunFolder) -> tuple[Run, Mapping[str, Measurement]]:
    run, measurements = RunFolder.open(folder.path).load()
    return run, {one.scenario.name: one for one in measurements}


def test_all_that_was_measured_is_in_the_merged_run(tmp_path: Path) -> None:
    parts = [shard(tmp_path, 2, "b"), shard(tmp_path, 1, "arrow-l1-hit", "c")]
    merged = merge(parts, tmp_path / "merged")
    run, measurements = loaded(merged)
    assert run == replace(loaded(parts[0])[0], shard=None)
    assert list(measurements) == list(NAMES)
    for part in parts:
        for name, measurement in loaded(part)[1].items():
            assert measurements[name] == measurement
    assert (merged.path / CAPTURE).read_bytes() == b"capture"


def test_what_a_missing_shard_would_have_measured_is_not_measured(tmp_path: Path) -> None:
    merged = merge([shard(tmp_path, 2, "b", count=3)], tmp_path / "merged")
    _, measurements = loaded(merged)
    assert measurements["b"].reason is None
    assert measurements["c"].reason == measurements[NAMES[0]].reason == "shards 1 and 3 of 3 are missing"


def test_what_a_shard_did_not_come_to_is_not_measured(tmp_path: Path) -> None:
    begun = shard(tmp_path, 1, "c")
    begun.save_measurement(Measurement.failed(SCENARIOS["c"], NOT_MEASURED_YET))
    _, measurements = loaded(merge([begun, shard(tmp_path, 2, "b")], tmp_path / "merged"))
    assert measurements["c"].reason == NOT_MEASURED_YET
    assert measurements[NAMES[0]].reason == "no shard has measured it: they were not split by the same costs"


def test_the_kernels_may_differ_and_are_named(tmp_path: Path) -> None:
    target = run_of().target
    other = replace(target, versions={**target.versions, "platform": "Linux-6.8-x86_64"})
    parts = [shard(tmp_path, 1, "b", "c"), shard(tmp_path, 2, "arrow-l1-hit", target=other)]
    run, _ = loaded(merge(parts, tmp_path / "merged"))
    assert run.target.versions["platform"] == "Linux-6.1.0-x86_64-with-glibc2.36 and Linux-6.8-x86_64"


def _versions(**versions: str) -> dict[str, Any]:
    target = run_of().target
    return {"target": replace(target, versions={**target.versions, **versions})}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (_versions(cachekit="0.10.0"), "the version of cachekit differs: 0.9.1 and 0.10.0"),
        (_versions(pandas="2.3.3"), "what was measured with differs: pandas 3.1.1 and 2.3.3"),
        ({"options": replace(run_of().options, instruments=("rss",))}, "instruments rss, memray and rss"),
        ({"request": Request(size="1GB")}, "what was asked for differs: nothing and "),
        ({"shard": Shard(2, 3, NAMES)}, "the number of shards differs: 2 and 3"),
        ({"shard": Shard(2, 2, (*NAMES, "d"))}, "what is measured in all of them differs"),
    ],
)
def test_shards_of_other_runs_are_refused(changes: Mapping[str, Any], said: str, tmp_path: Path) -> None:
    one = shard(tmp_path, 1, "arrow-l1-hit", "c")
    run = replace(run_of(SCENARIOS["b"]), **{"shard": Shard(2, 2, NAMES), **changes})
    other = RunFolder.create(tmp_path / "other")
    other.save_run(run)
    with pytest.raises(UsageError, match="are no shards of one run, as") as raised:
        merge([one, other], tmp_path / "merged")
    assert said in str(raised.value)
    assert not (tmp_path / "merged").exists()


def test_how_many_were_measured_side_by_side_may_differ(tmp_path: Path) -> None:
    options = replace(run_of().options, jobs=7, timeout_s=99.0)
    merge([shard(tmp_path, 1, "c"), shard(tmp_path, 2, "b", options=options)], tmp_path / "merged")


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (lambda path: shard(path / "again", 1, "c"), "are both shard 1/2"),
        (lambda path: shard(path, 2, "b", "c"), "have both measured c"),
    ],
)
def test_the_same_twice_is_refused(other: Callable[[Path], RunFolder], said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        merge([shard(tmp_path, 1, "c"), other(tmp_path)], tmp_path / "merged")


def test_a_run_that_is_no_shard_is_refused(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "whole")
    folder.save_run(run_of(SCENARIO))
    with pytest.raises(UsageError, match="whole is no shard"):
        merge([folder], tmp_path / "merged")


def test_a_file_that_was_changed_leaves_its_scenario_unmeasured(tmp_path: Path) -> None:
    part = shard(tmp_path, 1, "arrow-l1-hit", "c")
    (part.path / CAPTURE).write_bytes(b"another")
    _, measurements = loaded(merge([part, shard(tmp_path, 2, "b")], tmp_path / "merged"))
    assert "was changed since it was measured" in (measurements[NAMES[0]].reason or "")
    assert measurements["c"].reason is None


def test_a_folder_that_is_in_use_is_not_written_to(tmp_path: Path) -> None:
    part = shard(tmp_path, 1, "c")
    with pytest.raises(UsageError, match="earlier run"):
        merge([part], part.path)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (Shard(3, 2, NAMES), "shard.number: 3 is not one of 1 to 2"),
        (Shard(1, 9, NAMES), "shard.count: 9 is not one of 1 to the number of scenarios, 3"),
        (Shard(1, 1, ("b",)), "scenarios.0: 'c' is none of shard.names"),
        (Shard(1, 1, ("c", "../d")), "shard.names.1: '../d' can't be the name of a scenario"),
        (Shard(1, 1, ("c", *map(str, range(10_000)))), "shard.names: there are more than 10000"),
    ],
)
def test_a_folder_whose_shard_can_not_be_is_broken(broken: Shard, said: str, tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run")
    folder.save_run(replace(run_of(SCENARIOS["c"]), shard=broken))
    with pytest.raises(UsageError, match="is broken") as raised:
        merge([folder], tmp_path / "merged")
    assert said in str(raised.value)
