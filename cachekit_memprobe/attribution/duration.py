"""How long a read takes, as far as it can be seen from outside."""

from statistics import median

from cachekit_memprobe.model import Measurement


def read_us_of(measurement: Measurement) -> int | None:
    """Microseconds, the median of all reads whose resident set was sampled; ``None`` if none was.

    The samples begin and end with a read, half a millisecond apart, and the machine does other things: it is
    a guide.
    """
    found = [
        read.course[-1].elapsed_us for seen in measurement.seen.rss for read in seen.reads if read.course
    ]
    return round(median(found)) if found else None
