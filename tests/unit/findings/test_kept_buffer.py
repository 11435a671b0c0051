from dataclasses import replace

import pytest

from cachekit_memprobe.child.seen import Kept
from cachekit_memprobe.findings import Evidence, kept_buffer, kept_pages
from cachekit_memprobe.model import Payload
from cachekit_memprobe.result import StageUsage
from tests.unit.findings.made import at, evidence, line, stage

VALUES = {"held.after": 0.0, "copies.total": 3.0, "growth.per_read": 0.0}


def received(held: float) -> StageUsage:
    return stage("backend_get", line("x.py:9", 2.0, "received", survived=held), line("y.py:1", 0.1))


def read_of(held: float, backend: str = "redis", settled: float = 1.01) -> Evidence:
    values = {**VALUES, "rss.settled": settled}
    return evidence(received(held), values=values, backend=backend, tier="l2")


def test_a_buffer_that_outlives_the_value_is_the_connections() -> None:
    seen = read_of(1.01)
    (finding,) = kept_buffer.find(seen)
    assert (finding.code, finding.place) == ("MEM014", at("backend_get", "x.py:9"))
    assert finding.message == (
        "the connection keeps the buffer that it received into, 1.01x (303.0 MB) that backend_get "
        "allocated at "
        "cachekit/serializers/x.py:9, even after the value was dropped; the next receive frees it"
    )
    assert list(kept_pages.find(seen)) == []


@pytest.mark.parametrize(("held", "findings"), [(0.09, 0), (0.2, 1)])
def test_an_arena_is_no_buffer(held: float, findings: int) -> None:
    small = replace(read_of(held, backend="cachekitio"), payload=Payload(16 << 20, 16 << 20))
    sites = [replace(site, survived_bytes=round(held * (16 << 20))) for site in received(held).sites]
    seen = replace(small, stages=(replace(received(held), sites=tuple(sites)),))
    assert len(list(kept_buffer.find(seen))) == findings


def test_what_a_backfill_puts_into_l1_is_no_leak_that_hides_the_buffer() -> None:
    in_l1 = Kept("cachekit.l1_cache._manager", 300_000_000)
    seen = read_of(2.01, settled=2.01)
    read = replace(seen.scenario.read, backfill=True)
    seen = replace(seen, kept=[in_l1], scenario=replace(seen.scenario, read=read))
    (finding,) = kept_buffer.find(seen)
    assert finding.message.startswith("the connection keeps the buffer that it received into, 1.01x")
    assert list(kept_pages.find(seen)) == []


def test_without_memray_nobody_can_tell_the_connection_from_the_allocator() -> None:
    seen = evidence(values={"held.after": 0.0, "rss.settled": 1.01}, backend="redis", tier="l2")
    assert list(kept_pages.find(seen)) == []
    seen = evidence(values={"held.after": 0.0, "rss.settled": 1.01}, backend="file", tier="l2")
    assert len(list(kept_pages.find(seen))) == 1


def test_what_only_the_value_needed_is_none() -> None:
    assert list(kept_buffer.find(read_of(1.01, settled=0.0))) == []


@pytest.mark.parametrize("seen", [read_of(0.0), read_of(1.0, backend="file")])
def test_pages_that_nobody_holds_are_the_allocators(seen: Evidence) -> None:
    assert list(kept_buffer.find(seen)) == []
    assert len(list(kept_pages.find(seen))) == 1


def test_what_was_put_into_l1_is_not_the_connections() -> None:
    seen = read_of(2.02, settled=2.02)
    read = replace(seen.scenario.read, backfill=True)
    seen = replace(seen, scenario=replace(seen.scenario, read=read))
    (finding,) = kept_buffer.find(seen)
    assert finding.message.startswith("the connection keeps the buffer that it received into, 1.02x")
    assert list(kept_pages.find(seen)) == []


def test_without_the_resident_set_nothing_is_said() -> None:
    seen = replace(read_of(1.01), values={"held.after": 0.0})
    assert list(kept_buffer.find(seen)) == []
