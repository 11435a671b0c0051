"""A small value of the same form as the user's own, for the reads before any measurement."""

from typing import Any

from cachekit_memprobe.child.workload.contents import ARRAY, OBJECTS, form, logical_bytes

_SMALL_BYTES = 1 << 18
_WORTH_IT = 4
"""Times that: a value below has no small one."""

_CONTAINERS = (list, tuple, dict)


def smaller(value: Any) -> Any:
    """The first rows, items or bytes of a value; ``None`` where that would not be a good deal less."""
    whole_bytes = logical_bytes(value)
    if whole_bytes < _WORTH_IT * _SMALL_BYTES:
        return None
    part = _part(value, _SMALL_BYTES / whole_bytes)
    return part if logical_bytes(part) <= whole_bytes / _WORTH_IT else None


def _part(value: Any, share: float) -> Any:
    kind = form(value)
    if kind == OBJECTS:
        return _part_of_objects(value, share)
    if kind == ARRAY and not value.ndim:
        return value
    count = max(1, int(len(value) * share))
    if hasattr(value, "iloc"):
        return value.iloc[:count]
    return value[:count] if kind == ARRAY else value.slice(0, count)


def _part_of_objects(value: Any, share: float) -> Any:
    """Of a few large items a part of each, of many small ones the first."""
    if isinstance(value, (str, bytes, bytearray)):
        return value[: max(1, int(len(value) * share))]
    if not isinstance(value, _CONTAINERS):
        return value
    count = int(len(value) * share)
    if isinstance(value, dict):
        items = list(value.items())
        return dict(items[:count]) if count else {key: _part(one, share) for key, one in items}
    return value[:count] if count else type(value)(_part(one, share) for one in value)
