"""The source lines that observations refer to, kept with them: the environment may be gone later."""

import linecache
from collections.abc import Iterable

_LONGEST_SOURCE = 400


def lines_in_capture(capture: str, folders: Iterable[str]) -> dict[str, str]:
    """The text of every line below one of the folders that is on a stack of the capture.

    Args:
        folders: an empty one stands for none.

    Returns:
        ``cachekit/serializers/wrapper.py:126`` to the line, stripped; other packages' lines too, by
        their path below the folder.
    """
    import memray
    from memray import AllocatorType

    without_stack = {AllocatorType.FREE, AllocatorType.MUNMAP, AllocatorType.PYMALLOC_FREE}
    seen: set[int] = set()
    places: set[tuple[str, int]] = set()
    with memray.FileReader(capture) as reader:
        for record in reader.get_allocation_records():
            if record.allocator not in without_stack and record.stack_id not in seen:
                seen.add(record.stack_id)
                places.update((file, line) for _, file, line in record.stack_trace())
    found: dict[str, str] = {}
    for folder in filter(None, folders):
        found = {**lines_of(places, folder), **found}
    return found


def lines_of(places: Iterable[tuple[str, int]], folder: str) -> dict[str, str]:
    """The text of lines, by file and number, if it is below ``folder``."""
    prefix = f"{folder}/"
    return {
        f"{file.removeprefix(prefix)}:{line}": linecache.getline(file, line).strip()[:_LONGEST_SOURCE]
        for file, line in sorted(set(places))
        if file.startswith(prefix)
    }
