from dataclasses import replace

from cachekit_memprobe.findings import file_map, shared_memory
from tests.golden.reports import MAP_SITE
from tests.unit.findings.made import NOTHING, at, evidence, line, retained, size, stage

MADE = replace(line("wrapper.py:140", 1.0, "verbatim"), shared_bytes=size(1.0))
MAPPED = replace(MAP_SITE, kind="shared", mapped_bytes=0, shared_bytes=size(1.0))


def test_what_the_read_made_is_told_by_its_line() -> None:
    (finding,) = shared_memory.find(evidence(stage("unwrap", MADE), values={"rss.shared": 1.0}))
    assert finding.message == (
        "unwrap makes 1.00x (300.0 MB) per read of shared memory at cachekit/serializers/wrapper.py:140: the "
        "kernel can't drop it as it can a file's pages, so in a container it counts like heap"
    )
    assert finding.place == at("unwrap", "wrapper.py:140")


def test_what_was_there_before_is_no_file_map() -> None:
    seen = evidence(stage("backend_map", MAPPED))
    (finding,) = shared_memory.find(seen)
    assert "maps 1.00x (300.0 MB) per read of shared memory" in finding.message
    assert "that was there before, as a file in a tmpfs is" in finding.message
    assert not list(file_map.find(seen))


def test_what_each_read_leaves_is_said() -> None:
    values = {"rss.shared": 1.0, "growth.shared": 1.0}
    (finding,) = shared_memory.find(evidence(stage("unwrap", MADE), values=values))
    assert finding.message.endswith(". Each further read leaves 1.00x (300.0 MB) more of it behind")


def test_what_stays_once_is_said() -> None:
    left = replace(retained(), after=replace(NOTHING, shared_bytes=size(1.0)))
    (finding,) = shared_memory.find(evidence(stage("unwrap", MADE), retained=left))
    assert finding.message.endswith(". 1.00x (300.0 MB) of it stays after the value was dropped")


def test_what_no_line_is_known_of_is_told_by_what_is_resident() -> None:
    (finding,) = shared_memory.find(evidence(stage("unwrap"), values={"rss.shared": 0.5}))
    assert finding.message.startswith(
        "0.50x (150.0 MB) of shared memory is resident, of no line that is known: "
    )
    assert finding.place is None


def test_a_file_map_is_none() -> None:
    seen = evidence(stage("backend_map", MAP_SITE), values={"rss.file": 1.0, "rss.shared": 0.0})
    assert not list(shared_memory.find(seen))
