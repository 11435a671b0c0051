"""What happened while a scenario was measured, and what was done about it."""

from collections.abc import Iterator

from cachekit_memprobe.model import Observations
from cachekit_memprobe.units import format_bytes


def notes_of(seen: Observations) -> tuple[str, ...]:
    """Each a sentence without a full stop."""
    return tuple(_notes(seen))


def _notes(seen: Observations) -> Iterator[str]:
    repeated = sum(process.repeated for process in seen.rss)
    if repeated:
        processes = "a process was" if repeated == 1 else f"{repeated} processes were"
        size = format_bytes(max(process.taken_bytes for process in seen.rss))
        yield (
            f"{processes} measured again by rss: the kernel had taken pages of it away meanwhile, {size} at "
            "most, so that its peak would have been too low by as much"
        )
