"""The small value in the place of the measured one: under the same key, as the user's function has no other.

So every process warms up as those of a value that is made: on the measured way, without the measured value.
"""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

SUFFIX = ":memprobe-small"
"""Of the small entry's key in the backend."""

_BY_KEY = ("get", "set", "delete", "exists", "get_with_freshness", "get_buffer", "set_streaming")


@contextmanager
def standing_in(backend: Any, key: str, instead: str) -> Iterator[None]:
    """For a time, have the backend take one key for another.

    Afterwards its class is what it was: the measured reads pass none of this.
    """
    kind = type(backend)
    methods = {name: getattr(kind, name) for name in _BY_KEY if hasattr(kind, name)}
    renamed = {name: _renaming(method, key, instead) for name, method in methods.items()}
    backend.__class__ = type(kind.__name__, (kind,), renamed)
    try:
        yield
    finally:
        backend.__class__ = kind


def _renaming(method: Callable[..., Any], key: str, instead: str) -> Callable[..., Any]:
    @functools.wraps(method)
    def renamed(self: Any, asked: str, *args: Any, **kwargs: Any) -> Any:
        return method(self, instead if asked == key else asked, *args, **kwargs)

    return renamed


@contextmanager
def in_l1(cache: Any, key: str, frame: bytes, ttl_s: int) -> Iterator[None]:
    """For a time, have L1 hold another frame under a key, and then the very object that it held."""
    found, held = cache.get(key)
    cache.put(key, frame, redis_ttl=ttl_s)
    try:
        yield
    finally:
        if found:
            cache.put(key, held, redis_ttl=ttl_s)
        else:
            cache.clear()
