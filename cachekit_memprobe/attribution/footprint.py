"""What one process takes that reads a value: its own pages, and those that others share."""

from collections.abc import Sequence

from cachekit_memprobe.child.seen import ReadFigures
from cachekit_memprobe.model import Measurement
from cachekit_memprobe.result import Footprint


def footprint_of(measurement: Measurement) -> Footprint | None:
    """Of the largest of the rss processes; ``None`` if there was none that was looked at in parts."""
    found = [_of_process(seen.reads) for seen in measurement.seen.rss if seen.reads]
    known = [footprint for footprint in found if footprint is not None]
    return max(known, key=lambda footprint: footprint.reading_of(1), default=None)


def _of_process(reads: Sequence[ReadFigures]) -> Footprint | None:
    parts = [(read, read.baseline_anon_bytes) for read in reads if read.baseline_anon_bytes is not None]
    if len(parts) < len(reads):
        return None
    first, first_anon_bytes = parts[0]
    first_shared_bytes = first.baseline_bytes - first_anon_bytes
    shared_bytes = max(read.baseline_bytes - anon_bytes + read.file_bytes for read, anon_bytes in parts)
    sampled_bytes = max(anon_bytes + read.anon_bytes for read, anon_bytes in parts)
    # A sample may miss the peak, which VmHWM doesn't.
    exact_bytes = max(read.baseline_bytes + read.peak_bytes for read in reads) - shared_bytes
    return Footprint(
        resting_bytes=first_anon_bytes + max(read.settled_anon_bytes for read in reads),
        reading_bytes=max(sampled_bytes, exact_bytes),
        resting_shared_bytes=first_shared_bytes + max(read.settled_file_bytes for read in reads),
        reading_shared_bytes=shared_bytes,
    )
