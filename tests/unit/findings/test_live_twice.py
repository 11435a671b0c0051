from dataclasses import replace
from typing import Any

import pytest

from cachekit_memprobe.child.seen import Origin
from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.findings import live_twice
from cachekit_memprobe.result import Finding
from tests.unit.findings.made import FRAME, at, block, evidence, line, made_of, stage

FIRST = line("auto_serializer.py:813", 1.0, "verbatim")
SECOND = line("auto_serializer.py:1086", 1.0, "verbatim", survived=1.0)
BLOCKS = (
    block("decode", "auto_serializer.py:813", "verbatim", of=FRAME),
    block("decode", "auto_serializer.py:1086", "verbatim", of=FRAME),
)


def found(*stages: Any, **more: Any) -> list[Finding]:
    return list(live_twice.find(evidence(*stages, **more)))


def test_two_copies_of_the_frame() -> None:
    (finding,) = found(stage("decode", SECOND, FIRST), blocks=BLOCKS)
    assert finding.place == Place("decode")
    assert finding.message == (
        "2.00x (600.0 MB) of the heap's peak is the same bytes 2 times: "
        "1.00x of decode from cachekit/serializers/auto_serializer.py:813, "
        "1.00x of decode from cachekit/serializers/auto_serializer.py:1086"
    )


def test_what_was_received_and_its_copy() -> None:
    received = line("backend.py:104", 1.0, "received")
    blocks = (
        block("backend_get", "backend.py:104", "received"),
        block("decode", "auto_serializer.py:813", "verbatim", of=made_of(1.0)),
    )
    (finding,) = found(stage("backend_get", received), stage("decode", FIRST), blocks=blocks)
    assert "1.00x of backend_get from cachekit/serializers/backend.py:104, 1.00x of decode" in finding.message


def test_a_line_of_a_statement_that_has_several() -> None:
    shifted = [
        replace(BLOCKS[0], place=at("decode", "auto_serializer.py:812"), statement=(811, 814)),
        BLOCKS[1],
    ]
    assert len(found(stage("decode", SECOND, FIRST), blocks=shifted)) == 1


def test_a_copy_of_what_was_there_before_the_read_is_one() -> None:
    assert found(stage("decode", FIRST), blocks=BLOCKS[:1]) == []


def test_copies_that_do_not_live_at_the_same_time() -> None:
    dropped = line("auto_serializer.py:813", 1.0, "verbatim", live=0.0)
    assert found(stage("decode", SECOND, dropped), blocks=BLOCKS) == []


def test_two_halves_are_one_whole() -> None:
    halves = [line(f"auto_serializer.py:{number}", 0.5, "verbatim") for number in (813, 1086)]
    blocks = [
        block("decode", f"auto_serializer.py:{number}", "verbatim", 0.5, of=FRAME) for number in (813, 1086)
    ]
    assert found(stage("decode", *halves), blocks=blocks) == []


def test_copies_of_different_originals() -> None:
    blocks = (BLOCKS[0], replace(BLOCKS[1], origin=Origin("made", 12345, "bytearray")))
    assert found(stage("decode", SECOND, FIRST), blocks=blocks) == []


def test_new_memory_of_one_size_is_not_one_original() -> None:
    """A table's columns are all of one size, decompressed and as pandas has them."""
    columns = [block("decompress", "arrow.py:481", "transformed", 0.125) for _ in range(8)]
    columns += [block("materialize", "arrow.py:496", "transformed", 0.125) for _ in range(8)]
    stages = (stage("decompress", line("arrow.py:481", 1.0)), stage("materialize", line("arrow.py:496", 1.0)))
    assert found(*stages, blocks=columns) == []


def test_a_line_that_copies_many_things_of_one_size_has_not_copied_one_thing_often() -> None:
    blocks = [
        block("decode", f"auto_serializer.py:{number}", "verbatim", 0.125, of=made_of(0.125))
        for number in (813, 1086)
        for _ in range(8)
    ]
    assert found(stage("decode", SECOND, FIRST), blocks=blocks) == []


@pytest.mark.parametrize(("live", "count"), [(3.0, 1), (2.0, 0)])
def test_of_a_line_that_allocates_more_only_what_is_surely_the_copy_counts(live: float, count: int) -> None:
    mixed = line("auto_serializer.py:813", 3.0, "mixed", verbatim=1.0, live=live)
    assert len(found(stage("decode", SECOND, mixed), blocks=BLOCKS)) == count


def test_several_readers_may_have_a_copy_each() -> None:
    assert found(stage("decode", SECOND, FIRST), blocks=BLOCKS, readers=8) == []


def test_without_the_aliasing_instrument_nothing_is_known() -> None:
    assert found(stage("decode", SECOND, FIRST)) == []
