"""Whether there is room for a scenario, by the figures of the benchmark."""

import pytest

from cachekit_memprobe.disks import disk_needed
from cachekit_memprobe.doctor import room
from cachekit_memprobe.doctor.check import Subject
from cachekit_memprobe.doctor.room import Room, lacking_room, memory_needed
from cachekit_memprobe.model import Scenario
from cachekit_memprobe.scenario import bundled_names, load_bundled, with_overrides
from tests.golden.reports import TARGET

MIB = 1 << 20
PLENTY = 1 << 50


def sized(name: str, mib: int = 64) -> Scenario:
    return with_overrides(load_bundled(name), size_bytes=mib * MIB)


ALL = tuple(sized(name) for name in bundled_names())


@pytest.mark.parametrize(
    ("name", "mib", "jobs", "measured_mib"),
    [
        ("arrow-l1-hit", 24, 1, 294),
        ("arrow-l1-hit", 64, 1, 418),
        ("arrow-l1-hit", 64, 2, 511),
        ("arrow-file-get-8-keys", 24, 1, 469),
        ("arrow-file-get-encrypted", 24, 1, 270),
        ("arrow-l1-hit-8-readers", 24, 1, 449),
        ("auto-series-l1-hit", 24, 1, 372),
        ("bytes-file-get", 24, 1, 256),
        ("default-nested-l1-hit", 24, 1, 667),
        ("json-l1-hit", 24, 1, 312),
        ("orjson-nested-l1-hit", 24, 1, 853),
        ("orjson-nested-l1-hit", 64, 1, 2329),
        ("redis-l2-hit-bytes", 24, 1, 342),
        ("redis-l2-hit-encrypted", 24, 1, 344),
        ("redis-l2-hit-encrypted", 64, 2, 903),
    ],
)
def test_as_much_is_asked_for_as_was_measured_and_not_twice(
    name: str, mib: int, jobs: int, measured_mib: int
) -> None:
    assert measured_mib <= memory_needed(sized(name, mib), jobs) / MIB < 2 * measured_mib


def test_more_readers_values_and_processes_take_more() -> None:
    one, eight = memory_needed(sized("arrow-l1-hit")), memory_needed(sized("arrow-l1-hit-8-readers"))
    assert eight > 2 * one
    assert (
        memory_needed(sized("arrow-l1-hit"), release="0.8.0")
        > one
        == memory_needed(sized("arrow-l1-hit"), release="0.24.1")
    )
    assert memory_needed(sized("arrow-l1-hit"), 4) > one > memory_needed(sized("arrow-l1-hit"), 1)


@pytest.mark.parametrize("name", ["arrow-l1-hit", "orjson-nested-l1-hit", "arrow-file-get-8-keys"])
def test_what_does_not_fit_is_told_with_the_remedy(name: str) -> None:
    scenario = sized(name)
    enough = Room(memory_needed(scenario, 2), disk_needed(scenario))
    assert lacking_room(scenario, 2, enough) is None
    assert lacking_room(scenario, 2, Room(enough.memory_bytes, None)) is None
    memory = lacking_room(scenario, 2, Room(enough.memory_bytes - 1, PLENTY))
    assert memory is not None
    assert "of memory" in memory
    assert memory.endswith("use a smaller --size, or --jobs 1")
    disk = lacking_room(scenario, 2, Room(PLENTY, disk_needed(scenario) - 1))
    assert disk is not None
    assert "TMPDIR" in disk


@pytest.mark.parametrize(("free_mib", "status"), [(100_000, "ok"), (1000, "limited"), (200, "missing")])
def test_doctor_promises_what_a_run_asks_for(
    free_mib: int, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_free_memory_bytes", lambda: free_mib * MIB)
    check = room.free_memory(Subject(TARGET.python, {}, 64 * MIB, ALL))
    assert check.status == status
    here = Room(free_mib * MIB, None)
    refused = [scenario.name for scenario in ALL if lacking_room(scenario, 2, here)]
    assert bool(refused) == (status != "ok") == bool(check.remedy)
    if refused:
        assert f"too little for {len(refused)} of {len(ALL)} scenarios" in check.detail
