"""What a decorated function says of itself: the objects that cachekit's wrapper has closed over.

They have had the same names since 0.4.0. To look at them is no part of the read, and changes nothing in it.
"""

import functools
import inspect
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.task import Described

_BACKENDS = {
    "FileBackend": "file",
    "RedisBackend": "redis",
    "PerRequestRedisBackend": "redis",
    "MemcachedBackend": "memcached",
    "CachekitIOBackend": "cachekitio",
}
_SERIALIZERS = {
    "ArrowSerializer": "arrow",
    "AutoSerializer": "auto",
    "StandardSerializer": "default",
    "OrjsonSerializer": "orjson",
    "InteropSerializer": "interop",
}
OTHER = "other"
"""A backend or a serializer that is none of cachekit's."""

_OWN = "func"
"""The wrapper's variable for the user's own code."""

_DEEPEST = 20


class Decorated:
    """A function that cachekit has decorated, maybe with other decorators around that.

    Attributes:
        function: what the user calls.
        wrapper: cachekit's own.
    """

    def __init__(self, function: Any, name: str) -> None:
        """Look at what ``module:function`` has named.

        Raises:
            CouldNotMeasure: cachekit hasn't decorated it.
        """
        self.function = function
        self.name = name
        self.wrapper = _cachekits(function, name)
        self._cells = _cells(self.wrapper)

    @property
    def undecorated(self) -> Any:
        """The user's own code."""
        return self.wrapper.__wrapped__

    @property
    def asynchronous(self) -> bool:
        return inspect.iscoroutinefunction(self.wrapper)

    @property
    def backend(self) -> Any:
        """``None`` where the code names none, and where there is none."""
        return self._held("_backend")

    @property
    def l1(self) -> Any:
        """The cache of the process itself, ``None`` if it is off."""
        return self._held("_l1_cache")

    @property
    def ttl_s(self) -> int | None:
        ttl = self._held("ttl")
        return ttl if isinstance(ttl, int) else None

    @property
    def key_of_own(self) -> bool:
        """Whether the code makes the keys itself."""
        return self._held("custom_key_func") is not None

    def have_backend(self, backend: Any) -> None:
        """Put another backend in the place of the code's own, or of none."""
        self._cells["_backend"].cell_contents = backend

    @contextmanager
    def running(self, code: Callable[..., Any]) -> Iterator[None]:
        """For a time, have cachekit run something else in the place of the user's own code.

        Args:
            code: returns a value, or of an asynchronous function what can be awaited for it.

        Raises:
            CouldNotMeasure: cachekit's wrapper has no variable for that code.
        """
        cell = self._cells.get(_OWN)
        if cell is None:
            raise CouldNotMeasure("this cachekit's wrapper hides the function that it wraps")
        own, cell.cell_contents = cell.cell_contents, functools.wraps(self.undecorated)(code)
        try:
            yield
        finally:
            cell.cell_contents = own

    def described(self) -> Described:
        """What the decorator's arguments have come to."""
        if "object_cache" in self._cells:
            return Described("local", asynchronous=self.asynchronous, l1=True)
        if self._held("_l1_only_mode"):
            return Described("none", asynchronous=self.asynchronous, l1=True)
        handler = self._handler()
        serializer = getattr(handler, "_base_serializer", None)
        kind = _SERIALIZERS.get(type(serializer).__name__, OTHER)
        if serializer is None:
            kind = str(getattr(handler, "serializer_name", "default"))
        return Described(
            backend=backend_kind(self.backend),
            backend_class=class_name(self.backend),
            serializer="interop" if getattr(handler, "interop_mode", False) else kind,
            serializer_class=class_name(serializer),
            encryption=bool(getattr(handler, "encryption", False)),
            l1=self.l1 is not None,
            return_format=str(getattr(serializer, "return_format", "pandas")),
            asynchronous=self.asynchronous,
        )

    def handlers(self) -> tuple[Any, ...]:
        """What the wrapper makes keys with, and what it serializes with; those that this release has."""
        return tuple(filter(None, (self._held("operation_handler"), self._handler())))

    def compression(self) -> str:
        """The codec of Arrow data, ``none`` without one."""
        serializer = getattr(self._handler(), "_base_serializer", None)
        own: Any = serializer
        if hasattr(own, "compression"):
            return str(own.compression or "none")
        try:
            from cachekit.config.singleton import get_settings

            return str(getattr(get_settings(), "arrow_compression", "none"))
        except ImportError:
            return "none"

    def _handler(self) -> Any:
        return getattr(self._held("operation_handler"), "serialization_handler", None)

    def _held(self, name: str) -> Any:
        try:
            return self._cells[name].cell_contents
        except (KeyError, ValueError):  # the wrapper has no such variable, or it isn't set yet
            return None


def backend_kind(backend: Any) -> str:
    """Which of cachekit's backends it is, or derived from; empty for ``None``."""
    if backend is None:
        return ""
    kinds = type(backend).__mro__
    return next(
        (_BACKENDS[kind.__name__] for kind in kinds if kind.__name__ in _BACKENDS and is_cachekits(kind)),
        OTHER,
    )


def is_cachekits(kind: type) -> bool:
    """Whether the package defines a class, and not the user's code."""
    return kind.__module__.partition(".")[0] == "cachekit"


def class_name(instance: Any) -> str:
    """Its class with the module; empty for ``None``."""
    return "" if instance is None else f"{type(instance).__module__}.{type(instance).__qualname__}"


def _cachekits(function: Any, name: str) -> Any:
    """Cachekit's wrapper, below other decorators that tell what they wrap."""
    if not callable(function):
        raise CouldNotMeasure(f"{name} is no function, but of type {type(function).__name__}")
    folder = os.path.dirname(sys.modules["cachekit"].__file__ or "") + os.sep
    for layer in _layers(function):
        code = getattr(layer, "__code__", None)
        if code is not None and code.co_filename.startswith(folder):
            return layer
    raise CouldNotMeasure(_not_decorated(function, name))


def _cells(wrapper: Any) -> dict[str, Any]:
    """The variables that the wrapper has closed over, and those of the functions among them beside it."""
    cells: dict[str, Any] = {}
    waiting = [wrapper]
    while waiting:
        function = waiting.pop()
        closed = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        for name, cell in closed:
            if name not in cells:
                cells[name] = cell
                waiting += [] if name == _OWN else _beside(cell, wrapper.__code__.co_filename)
    return cells


def _beside(cell: Any, file: str) -> list[Any]:
    """The function that a variable holds, if it comes from the wrapper's own file."""
    try:
        held = cell.cell_contents
    except ValueError:  # it isn't set yet
        return []
    return [held] if inspect.isfunction(held) and held.__code__.co_filename == file else []


def _layers(function: Any) -> Iterator[Any]:
    """A function and what it wraps; of a decorator that doesn't tell, what it has closed over.

    A function of ``functools.partial`` tells it in a way of its own.
    """
    for _ in range(_DEEPEST):
        if function is None:
            return
        yield getattr(function, "__func__", function)
        function = _wrapped(function)


def _wrapped(function: Any) -> Any:
    if isinstance(function, functools.partial):
        return function.func
    return getattr(function, "__wrapped__", None) or _closed_over(function)


def _closed_over(function: Any) -> Any:
    """The one decorated function that another has closed over."""
    found = []
    for cell in getattr(function, "__closure__", None) or ():
        try:
            held = cell.cell_contents
        except ValueError:  # it isn't set yet
            continue
        if _looks_decorated(held):
            found.append(held)
    return found[0] if len(found) == 1 else None


def _not_decorated(function: Any, name: str) -> str:
    if inspect.isclass(function):
        return f"{name} is a class; name a function that cachekit has decorated, such as {name}.load"
    inner = [word for word in _names_of(function) if _is_decorated(function, word)]
    if inner:
        module = name.partition(":")[0]
        return (
            f"{name} is not decorated by cachekit, but calls {inner[0]}, which is; name that one, "
            f"{module}:{inner[0]}"
        )
    return (
        f"{name} is not decorated by cachekit, so that it is never read from a cache; name the function "
        "under @cache"
    )


def _names_of(function: Any) -> tuple[str, ...]:
    code = getattr(function, "__code__", None)
    return code.co_names if code is not None else ()


def _is_decorated(function: Any, name: str) -> bool:
    return _looks_decorated(getattr(function, "__globals__", {}).get(name))


def _looks_decorated(thing: Any) -> bool:
    return callable(thing) and hasattr(thing, "cache_info") and hasattr(thing, "invalidate_cache")
