"""The reads of cachekit's own large-object tests, as functions that its decorator caches."""

import tempfile

import numpy as np
import pandas as pd
from cachekit import cache
from cachekit.backends.file import FileBackend
from cachekit.backends.file.config import FileBackendConfig
from cachekit.config.nested import L1CacheConfig

MIB = 1 << 20
COLUMNS = 20
BACKEND = FileBackend(
    FileBackendConfig(cache_dir=f"{tempfile.gettempdir()}/large-objects", max_size_mb=1024, max_value_mb=400)
)


@cache(backend=BACKEND, serializer="arrow", l1=L1CacheConfig(enabled=False))
def numeric_frame(mib: int) -> pd.DataFrame:
    """Incompressible float64 columns."""
    rows = mib * MIB // (8 * COLUMNS)
    rng = np.random.default_rng(0)
    return pd.DataFrame({f"c{number}": rng.standard_normal(rows) for number in range(COLUMNS)})


@cache(backend=BACKEND, serializer="default", l1=L1CacheConfig(enabled=False))
def random_bytes(mib: int) -> bytes:
    """Incompressible bytes."""
    return np.random.default_rng(0).bytes(mib * MIB)
