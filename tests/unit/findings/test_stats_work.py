from dataclasses import replace

import pytest

from cachekit_memprobe.findings import findings_of, stats_work
from cachekit_memprobe.model import Payload
from tests.unit.findings.made import at, evidence, line, stage

SOURCE = 'size_bytes = len(str(cached_result[1]).encode("utf-8")) if cached_result[1] is not None else 0'
SPELLED_OUT = line("wrapper.py:732", 5.74, "unproven", source=SOURCE)


def test_a_value_that_is_written_out_to_be_measured() -> None:
    (finding,) = stats_work.find(evidence(stage("stats", SPELLED_OUT)))
    assert finding.place == at("stats", "wrapper.py:732")
    assert finding.message == (
        "stats allocates 5.74x (1.7 GB) per read at cachekit/serializers/wrapper.py:732 for its own "
        "bookkeeping, of which the caller gets nothing: str(cached_result[1]) makes text of the value"
    )


@pytest.mark.parametrize("source", ["", "digest(value)", "len(cached_result)", "log(str(key), value, size)"])
def test_other_work_is_told_by_its_line(source: str) -> None:
    (finding,) = stats_work.find(evidence(stage("stats", replace(SPELLED_OUT, source=source))))
    assert finding.message.endswith("gets nothing") == ("str(" not in source)


def test_the_same_line_in_another_stage_is_no_work_for_statistics() -> None:
    assert list(stats_work.find(evidence(stage("decode", SPELLED_OUT)))) == []


def test_what_has_nothing_to_do_with_the_value_is_left_out() -> None:
    small = replace(SPELLED_OUT, copies_bytes=700_000)
    assert list(stats_work.find(evidence(stage("stats", small)))) == []
    single_batch = Payload(7 << 20, 7 << 20)
    assert list(stats_work.find(evidence(stage("stats", small), payload=single_batch))) == []


def test_a_copy_for_statistics_is_one_finding() -> None:
    copied = line("wrapper.py:740", 1.0, "verbatim", source="size = len(bytes(value))")
    found = findings_of(evidence(stage("stats", copied)))
    assert [finding.code for finding in found if finding.place == at("stats", "wrapper.py:740")] == ["MEM010"]


def test_what_each_of_several_readers_sets_up_is_left_out() -> None:
    """MessagePack's buffer for the key: 256 KiB, whatever the value is."""
    packed = replace(SPELLED_OUT, copies_bytes=8 * (256 << 10))
    small = Payload(16 << 20, 16 << 20)
    assert list(stats_work.find(evidence(stage("stats", packed), payload=small, readers=8))) == []
    assert len(list(stats_work.find(evidence(stage("stats", packed), payload=small)))) == 1
