from cachekit_memprobe.findings import reads_differ
from cachekit_memprobe.result import Finding, StageUsage
from tests.unit.findings.made import evidence, line, stage


def found(*reads: StageUsage) -> list[Finding]:
    return list(reads_differ.find(evidence(each_read=[[one] for one in reads])))


def unwrap(payloads: float) -> StageUsage:
    return stage("unwrap", line("wrapper.py:140", payloads, "verbatim"))


def test_a_copy_that_begins_with_the_second_read() -> None:
    (finding,) = found(stage("unwrap"), unwrap(1.0))
    assert finding.message == (
        "from the second read on, unwrap copies 1.00x (300.0 MB) per read at "
        "cachekit/serializers/wrapper.py:140, and nothing in the first read: what is read only once looks "
        "cheaper than it is"
    )


def test_what_only_the_first_read_takes() -> None:
    (finding,) = found(unwrap(2.0), unwrap(1.0))
    assert finding.message == (
        "only in the first read, unwrap copies 2.00x (600.0 MB) at cachekit/serializers/wrapper.py:140; it "
        "is 1.00x (300.0 MB) in the second"
    )


def test_what_is_nearly_the_same_is_not_told() -> None:
    assert found(unwrap(1.0), unwrap(1.2)) == []
    assert found(unwrap(1.0)) == []


def test_what_moves_from_one_line_to_another_of_its_stage_is_not_told() -> None:
    here, there = line("wrapper.py:140", 1.0, "verbatim"), line("wrapper.py:150", 1.0, "verbatim")
    assert found(stage("unwrap", here), stage("unwrap", there)) == []
