"""The user's function in the place of a workload: the same calls and counts, and a backend that counts."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.route import Counts
from cachekit_memprobe.child.task import MEASURED, WARM_UP, Task
from cachekit_memprobe.child.workload.backends import counted, open_backend
from cachekit_memprobe.child.workload.cached import NoBackend, by_reference
from cachekit_memprobe.child.workload.callers import Action, caller_for
from cachekit_memprobe.child.workload.calls.decorated import Decorated
from cachekit_memprobe.child.workload.calls.given import forget_what_was_cached, given, open_again
from cachekit_memprobe.child.workload.calls.imported import call_of, imported
from cachekit_memprobe.child.workload.calls.private import make_private
from cachekit_memprobe.child.workload.calls.stand_in import in_l1, standing_in
from cachekit_memprobe.child.workload.store import stored_frame


def decorated(task: Task) -> Decorated:
    """The user's function, imported where none of its backends is the user's own, unless the task says so.

    Raises:
        CouldNotMeasure: it can't be imported, or isn't decorated.
    """
    call = call_of(task)
    if not call.own_cache:
        make_private(task)
    return Decorated(imported(task), call.function)


class CalledWorkload:
    """What :class:`.cached.Workload` is of a value that is made.

    Attributes:
        warms_up_with: the name of the value that is read before any measurement: a small one, where one
            could be made of the measured one.
        caller: how the function is called.
        args, kwargs: what it is called with.
    """

    def __init__(self, task: Task) -> None:
        """Import the function, and have its backend count.

        Raises:
            CouldNotMeasure: it can't be imported, or its backend can't be opened.
        """
        self.call = call_of(task)
        self.task = task
        self.warms_up_with = WARM_UP if WARM_UP in task.stored.keys else MEASURED
        substitute = _substitute(task)
        self.decorated = decorated(task)
        self.args, self.kwargs = self.call.args, self.call.kwargs
        if self.call.here:
            self.args, self.kwargs = tuple(given().args), dict(given().kwargs)
            forget_what_was_cached(self.decorated)
        self.backend: Any = self._backend(task, substitute)
        self.caller = caller_for(task.read)

    def _backend(self, task: Task, substitute: Any) -> Any:
        if by_reference(task):
            return NoBackend()
        if substitute is not None:
            self.decorated.have_backend(substitute)
            return substitute
        if self.decorated.backend is None:
            # As its first call would; where nothing in the code names one, the environment does.
            self.decorated.have_backend(configured_backend() or _named_by_environment())
        if self.call.here:
            open_again(self.decorated.backend)
        return counted(self.decorated.backend, task)

    def read(self, which: str) -> Any:
        """Call the function, as one reader does."""
        (value,) = self.read_together([which])
        return value

    def read_together(self, names: Sequence[str]) -> list[Any]:
        """Call the function as often as there are names, at the same time; they are all the same."""
        if names[0] != WARM_UP:
            return self.caller.call(self._called, names)
        with self._small_value():
            return self.caller.call(self._called, names)

    @contextmanager
    def _small_value(self) -> Iterator[None]:
        """Have every tier answer with the small value."""
        task, keys = self.task, self.task.stored.keys
        with ExitStack() as stack:
            stack.enter_context(standing_in(self.backend, keys[MEASURED], keys[WARM_UP]))
            if task.read.tier == "l1":
                frame = stored_frame(task, self, WARM_UP)
                stack.enter_context(in_l1(self.l1(), keys[MEASURED], frame, task.ttl_s))
            elif self.decorated.l1 is not None:
                stack.callback(self.l1().clear)
                self.l1().clear()
            yield

    def run(self, code: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Run other code where the function is called."""
        (value,) = self.caller.call(lambda _which: code(*args, **kwargs), [MEASURED])
        return value

    def takes_its_arguments(self) -> bool:
        """Whether the function can be called with them."""
        try:
            inspect.signature(self.decorated.function).bind(*self.args, **self.kwargs)
        except (TypeError, ValueError):
            return False
        return True

    def on_other_threads(self, action: Action) -> None:
        """Run an action on each thread but this one that a read may use."""
        self.caller.on_other_threads(action)

    def forget(self) -> None:
        """Drop the entries that this process holds by reference."""
        self.decorated.wrapper.cache_clear()

    def close(self) -> None:
        """End what the reads ran on."""
        self.caller.close()

    def l1(self) -> Any:
        """The process's own cache, of which a function without one has an empty one here."""
        from cachekit.l1_cache import get_l1_cache

        own = self.decorated.l1
        return get_l1_cache("memprobe") if own is None else own

    def widen_l1(self) -> None:
        """It is as the user's code has set it."""

    def counts(self) -> Counts:
        info = self.decorated.wrapper.cache_info()
        return Counts(
            l1_hits=info.l1_hits,
            l2_hits=info.l2_hits,
            misses=info.misses,
            gets=self.backend.gets,
            maps=self.backend.maps,
        )

    def _called(self, which: str) -> Any:
        return self.decorated.function(*self.args, **self.kwargs)


def configured_backend() -> Any:
    """The backend of functions that name none, as the code has set it; ``None`` where it has set none."""
    from cachekit.backends.provider import DefaultBackendProvider
    from cachekit.config.decorator import get_default_backend
    from cachekit.decorators import wrapper

    backend = get_default_backend()
    provider = wrapper.get_backend_provider()
    if backend is None and not isinstance(provider, DefaultBackendProvider):
        return provider.get_backend()
    return backend


def _named_by_environment() -> Any:
    from cachekit.decorators import wrapper

    return wrapper.get_backend_provider().get_backend()


def _substitute(task: Task) -> Any:
    """The private backend that was asked for, or that stands in for one that only the environment names."""
    call = call_of(task)
    if call.own_cache or not call.backend:
        return None
    from dataclasses import replace

    backend = open_backend(replace(task, read=replace(task.read, route="map")), 0)
    try:
        from cachekit.config.decorator import set_default_backend
    except ImportError as error:
        raise CouldNotMeasure(f"this cachekit can't be given another backend: {error}") from None
    set_default_backend(backend)
    return backend
