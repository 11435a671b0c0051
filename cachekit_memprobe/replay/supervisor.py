"""Start a measured process, watch it, and end it: by its result, its death, or the time limit.

Nothing that it leaves behind outlives :meth:`Supervisor.run`: it has a process group of its own, which is
killed, a mark by which all that it has started is found, and a folder of its own, which its caller removes.
"""

import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from cachekit_memprobe import child, offspring, processes
from cachekit_memprobe.child.task import Task, encode_task
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.replay.conversation import Ends, OnBarrier, converse, tail_of
from cachekit_memprobe.replay.launcher import Launcher, Refused, adopting, bury_group
from cachekit_memprobe.replay.pipes import Pipes
from cachekit_memprobe.validation import Invalid, from_json

_CHILD = Path(child.__file__).with_name("__main__.py")
_OWN = ("HOME", "TMPDIR")
"""Of each process, forked or not."""

_Record = TypeVar("_Record")
_Answer = TypeVar("_Answer")


class Cancelled(Exception):
    """The run ends, and with it this child. Not a measurement that failed: nothing is said of it."""


@dataclass(frozen=True)
class Launch:
    """What it takes to start a child.

    Attributes:
        later: waits for the task that ``task`` only prepares.
        folder: of the child's own: output, home.
        fresh: start an interpreter for it, rather than have a launcher fork it.
    """

    python: Path
    task: Task
    environment: Mapping[str, str]
    folder: Path
    timeout_s: float
    fresh: bool = True
    later: Callable[[], Task] | None = None

    @property
    def is_forked_here(self) -> bool:
        """Whether only the process that measures has its function."""
        call = self.task.value.call
        return call is not None and call.here


@dataclass(frozen=True)
class _Child:
    """A process that was started; ``bury`` waits for one that was killed."""

    pid: int
    mark: offspring.Mark
    bury: Callable[[], None]


class Supervisor:
    """Runs children; :meth:`cancel`, from any thread, ends them all and refuses new ones.

    Args:
        folder: of the launchers' own; without one every process is a fresh one.
        here: forks the processes of functions that only exist in this one.
    """

    def __init__(self, folder: Path | None = None, here: Launcher | None = None) -> None:
        self._here = here
        self._lock = threading.Lock()
        self._running: set[int] = set()
        self._cancelled = False
        self._folder = folder
        self._launchers: dict[object, Launcher | None] = {}
        self._launched = 0
        # A launcher dies with the thread that started it, and others use it when that one is done.
        self._starter = ThreadPoolExecutor(max_workers=1)

    def cancel(self) -> None:
        with self._lock:
            self._cancelled = True
            for pid in self._running:
                processes.kill_group(pid)
            for launcher in self._launchers.values():
                if launcher is not None:
                    launcher.kill()
            if self._here is not None:
                self._here.kill()

    def close(self) -> None:
        """End the launchers."""
        with self._lock:
            launchers, self._launchers = self._launchers, {}
        for launcher in launchers.values():
            if launcher is not None:
                launcher.close()
        self._starter.shutdown()

    def prepare(self, launch: Launch) -> None:
        """Wait until a child that is forked can be; one that is a fresh process needs nothing before.

        Raises:
            CouldNotMeasure: what would fork it died or hangs.
            Cancelled: :meth:`cancel` was called.
        """
        if launch.fresh or launch.is_forked_here:
            return
        self._asked(launch, Launcher.prepare)

    def run(self, launch: Launch, kind: type[_Record], on_barrier: OnBarrier | None = None) -> _Record:
        """Run one child to its end.

        Returns:
            Its result, a record of the given kind.

        Raises:
            CouldNotMeasure: it failed, died, hung, or answered nonsense; with the tail of its output.
            Cancelled: :meth:`cancel` was called.
        """
        launch.folder.mkdir(parents=True, exist_ok=True)
        with Pipes() as pipes, (launch.folder / "output.txt").open("w+b") as output:
            try:
                started = self._start(launch, (*pipes.child_ends, output.fileno()))
            except CouldNotMeasure as failure:
                self._refuse_if_cancelled(failure)
                raise
            try:
                pipes.close_child_ends()
                ends = Ends(pipes.go_fd, pipes.messages_fd, output)
                answer = converse(
                    started.pid,
                    ends,
                    encode_task(launch.task),
                    launch.timeout_s,
                    on_barrier,
                    _encoded(launch.later),
                )
                return from_json(kind, answer, whole=True)
            except Invalid as problem:
                raise CouldNotMeasure(
                    f"the measured process sent an answer that can't be used: {problem}{tail_of(output)}"
                ) from problem
            except CouldNotMeasure as failure:
                self._end(started)
                self._refuse_if_cancelled(failure)
                raise CouldNotMeasure(f"{failure}{tail_of(output)}") from failure
            finally:
                self._end(started)

    def _refuse_if_cancelled(self, reason: Exception | None = None) -> None:
        if self._cancelled:
            raise Cancelled from reason

    def _start(self, launch: Launch, fds: tuple[int, ...]) -> _Child:
        if launch.is_forked_here:
            return self._taken(self._own_launcher(), launch, fds)
        started = None if launch.fresh else self._forked(launch, fds)
        return started or self._spawned(launch, fds)

    def _spawned(self, launch: Launch, fds: tuple[int, ...]) -> _Child:
        *channel, output = fds
        with self._lock:
            self._refuse_if_cancelled()
            try:
                process = subprocess.Popen(
                    [*_command(launch.python), *map(str, channel)],
                    env=dict(launch.environment),
                    cwd=launch.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    pass_fds=channel,
                    start_new_session=True,
                )
            except OSError as error:
                raise CouldNotMeasure(f"the target's interpreter can't be started: {error}") from error
            mark = offspring.mark(process.pid)
            self._running.add(process.pid)
        return _Child(process.pid, mark, lambda: _bury(process))

    def _forked(self, launch: Launch, fds: tuple[int, ...]) -> _Child | None:
        return self._asked(launch, lambda launcher: self._taken(launcher, launch, fds))

    def _asked(self, launch: Launch, ask: Callable[[Launcher], _Answer]) -> _Answer | None:
        """What comes of asking the launcher for this environment; ``None`` if there can't be one.

        A launcher that is lost costs this measurement, and is replaced at the next one.
        """
        key = _key(launch)
        launcher = self._launcher(key, launch)
        if launcher is None:
            return None
        try:
            return ask(launcher)
        except Refused:
            self._give_up(key, launcher)
            return None
        except CouldNotMeasure as failure:
            self._drop(key, launcher)
            self._refuse_if_cancelled(failure)
            raise

    def _own_launcher(self) -> Launcher:
        self._refuse_if_cancelled()
        if self._here is None:
            raise CouldNotMeasure(
                "the function only exists in the process that measured it; measure it there"
            )
        return self._here

    def _taken(self, launcher: Launcher, launch: Launch, fds: tuple[int, ...]) -> _Child:
        pid = launcher.fork(launch.environment, launch.folder, fds)
        with self._lock:
            # It waits for its task, and has started nothing yet.
            mark = offspring.mark(pid)
            self._running.add(pid)
            if self._cancelled:
                processes.kill_group(pid)
        return _Child(pid, mark, lambda: bury_group(pid))

    def _launcher(self, key: object, launch: Launch) -> Launcher | None:
        with self._lock:
            self._refuse_if_cancelled()
            if self._folder is None:
                return None
            if key not in self._launchers:
                self._launched += 1
                command = (*_command(launch.python), "launcher")
                folder = self._folder / f"{self._launched}"
                starting = self._starter.submit(Launcher, command, _common(launch.environment), folder)
                self._launchers[key] = starting.result()
            return self._launchers[key]

    def _give_up(self, key: object, launcher: Launcher) -> None:
        """For this environment there are fresh processes only."""
        with self._lock:
            if self._launchers.get(key) is launcher:
                self._launchers[key] = None
        launcher.close()

    def _drop(self, key: object, launcher: Launcher) -> None:
        """The next one that is asked for is another."""
        with self._lock:
            if self._launchers.get(key) is launcher:
                del self._launchers[key]
        launcher.close()

    def _end(self, started: _Child) -> None:
        """Kill and bury it, once. Who cancels must not find it any more: its number may be used again.

        Raises:
            CouldNotMeasure: what it has started can't be ended.
        """
        with self._lock:
            ours = started.pid in self._running
            self._running.discard(started.pid)
        if ours:
            processes.kill_group(started.pid)
            started.bury()
            if not offspring.end(started.mark):
                raise CouldNotMeasure(
                    "the measured process has started processes that can't be ended; end them yourself"
                )


@contextmanager
def supervising(folder: Path, *, fork: bool, here: Launcher | None = None) -> Iterator[Supervisor]:
    """A supervisor whose launchers, if there may be any, are gone at the end.

    Args:
        folder: of the launchers' own.
        here: the caller's, see :class:`Supervisor`.
    """
    with adopting() as can_adopt:
        supervisor = Supervisor(folder if fork and can_adopt else None, here)
        try:
            yield supervisor
        finally:
            supervisor.close()


def _encoded(later: Callable[[], Task] | None) -> Callable[[], str] | None:
    return None if later is None else lambda: encode_task(later())


def _command(python: Path) -> tuple[str, ...]:
    return (str(python), "-s", str(_CHILD))


def _key(launch: Launch) -> object:
    """What a launcher is for."""
    return (launch.python, *sorted(_common(launch.environment).items()))


def _common(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in environment.items() if name not in _OWN}


def _bury(process: "subprocess.Popen[bytes]") -> None:
    process.wait()
    # What it had started, and was killed with it, may have come to this process.
    bury_group(process.pid)
