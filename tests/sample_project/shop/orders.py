"""The orders of a day, which are read more often than they change."""

import numpy as np
import pandas as pd
from cachekit import cache
from cachekit.backends.file import FileBackend
from cachekit.backends.file.config import FileBackendConfig
from cachekit.config.nested import L1CacheConfig
from cachekit.serializers.arrow_serializer import ArrowSerializer

BACKEND = FileBackend(FileBackendConfig(cache_dir=".cache/orders"))
IN_PROCESS = L1CacheConfig(enabled=True, max_size_mb=512)


@cache(
    ttl=3600,
    namespace="orders",
    backend=BACKEND,
    l1=IN_PROCESS,
    serializer=ArrowSerializer(compression="none"),
)
async def load_orders(day: str, region: str = "us") -> pd.DataFrame:
    """A day's orders, as a database would return them."""
    rows = np.random.default_rng([ord(letter) for letter in day + region])
    return pd.DataFrame(
        {name: rows.standard_normal(524_288) for name in ("price", "tax", "weight", "margin")}
    )


@cache(ttl=3600, namespace="reports", backend=BACKEND)
def load_report(day: str) -> object:
    """What no serializer of cachekit's can store, so that it is made anew on each call."""
    return object()
