"""The values that are cached: how each kind is made, how large it is, how it is recognised again.

Importable by the measured child process: standard library only at import time.
"""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

_CHUNK = 1 << 20


def _dataframe(size_bytes: int, seed: int, columns: int) -> Any:
    import numpy as np
    import pandas as pd

    rows = max(1, size_bytes // (8 * columns))
    rng = np.random.default_rng(seed)
    return pd.DataFrame({f"c{index}": rng.standard_normal(rows) for index in range(columns)})


def _ndarray(size_bytes: int, seed: int, columns: int) -> Any:
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


MAKERS: dict[str, Callable[[int, int, int], Any]] = {
    "dataframe": _dataframe,
    "ndarray": _ndarray,
    "bytes": _bytes,
    "text": _text,
}


def make(kind: str, *, size_bytes: int, seed: int, columns: int) -> Any:
    """Make a value of about ``size_bytes``; the same arguments make the same value."""
    return MAKERS[kind](size_bytes, seed, columns)


def logical_bytes(value: Any) -> int:
    """The size of the data in a value, without its containers."""
    if isinstance(value, (bytes, str)):
        return len(value)
    if hasattr(value, "columns"):
        return int(sum(value[name].nbytes for name in value.columns))
    return int(value.nbytes)


def digest(value: Any) -> str:
    """A digest of type, labels and content, made without a second copy of the payload."""
    state = _hasher()
    for part in _parts(value):
        state.update(part)
    return str(state.hexdigest())


def _parts(value: Any) -> Iterator[Any]:
    yield type(value).__name__.encode()
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, str):
        for start in range(0, len(value), _CHUNK):
            yield value[start : start + _CHUNK].encode()
    elif hasattr(value, "columns"):
        yield repr(value.index).encode()
        for name in value.columns:
            yield f"{name}:{value[name].dtype}".encode()
            yield memoryview(value[name].to_numpy()).cast("B")
    else:
        yield f"{value.dtype}{value.shape}".encode()
        yield memoryview(value).cast("B")


def _hasher() -> Any:
    """xxHash, which cachekit brings along and which is faster than memory; BLAKE2 without it."""
    try:
        import xxhash
    except ImportError:
        return hashlib.blake2b(digest_size=16)
    return xxhash.xxh3_128()
