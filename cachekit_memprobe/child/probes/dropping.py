"""What happens when the value is dropped: a finalizer, a ``__del__`` or a weakref's callback runs then.

It lies outside of the read, and may take as much memory as one. So it has a capture of its own, of which
only the peak is kept.
"""

import contextlib
import gc
import os
from collections import Counter
from typing import Any

from cachekit_memprobe.child.probes.staged import package_folder
from cachekit_memprobe.child.seen import Made
from cachekit_memprobe.child.stages import OTHER, Place
from cachekit_memprobe.child.workload.reader import Reader

_LEAST_BYTES = 64 * 1024
"""Below this, a line isn't told."""


def drop(values: list[Any], reader: Reader, capture: str) -> tuple[Made, ...]:
    """Empty the list, which holds the last reference, and say what was allocated meanwhile.

    Args:
        capture: a file that memray writes, and that is removed again.

    Returns:
        What was allocated at the moment of the highest heap, by line, the largest first.
    """
    import memray

    try:
        destination = memray.FileDestination(capture, overwrite=True)
        with memray.Tracker(destination=destination, trace_python_allocators=False):
            values.clear()
            gc.collect()
            reader.wait()
        return _at_the_peak(capture)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(capture)


def _at_the_peak(capture: str) -> tuple[Made, ...]:
    import memray

    sizes: Counter[Place] = Counter()
    with memray.FileReader(capture) as records:
        for record in records.get_high_watermark_allocation_records(merge_threads=True):
            sizes[_place_of(record.stack_trace())] += record.size
    return tuple(Made(place, size) for place, size in sizes.most_common() if size >= _LEAST_BYTES)


def _place_of(stack: list[tuple[str, str, int]]) -> Place:
    """The innermost line of the target's; where it has none on the stack, the innermost function."""
    prefix = f"{package_folder()}/cachekit/"
    for function, file, line in stack:
        if file.startswith(prefix):
            return Place(OTHER, function, file, line)
    return Place(OTHER, stack[0][0] if stack else "")
