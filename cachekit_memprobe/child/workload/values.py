"""The values that are cached: how each kind is made.

The same arguments make the same value. How large a value is, and how it is recognised again, is in
:mod:`cachekit_memprobe.child.workload.contents`.
"""

from collections.abc import Callable
from typing import Any

from cachekit_memprobe.child.workload import files

_STRING_BYTES = 24
"""The mean of 8 to 40 characters."""

_OFFSET_BYTES = 8


def _dataframe(size_bytes: int, seed: int, columns: int) -> Any:
    """Columns of float64."""
    import numpy as np
    import pandas as pd

    rows = max(1, size_bytes // (8 * columns))
    rng = np.random.default_rng(seed)
    data = {f"c{index}": rng.standard_normal(rows) for index in range(columns)}
    return pd.DataFrame(data, copy=False)


def _dataframe_strings(size_bytes: int, seed: int, columns: int) -> Any:
    """Columns of strings of 8 to 40 letters, no two alike to speak of."""
    import numpy as np

    rows = max(1, size_bytes // ((_STRING_BYTES + _OFFSET_BYTES) * columns))
    rng = np.random.default_rng(seed)
    return _from_arrow({f"s{index}": _strings(rng, rows) for index in range(columns)})


def _dataframe_mixed(size_bytes: int, seed: int, columns: int) -> Any:
    """Columns of float64 and of strings by turns."""
    import numpy as np

    row_bytes = 8 * ((columns + 1) // 2) + (_STRING_BYTES + _OFFSET_BYTES) * (columns // 2)
    rows = max(1, size_bytes // row_bytes)
    rng = np.random.default_rng(seed)
    return _from_arrow(
        {
            f"c{index}": _strings(rng, rows) if index % 2 else rng.standard_normal(rows)
            for index in range(columns)
        }
    )


def _dataframe_nullable(size_bytes: int, seed: int, columns: int) -> Any:
    """Columns of pandas' own Int64, Float64 and boolean by turns; a tenth of the values is missing."""
    import numpy as np
    import pandas as pd

    widths = [(9, 9, 2)[index % 3] for index in range(columns)]
    rows = max(1, size_bytes // sum(widths))
    rng = np.random.default_rng(seed)

    def column(index: int) -> Any:
        missing = rng.random(rows) < 0.1
        if index % 3 == 0:
            return pd.arrays.IntegerArray(rng.integers(-(2**40), 2**40, rows), missing)
        if index % 3 == 1:
            return pd.arrays.FloatingArray(rng.standard_normal(rows), missing)
        return pd.arrays.BooleanArray(rng.random(rows) < 0.5, missing)

    return pd.DataFrame({f"c{index}": column(index) for index in range(columns)}, copy=False)


def _strings(rng: Any, rows: int) -> Any:
    """An Arrow array of random lower-case strings, made without a Python object for each."""
    import numpy as np
    import pyarrow as pa

    offsets = np.zeros(rows + 1, dtype=np.int64)
    np.cumsum(rng.integers(8, 41, rows), out=offsets[1:])
    letters = rng.integers(97, 123, int(offsets[-1]), dtype=np.uint8)
    return pa.Array.from_buffers(
        pa.large_string(), rows, [None, pa.py_buffer(offsets), pa.py_buffer(letters)]
    )


def _from_arrow(columns: dict[str, Any]) -> Any:
    """A DataFrame with the string type that this pandas has by default."""
    import pyarrow as pa

    return pa.table(columns).to_pandas()


def _series(size_bytes: int, seed: int, columns: int) -> Any:
    """float64, under a name."""
    import pandas as pd

    return pd.Series(_ndarray(size_bytes, seed, columns), name="price")


def _ndarray(size_bytes: int, seed: int, columns: int) -> Any:
    """One dimension of float64."""
    import numpy as np

    return np.random.default_rng(seed).standard_normal(max(1, size_bytes // 8))


def _bytes(size_bytes: int, seed: int, columns: int) -> Any:
    """Incompressible."""
    import numpy as np

    return np.random.default_rng(seed).bytes(size_bytes)


def _text(size_bytes: int, seed: int, columns: int) -> Any:
    """ASCII letters and digits, so that a byte is a character and JSON escapes nothing."""
    import base64

    raw = _bytes(size_bytes * 3 // 4 + 3, seed, columns)
    return base64.b64encode(raw, altchars=b"ab")[:size_bytes].decode("ascii")


def _nested(size_bytes: int, seed: int, columns: int) -> Any:
    """A page of records, as an API answers: dicts and lists of ints, floats and strings."""
    import random

    rng = random.Random(seed)
    record_bytes = _RECORD_BYTES
    records = [_record(rng, number) for number in range(max(1, size_bytes // record_bytes))]
    return {"page": 1, "records": records}


def _record(rng: Any, number: int) -> dict[str, Any]:
    return {
        "id": number,
        "name": f"{rng.getrandbits(96):024x}",
        "price": rng.random(),
        "tags": [f"{rng.getrandbits(32):08x}" for _ in range(4)],
        "history": [rng.random() for _ in range(8)],
        "seller": {"id": rng.getrandbits(32), "city": f"{rng.getrandbits(64):016x}", "score": rng.random()},
    }


_RECORD_BYTES = 8 * (1 + 1 + 8 + 2) + 24 + 4 * 8 + 16 + len("idnamepricetagshistoryselleridcityscore")
"""A record's numbers, at 8 bytes each, and the characters of its strings and keys."""


MAKERS: dict[str, Callable[[int, int, int], Any]] = {
    "dataframe": _dataframe,
    "dataframe-strings": _dataframe_strings,
    "dataframe-mixed": _dataframe_mixed,
    "dataframe-nullable": _dataframe_nullable,
    "series": _series,
    "ndarray": _ndarray,
    "bytes": _bytes,
    "text": _text,
    "nested": _nested,
}


def make(kind: str, *, size_bytes: int, seed: int, columns: int, file: str = "", share: float = 1.0) -> Any:
    """Make a value of about ``size_bytes``; the same arguments make the same value."""
    if kind == "file":
        return files.make(file, size_bytes, share)
    return MAKERS[kind](size_bytes, seed, columns)
