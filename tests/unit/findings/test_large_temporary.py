from dataclasses import replace

import pytest

from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.findings import large_temporary
from cachekit_memprobe.model import Payload
from cachekit_memprobe.result import Finding
from tests.unit.findings.made import LOGICAL_BYTES, at, evidence, line, size, stage

SCRATCH = line("orjson_serializer.py:204", 13.0, "mixed", verbatim=1.0, survived=1.0)


def found(*stages: object, **more: object) -> list[Finding]:
    return list(large_temporary.find(evidence(*stages, **more)))  # type: ignore[arg-type]


def test_scratch_that_is_never_touched_is_said_not_to_be_resident() -> None:
    (finding,) = found(stage("decode", SCRATCH), values={"peak.heap": 15.0, "rss.peak": 4.0})
    assert finding.place == at("decode", "orjson_serializer.py:204")
    assert finding.message == (
        "decode allocates 12.00x (3.6 GB) at cachekit/serializers/orjson_serializer.py:204, more than "
        "the value "
        "itself, and frees it before the read returns; most of these pages are never touched: the heap peaks "
        "at 15.00x (4.5 GB), RSS only at 4.00x (1.2 GB)"
    )


@pytest.mark.parametrize("values", [{}, {"peak.heap": 6.74, "rss.peak": 6.74}, {"peak.heap": 15.0}])
def test_what_is_resident_or_not_known_to_be_is_said_without_that(values: dict[str, float]) -> None:
    (finding,) = found(stage("decode", SCRATCH), values=values)
    assert finding.message.endswith("and frees it before the read returns")


def test_one_whole_intermediate_form_is_what_a_stage_may_need() -> None:
    assert found(stage("decompress", line("standard_serializer.py:374", 1.4))) == []


def test_what_the_result_keeps_is_no_temporary() -> None:
    assert found(stage("decode", line("base.py:493", 3.0, survived=3.0))) == []


def test_a_frame_larger_than_the_value_is_the_measure() -> None:
    large_frame = Payload(LOGICAL_BYTES, round(1.51 * LOGICAL_BYTES))
    read = line("backend.py:134", 1.51, "received")
    assert found(stage("backend_get", read), payload=large_frame) == []
    assert len(found(stage("decompress", line("standard_serializer.py:334", 4.0)), payload=large_frame)) == 1


def test_lines_that_are_large_together_are_one_finding_without_a_line() -> None:
    (finding,) = found(stage("unwrap", line("wrapper.py:80", 1.0), line("wrapper.py:83", 1.0)))
    assert finding.place == Place("unwrap")
    assert finding.message.startswith("unwrap allocates 2.00x (600.0 MB) on several lines, more than")


def test_copies_and_what_was_received_are_told_elsewhere() -> None:
    received, copied = line("backend.py:134", 1.0, "received"), line("backend.py:167", 1.0, "verbatim")
    assert found(stage("backend_get", received, copied)) == []


def test_a_line_without_a_file_is_told_by_its_function() -> None:
    native = replace(line("x.py:1", 2.0), place=Place("", "zstd_decompress"))
    (finding,) = found(stage("decompress", native))
    assert finding.place == Place("decompress", "zstd_decompress")
    assert " in zstd_decompress, more than" in finding.message


def test_the_decorators_own_work_is_another_rules() -> None:
    assert found(stage("stats", line("wrapper.py:732", 5.74))) == []


def test_a_small_value_does_not_make_a_small_allocation_large() -> None:
    tiny = Payload(10_000, 10_100)
    grown = replace(line("base.py:493", 0.0), copies_bytes=60_000)
    assert found(stage("decode", grown), payload=tiny) == []
    assert size(1) > 60_000


def test_several_readers_may_have_an_intermediate_form_each() -> None:
    read = line("backend.py:104", 8.0, "received")
    assert found(stage("backend_get", read), readers=8) == []
    assert len(found(stage("backend_get", read), readers=5)) == 1


def test_a_coercion_in_the_middle_of_a_call_is_named_as_what_it_may_be() -> None:
    source = "decrypted_data = self.encryptor.decrypt_with_keys(bytes(data), aad, self.tenant_keys)"
    (finding,) = found(stage("decrypt", line("encryption_wrapper.py:679", 3.0, source=source)))
    assert finding.message.endswith(
        "before the read returns; if bytes(data) is given a view, the copy that it makes is part of that"
    )


def test_pages_that_another_line_leaves_untouched_are_not_this_lines() -> None:
    values = {"peak.heap": 7.52, "rss.peak": 6.74}
    resident = line("encryption_wrapper.py:332", 3.0)
    (finding,) = found(stage("decrypt", resident), values=values)
    assert "resident" not in finding.message
    (finding,) = found(stage("decode", line("a.py:1", 12.0, live=0.0)), values={**values, "peak.heap": 15.0})
    assert "resident" not in finding.message
