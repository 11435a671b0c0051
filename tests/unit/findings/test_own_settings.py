"""What a reader is told to set."""

import pytest

from cachekit_memprobe.child.task import Need
from cachekit_memprobe.findings.own_settings import find
from tests.unit.findings.made import evidence

MIB = 1 << 20
WORDS = {
    "L1 takes frames of up to 13.1 MB, so set L1CacheConfig(max_size_mb=2401)": Need(
        "l1_size", 13_107_200, 2401 * MIB
    ),
    "L1 takes frames of up to 104.9 MB, whatever its configuration says, so set "
    "get_l1_cache(namespace).max_memory_bytes = 315621376 before the first call": Need(
        "l1_attribute", 100 * MIB, 301 * MIB
    ),
    "frames of more than 104.9 MB aren't stored, so set CACHEKIT_MAX_VALUE_SIZE=300001234": Need(
        "max_value_size", 100 * MIB, 300_001_234
    ),
    "the File backend stores frames of up to 104.9 MB, so set FileBackendConfig(max_value_mb=287)": Need(
        "file_value", 100 * MIB, 300_001_234
    ),
    "FileBackendConfig(max_value_mb=600, max_size_mb=1200)": Need("file_value", 100 * MIB, 600 * MIB),
    "MemcachedBackendConfig(max_item_size_bytes=300001234), and the server's -I": Need(
        "memcached_item", MIB, 300_001_234
    ),
    "the File backend is written to in a stream, past L1, and a second call maps the backend's file, except "
    "in an async function": Need("async", instead="map"),
    "a second call reads the backend's file as bytes, except with a backend that can't be mapped": Need(
        "backend", instead="get"
    ),
    'Arrow is compressed with zstd, so set ArrowSerializer(compression="none")': Need(
        "compression", instead="zstd"
    ),
}


@pytest.mark.parametrize("words", WORDS)
def test_each_need_has_its_setting(words: str) -> None:
    [finding] = find(evidence(needs=[WORDS[words]]))
    assert finding.message.endswith(words)


def test_all_needs_are_one_finding() -> None:
    [finding] = find(evidence(needs=list(WORDS.values())))
    assert finding.message.count(";") == len(WORDS) - 1
    assert finding.message.startswith("with its own settings, this release doesn't do this read: L1 takes")


def test_a_release_that_can_not_be_asked_is_no_release_that_needs_nothing() -> None:
    [finding] = find(evidence(needs=[Need("unknown", instead="AttributeError: x")]))
    assert finding.message == (
        "whether the release's own settings allow this read isn't known: AttributeError: x"
    )
