"""Whether the user's own code returns the same when it runs again: of time and chance it doesn't."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cachekit_memprobe.child.task import Task
from cachekit_memprobe.child.workload.cached import return_format_of
from cachekit_memprobe.child.workload.calls.imported import told
from cachekit_memprobe.child.workload.calls.workload import CalledWorkload
from cachekit_memprobe.child.workload.digests import digest


@dataclass
class Runs:
    """What the user's own code was given and has returned, each time that cachekit ran it.

    Not the same as what their function was given and returned: other decorators may be around cachekit's.

    Attributes:
        arguments: positional ones and keywords, of the last run.
        digests: of what it returned, in order.
    """

    task: Task
    workload: CalledWorkload
    arguments: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})
    digests: list[str] = field(default_factory=list)

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note the runs in the block."""
        decorated = self.workload.decorated
        code = self._awaited() if decorated.asynchronous else self._plain()
        with decorated.running(code):
            yield

    def remarks(self) -> tuple[str, ...]:
        """Run it once more, past the cache, and say what is remarkable about that."""
        args, kwargs = self.arguments
        try:
            again = self.workload.run(self.workload.decorated.undecorated, args, kwargs)
        except (Exception, SystemExit) as error:
            return (f"the function failed when it was run a second time, past the cache: {told(error)}",)
        self._note(again)
        if self.digests[-1] == self.digests[0]:
            return ()
        return (
            "the function returned another value when it was run a second time, so that a read can be proven "
            "to be what was stored, but not to be what the function returns now",
        )

    def _note(self, value: Any) -> Any:
        self.digests.append(digest(value, return_format=return_format_of(self.task, value)))
        return value

    def _plain(self) -> Callable[..., Any]:
        own = self.workload.decorated.undecorated

        def run(*args: Any, **kwargs: Any) -> Any:
            self.arguments = (args, kwargs)
            return self._note(own(*args, **kwargs))

        return run

    def _awaited(self) -> Callable[..., Any]:
        own = self.workload.decorated.undecorated

        async def run(*args: Any, **kwargs: Any) -> Any:
            self.arguments = (args, kwargs)
            return self._note(await own(*args, **kwargs))

        return run
