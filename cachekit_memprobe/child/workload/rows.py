"""Rows of the user's own data: more of them, or fewer.

The rows of a table are its rows, of an array what its first axis counts, of JSON the items of a list: of the
list itself, or of the longest one in an object.
"""

from typing import Any

from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.workload import contents


def rows_of(value: Any) -> int | None:
    """How many there are; ``None`` for a value that has none, such as a number or a text."""
    kind = contents.form(value)
    if kind in (contents.TABLE, contents.SERIES):
        return len(value)
    if kind == contents.ARRAY:
        return len(value) if value.ndim else None
    if isinstance(value, dict):
        key = _longest_list(value)
        return None if key is None else len(value[key])
    return len(value) if isinstance(value, list) else None


def scaled(value: Any, share: float, name: str) -> Any:
    """A share of the rows, from the first on; above 1 they come again, with an index that goes on.

    Args:
        name: of the file, for the message.

    Raises:
        CouldNotMeasure: the value has no rows.
    """
    return value if share == 1 else _with_rows(value, _count(value, share, name))


def scaled_bytes(value: Any, share: float, name: str) -> int:
    """At least the logical size of what :func:`scaled` makes, without making more than the value is.

    Raises:
        CouldNotMeasure: the value has no rows.
    """
    if share == 1:
        return contents.logical_bytes(value)
    count, rows = _count(value, share, name), rows_of(value) or 1
    whole, rest = divmod(count, rows)
    size_bytes = whole * contents.logical_bytes(value) if whole else 0
    return size_bytes + (contents.logical_bytes(_with_rows(value, rest)) if rest else 0)


def _count(value: Any, share: float, name: str) -> int:
    rows = rows_of(value)
    if not rows:
        raise CouldNotMeasure(
            f"{name}: expected a value with rows, of which --size takes a percentage: a table, an array, or "
            "JSON with a list; leave out --size"
        )
    return max(1, round(rows * share))


def _with_rows(value: Any, count: int) -> Any:
    kind = contents.form(value)
    if kind in (contents.TABLE, contents.SERIES):
        return value.iloc[:count] if count <= len(value) else _repeated(value, count)
    if kind == contents.ARRAY:
        import numpy as np

        return value[:count].copy() if count <= len(value) else np.resize(value, (count, *value.shape[1:]))
    if isinstance(value, dict):
        key = _longest_list(value)
        return {**value, key: _with_rows(value[key], count)}
    return (value * -(-count // len(value)))[:count]


def _longest_list(value: dict[Any, Any]) -> Any:
    lists = [key for key, part in value.items() if isinstance(part, list) and part]
    return max(lists, key=lambda key: len(value[key]), default=None)


def _repeated(table: Any, count: int) -> Any:
    import pandas as pd

    whole, rest = divmod(count, len(table))
    repeated = pd.concat([*[table] * whole, *([table.iloc[:rest]] if rest else [])])
    repeated.index = _continued(table.index, count)
    return repeated


def _continued(index: Any, count: int) -> Any:
    """An index of so many rows: of numbers and times it goes on, others come again."""
    import pandas as pd

    if isinstance(index, pd.RangeIndex):
        stop = index.start + count * index.step
        return pd.RangeIndex(index.start, stop, index.step, name=index.name)
    again = index.take([number % len(index) for number in range(count)])
    if index.nlevels > 1 or index.dtype.kind not in "iufmM" or not index.is_unique or len(index) < 2:
        return again
    try:
        span = index.max() - index.min()
        step = span // (len(index) - 1) or 1 if index.dtype.kind in "iu" else span / (len(index) - 1)
        parts = [index + (span + step) * time for time in range(-(-count // len(index)))]
        longer = parts[0].append(parts[1:])[:count]
    except (ArithmeticError, TypeError, ValueError):  # It would leave what its type can hold.
        return again
    goes_on = longer.dtype == index.dtype and (longer[len(index) :] > index.max()).all()
    return longer if goes_on else again
