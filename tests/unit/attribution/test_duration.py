import pytest

from cachekit_memprobe.attribution import read_us_of
from cachekit_memprobe.child.seen import ReadFigures, RssSample, RssSeen
from cachekit_memprobe.model import Measurement, Observations, Payload
from tests.golden.reports import SCENARIO

MIB = 1 << 20


def read(*sampled_us: int) -> ReadFigures:
    course = tuple(RssSample(elapsed_us, 0, 0, 0) for elapsed_us in sampled_us)
    return ReadFigures(0, 0, 0, len(course), MIB, 0, 0, 0, course=course)


@pytest.mark.parametrize(
    ("processes", "elapsed_us"),
    [
        ([], None),
        ([()], None),
        ([(read(),)], None),  # saved before there were samples
        ([(read(0, 500, 4200), read(0, 3000), read(0, 90_000))], 4200),
        ([(read(0, 1000),), (read(), read(0, 2001))], 1500),
    ],
)
def test_it_is_the_median_of_all_reads_that_were_sampled(
    processes: list[tuple[ReadFigures, ...]], elapsed_us: int | None
) -> None:
    seen = tuple(RssSeen("0.24.1", reads=reads) for reads in processes)
    assert read_us_of(Measurement(SCENARIO, Payload(MIB, MIB), Observations(rss=seen))) == elapsed_us
