"""The variables by which a deployment chooses the backend of functions that name none."""

import os
from collections.abc import Mapping

NAMED_BY: Mapping[str, str] = {
    "CACHEKIT_REDIS_URL": "redis",
    "REDIS_URL": "redis",
    "CACHEKIT_MEMCACHED_SERVERS": "memcached",
    "CACHEKIT_FILE_CACHE_DIR": "file",
}
"""With the kind of backend, in cachekit's order."""


def named() -> dict[str, str]:
    """Those that this process has."""
    return {name: os.environ[name] for name in NAMED_BY if os.environ.get(name)}
