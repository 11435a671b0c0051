"""Private places for whatever backend the user's code opens, so that nothing of their cache is touched.

The constructors of cachekit's backends are given another place to store in, before the user's module is
imported. A read never passes them, so nothing of it changes.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from typing import Any

from cachekit_memprobe.child.releases import cachekit_release, version_key
from cachekit_memprobe.child.task import Task
from cachekit_memprobe.child.workload.calls.private_redis import (
    NOWHERE_URL,
    URL,
    Init,
    make_redis_private,
    replace_init,
)
from cachekit_memprobe.child.workload.login import have_clients_log_in

_NOWHERE_SERVERS = "127.0.0.1:1"
_NOWHERE_API = "https://nowhere.invalid"
_ANY_API = "CACHEKIT_ALLOW_CUSTOM_HOST"
_ASKS_LOCALHOST_UNTIL = (0, 23)
"""Before, a function without any backend looks for Redis on localhost."""


def make_private(task: Task) -> None:
    """Have every backend that is opened from now on store where nobody else does."""
    os.environ.setdefault(_ANY_API, "true")
    if version_key(cachekit_release()) < _ASKS_LOCALHOST_UNTIL:
        os.environ.setdefault(URL, NOWHERE_URL)
    replace_init("cachekit.backends.file", "FileBackend", _in_workspace(task))
    make_redis_private(os.environ.get(URL) or NOWHERE_URL)
    replace_init("cachekit.backends.memcached", "MemcachedBackend", _at_private_memcached(task))
    replace_init("cachekit.backends.cachekitio", "CachekitIOBackend", _at_private_api(task))


def _in_workspace(task: Task) -> Callable[[Init], Init]:
    temporary: dict[str, int] = {}

    def make(init: Init) -> Init:
        def private(self: Any, config: Any = None, *args: Any, **kwargs: Any) -> None:
            from cachekit.backends.file.config import FileBackendConfig

            configured = config if config is not None else FileBackendConfig()
            folder = f"{task.workspace}/own/{_name_of(str(configured.cache_dir), temporary)}"
            init(self, configured.model_copy(update={"cache_dir": folder}), *args, **kwargs)

        return private

    return make


def _name_of(cache_dir: str, temporary: dict[str, int]) -> str:
    """The name of the private folder in a folder's place: the same in every process.

    Args:
        temporary: those seen so far that are another one in each process, by the order of the import.
    """
    own = (os.environ.get("HOME", ""), os.environ.get("TMPDIR", ""), tempfile.gettempdir())
    if any(folder and cache_dir.startswith(f"{folder}/") for folder in own):
        return f"temporary-{temporary.setdefault(cache_dir, len(temporary))}"
    return hashlib.sha256(cache_dir.encode()).hexdigest()[:16]


def _at_private_memcached(task: Task) -> Callable[[Init], Init]:
    servers = (task.link.servers or _NOWHERE_SERVERS).split(",")
    if task.link.login:
        have_clients_log_in(task.link.login)

    def make(init: Init) -> Init:
        def private(self: Any, config: Any = None) -> None:
            from cachekit.backends.memcached.config import MemcachedBackendConfig

            configured = config if config is not None else MemcachedBackendConfig(servers=servers)
            init(self, configured.model_copy(update={"servers": servers}))

        return private

    return make


def _at_private_api(task: Task) -> Callable[[Init], Init]:
    url = task.link.api_url or _NOWHERE_API
    key = task.link.api_key or f"ck_live_{'0' * 32}"

    def make(init: Init) -> Init:
        def private(self: Any, api_url: Any = None, api_key: Any = None, timeout: Any = None) -> None:
            init(self, api_url=url, api_key=key, timeout=timeout)

        return private

    return make
