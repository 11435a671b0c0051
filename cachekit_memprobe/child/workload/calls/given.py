"""A function that no module has: it lives in the process that is forked, and its forks have it from there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.workload.calls.decorated import Decorated, backend_kind, is_cachekits

NOTE = (
    "measured in forks of the process that has the function, with allocators pinned while it was running: "
    "rss.total and rss.resting include what that process holds"
)


@dataclass(frozen=True)
class Given:
    """The function as the user has it, and any arguments."""

    function: Callable[..., Any]
    args: Sequence[Any]
    kwargs: Mapping[str, Any]


_GIVEN: list[Given] = []


def give(given: Given) -> None:
    """Have the forks of this process find it."""
    _GIVEN[:] = [given]


def given() -> Given:
    """What this process was given before it was forked.

    Raises:
        CouldNotMeasure: nothing.
    """
    if not _GIVEN:
        raise CouldNotMeasure(
            "the function only exists in the process that measured it, such as a test's; measure it there"
        )
    return _GIVEN[0]


def forget_what_was_cached(decorated: Decorated) -> None:
    """Nothing of what the process has read or stored before is there any more, in no tier."""
    if decorated.l1 is not None:
        decorated.l1.clear()
    if decorated.described().backend in ("none", "local"):
        decorated.wrapper.cache_clear()


def open_again(backend: Any) -> None:
    """Have a backend that is open already store where a new one would: the same object, as others hold it.

    Raises:
        CouldNotMeasure: it is of a class of which that isn't known.
    """
    for kind in type(backend).__mro__:
        arguments = _ARGUMENTS.get(kind.__name__) if is_cachekits(kind) else None
        if arguments is not None:
            initialise: Any = kind.__init__  # type: ignore[misc]  # of the class itself, whatever is derived
            initialise(backend, *arguments(backend))
            return
    raise CouldNotMeasure(
        f"its backend, of the kind {backend_kind(backend)}, is open already and can't be made a private one; "
        "give the function a name in a module"
    )


_ARGUMENTS: Mapping[str, Callable[[Any], tuple[Any, ...]]] = {
    "FileBackend": lambda backend: (backend.config,),
    "RedisBackend": lambda _: (),
    "MemcachedBackend": lambda backend: (backend._config,),
    "CachekitIOBackend": lambda _: (),
}
