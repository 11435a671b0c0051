"""The source lines that a memray capture refers to, kept with it: the environment may be gone later."""

import linecache
from pathlib import Path

import memray
from memray import AllocatorType

from cachekit_memprobe.errors import CouldNotMeasure

_LONGEST_SOURCE = 400
_FREES = frozenset({AllocatorType.FREE, AllocatorType.MUNMAP, AllocatorType.PYMALLOC_FREE})
"""Records without a stack."""


def lines_in_capture(capture: Path, folder: Path) -> dict[str, str]:
    """The text of every line below ``folder`` that is on a stack of the capture.

    Returns:
        ``cachekit/serializers/wrapper.py:126`` to the line, stripped; other packages' lines too, by
        their path below ``folder``.

    Raises:
        CouldNotMeasure: the capture can't be read.
    """
    prefix = f"{folder}/"
    places: set[tuple[str, int]] = set()
    try:
        with memray.FileReader(capture) as reader:
            for record in reader.get_allocation_records():
                if record.allocator not in _FREES:
                    places.update((file, line) for _, file, line in record.stack_trace())
    except (OSError, ValueError, RuntimeError) as error:
        raise CouldNotMeasure(f"memray's capture can't be read: {error}") from error
    return {
        f"{file.removeprefix(prefix)}:{line}": linecache.getline(file, line).strip()[:_LONGEST_SOURCE]
        for file, line in sorted(places)
        if file.startswith(prefix)
    }
