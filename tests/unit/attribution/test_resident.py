from dataclasses import replace

from cachekit_memprobe.attribution import resident_of
from cachekit_memprobe.child.seen import RssSeen
from cachekit_memprobe.model import Measurement, Observations
from tests.golden.pictures import read_of
from tests.golden.reports import PAYLOAD, SCENARIO


def measured(*processes: RssSeen) -> Measurement:
    return Measurement(SCENARIO, PAYLOAD, Observations(rss=processes))


def test_of_repeated_processes_it_is_the_one_whose_peak_counts() -> None:
    low = RssSeen("0.9.1", reads=(read_of(0), read_of(1)))
    high = RssSeen("0.9.1", reads=(read_of(0), replace(read_of(1), peak_bytes=low.reads[0].peak_bytes + 1)))
    assert resident_of(measured(low, high, low)) == high.reads


def test_without_the_instrument_there_are_no_reads() -> None:
    assert resident_of(measured()) == ()
    assert resident_of(measured(RssSeen("0.9.1"))) == ()
