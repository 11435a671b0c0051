"""A private Redis server for whatever reaches for one through cachekit: by a URL, a client or a provider.

The user's module may name its own server in many ways, in the environment as well: all of them end here. What
it does with Redis by itself, without cachekit, is its own.
"""

import functools
import importlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

NOWHERE_URL = "redis://127.0.0.1:1/0"
URL = "CACHEKIT_REDIS_URL"
_OTHER_URL = "REDIS_URL"

Init = Callable[..., None]


def make_redis_private(url: str) -> None:
    """Have cachekit know no other server than this one."""
    replace_init("cachekit.backends.redis", "RedisBackend", _backend_at(url))
    replace_init("cachekit.backends.redis.provider", "RedisBackendProvider", _provider_at(url))
    replace_init("cachekit.backends.redis.provider", "PerRequestRedisBackend", _client_at(url))
    config = _found("cachekit.backends.redis.config", "RedisBackendConfig")
    if config is not None:
        from_env = config.from_env

        def private() -> Any:
            with _named(url):
                return from_env()

        config.from_env = staticmethod(private)


def replace_init(module: str, name: str, make: Callable[[Init], Init]) -> None:
    """Give a class another constructor, if this release has it, and its packages are installed."""
    kind = _found(module, name)
    if kind is not None:
        kind.__init__ = functools.wraps(kind.__init__)(make(kind.__init__))


def _found(module: str, name: str) -> Any:
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        return None


@contextmanager
def _named(url: str) -> Iterator[None]:
    """For a time, the environment names this server, whatever the user's module has put there."""
    before = {name: os.environ.pop(name, None) for name in (URL, _OTHER_URL)}
    os.environ[URL] = url
    try:
        yield
    finally:
        del os.environ[URL]
        os.environ.update({name: value for name, value in before.items() if value is not None})


def _backend_at(url: str) -> Callable[[Init], Init]:
    def make(init: Init) -> Init:
        def private(self: Any, redis_url: Any = None, client_provider: Any = None) -> None:
            with _named(url):
                if client_provider is not None and _found(_PROVIDERS, "PooledClientProvider") is None:
                    init(self, url, _default_provider())  # which finds no client by itself
                elif redis_url is None and client_provider is None:
                    init(self)
                else:
                    init(self, url)
            if not _is_cachekits(self._client_provider):  # one that the code has registered
                self._client_provider = _default_provider()

        return private

    return make


_PROVIDERS = "cachekit.backends.provider"


def _default_provider() -> Any:
    return _found(_PROVIDERS, "DefaultCacheClientProvider")()


def _is_cachekits(thing: Any) -> bool:
    return type(thing).__module__.partition(".")[0] == "cachekit"


def _provider_at(url: str) -> Callable[[Init], Init]:
    def make(init: Init) -> Init:
        def private(self: Any, _redis_url: Any = None, *args: Any, **kwargs: Any) -> None:
            kwargs.pop("redis_url", None)
            init(self, url, *args, **kwargs)

        return private

    return make


def _client_at(url: str) -> Callable[[Init], Init]:
    """A backend around a client: around a private one, if it is the code's own."""

    def make(init: Init) -> Init:
        def private(self: Any, client: Any, *args: Any, **kwargs: Any) -> None:
            if not _reaches(client, url):
                with _named(url):
                    client = importlib.import_module("cachekit.backends.redis.client").get_redis_client()
            init(self, client, *args, **kwargs)

        return private

    return make


def _reaches(client: Any, url: str) -> bool:
    given = getattr(getattr(client, "connection_pool", None), "connection_kwargs", {})
    wanted = importlib.import_module("redis.connection").parse_url(url)
    return all(given.get(name) == wanted.get(name) for name in ("host", "port", "path"))
