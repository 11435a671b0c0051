from dataclasses import replace

import pytest

from cachekit_memprobe.findings import findings_of, unnamed_copy
from cachekit_memprobe.result import Finding, SiteUsage
from tests.unit.findings.made import evidence, line, stage

SOURCE = "checked = zlib.crc32(bytes(mv[7:]))"
UNNAMED = line("wrapper.py:140", 1.0, "unproven", source=SOURCE)


def found(site: SiteUsage) -> list[Finding]:
    return list(unnamed_copy.find(evidence(stage("unwrap", site))))


def test_a_coercion_without_a_name_is_likely_a_copy() -> None:
    (finding,) = found(UNNAMED)
    assert finding.message == (
        "unwrap allocates 1.00x (300.0 MB) per read at cachekit/serializers/wrapper.py:140, and frees it "
        "before the read returns; bytes(mv[7:]) copies what it is given, and no name refers to the copy, so "
        "that it can't be compared: if that is a view, pass it on"
    )


@pytest.mark.parametrize(
    "site",
    [
        replace(UNNAMED, source="value = decoder.decode(view)"),
        replace(UNNAMED, verbatim_bytes=None),  # nobody looked
        replace(UNNAMED, survived_bytes=UNNAMED.copies_bytes),
        line("wrapper.py:140", 0.2, "unproven", source=SOURCE),
        line("wrapper.py:140", 1.0, "transformed", source=SOURCE),
    ],
    ids=["no coercion", "not examined", "kept", "small", "something else"],
)
def test_anything_else_is_not(site: SiteUsage) -> None:
    assert found(site) == []


def test_a_large_temporary_says_it_already() -> None:
    large = line("wrapper.py:140", 3.0, "unproven", source=SOURCE)
    assert [finding.code for finding in findings_of(evidence(stage("unwrap", large)))] == ["MEM007"]
