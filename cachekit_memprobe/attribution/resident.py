"""The reads of the process whose peak of the resident set counts."""

from cachekit_memprobe.child.seen import ReadFigures
from cachekit_memprobe.model import Measurement


def resident_of(measurement: Measurement) -> tuple[ReadFigures, ...]:
    """All of its reads, in order; none when the rss instrument wasn't run."""
    processes = [seen.reads for seen in measurement.seen.rss if seen.reads]
    return max(processes, key=lambda reads: max(read.peak_bytes for read in reads), default=())
