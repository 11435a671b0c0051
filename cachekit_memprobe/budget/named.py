"""Suspects that an instrument names by itself, where the stage table says nothing of them."""

from collections.abc import Mapping, Sequence

from cachekit_memprobe.child.seen import FirstSeen, Kept, Made
from cachekit_memprobe.child.stages import Place


def named_by(
    after: Sequence[Made],
    dropped: Sequence[Made],
    first: FirstSeen | None,
    kept: Sequence[Kept],
    peak_is_after: bool,
) -> Mapping[str, Place]:
    """By metric.

    Args:
        after: who allocated after the read had returned, the largest first.
        dropped: who did while the value was dropped.
        first: what a process kept whose first read was of the value.
        kept: what the aliasing instrument found, which comes first.
        peak_is_after: the heap was highest when the read had returned.
    """
    keepers = [entry.place for entry in first.kept if entry.place is not None] if first else []
    lines = [made.place for made in after]
    places = {
        "aftermath.copies": lines,
        "aftermath.peak": lines,
        "aftermath.drop": [made.place for made in dropped],
        "held.first": keepers,
        "rss.peak": lines if peak_is_after else [],
    }
    if not any(entry.place for entry in kept):
        places |= dict.fromkeys(("held.after", "growth.per_read", "growth.total"), keepers)
    return {metric: found[0] for metric, found in places.items() if found}
