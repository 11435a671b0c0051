from dataclasses import replace

import pytest

from cachekit_memprobe.attribution import footprint_of
from cachekit_memprobe.child.seen import ReadFigures, RssSeen
from cachekit_memprobe.model import Measurement, Observations, Payload
from cachekit_memprobe.result import Footprint
from tests.golden.reports import SCENARIO

MIB = 1 << 20
FIRST = ReadFigures(
    peak_bytes=70 * MIB,
    anon_bytes=64 * MIB,
    file_bytes=6 * MIB,
    samples=9,
    baseline_bytes=150 * MIB,
    settled_bytes=5 * MIB,
    settled_anon_bytes=1 * MIB,
    settled_file_bytes=4 * MIB,
    baseline_anon_bytes=90 * MIB,
)
SECOND = replace(
    FIRST, baseline_bytes=155 * MIB, baseline_anon_bytes=91 * MIB, peak_bytes=65 * MIB, file_bytes=0
)


def of(*processes: tuple[ReadFigures, ...]) -> Footprint | None:
    seen = tuple(RssSeen("0.24.1", reads=reads) for reads in processes)
    return footprint_of(Measurement(SCENARIO, Payload(MIB, MIB), Observations(rss=seen)))


def test_of_a_process_its_own_pages_and_those_of_files_are_told_apart() -> None:
    assert of((FIRST, SECOND)) == Footprint(
        resting_bytes=91 * MIB,
        # At the second read: 91 MiB before it, and 64 more.
        reading_bytes=155 * MIB,
        resting_shared_bytes=64 * MIB,
        reading_shared_bytes=66 * MIB,
    )


def test_a_peak_that_the_sampler_missed_is_the_process_s_own() -> None:
    found = of((replace(FIRST, anon_bytes=0),))
    assert found is not None
    assert found.reading_bytes == (150 + 70 - 66) * MIB


def test_of_repeated_processes_the_largest_counts() -> None:
    larger = replace(FIRST, baseline_bytes=160 * MIB, baseline_anon_bytes=100 * MIB)
    assert of((FIRST,), (larger,)) == of((larger,)) == of((larger,), (FIRST,))


def test_what_was_saved_before_its_parts_were_looked_at_has_none() -> None:
    assert of((FIRST, replace(SECOND, baseline_anon_bytes=None))) is None
    assert of() is None
    assert of(()) is None


@pytest.mark.parametrize(("workers", "resting", "reading"), [(1, 155, 221), (50, 4614, 7816)])
def test_workers_share_the_pages_of_files_only(workers: int, resting: int, reading: int) -> None:
    found = of((FIRST, SECOND))
    assert found is not None
    assert (found.resting_of(workers), found.reading_of(workers)) == (resting * MIB, reading * MIB)
