"""The source lines that a memray capture refers to, kept with it: the environment may be gone later."""

import linecache

_LONGEST_SOURCE = 400


def lines_in_capture(capture: str, folder: str) -> dict[str, str]:
    """The text of every line below ``folder`` that is on a stack of the capture.

    Returns:
        ``cachekit/serializers/wrapper.py:126`` to the line, stripped; other packages' lines too, by
        their path below ``folder``.
    """
    import memray
    from memray import AllocatorType

    without_stack = {AllocatorType.FREE, AllocatorType.MUNMAP, AllocatorType.PYMALLOC_FREE}
    prefix = f"{folder}/"
    seen: set[int] = set()
    places: set[tuple[str, int]] = set()
    with memray.FileReader(capture) as reader:
        for record in reader.get_allocation_records():
            if record.allocator not in without_stack and record.stack_id not in seen:
                seen.add(record.stack_id)
                places.update((file, line) for _, file, line in record.stack_trace())
    return {
        f"{file.removeprefix(prefix)}:{line}": linecache.getline(file, line).strip()[:_LONGEST_SOURCE]
        for file, line in sorted(places)
        if file.startswith(prefix)
    }
