"""Forks a process for each task, from one that has imported what all of them import.

Importing cachekit, pandas and pyarrow is most of what a small task costs. A launcher does it once, for one
environment: cachekit reads some of its variables while it is imported.

A process forked here is a child of the supervisor's, as one that it starts itself. That takes two forks::

    launcher ── fork ── middle ── fork ── task's process
                        ends              is handed to the supervisor, the nearest subreaper

The supervisor's death must kill it (PR_SET_PDEATHSIG), which it can only ask for once the supervisor *is* its
parent: asked for before, it would be killed by the end of the one between. So it waits until the launcher
has buried that one, which the kernel lets it do only after the handing over.
"""

import contextlib
import ctypes
import gc
import json
import os
import signal
import socket
import sys
import tempfile
import traceback
from collections.abc import Sequence
from importlib import import_module

from cachekit_memprobe.child import errand, onlookers

_PR_SET_PDEATHSIG = 1
_LONGEST_REQUEST = 1 << 16
_FDS = 3
_LIBRARIES = ("pandas", "pyarrow")
_TARGET = (
    "cachekit",
    "cachekit_memprobe.child.probes.staged",
    "cachekit_memprobe.child.workload.store",
)
"""What imports the target."""

WITHOUT_TARGET = "without-target"
"""The word, among those that start a launcher, that names of modules follow."""


def serve(control_fd: int, instead: Sequence[str] | None) -> None:
    """Import, say that it is ready, and fork at every request until nobody asks any more.

    A request is JSON with ``environment``, which is laid over this process's own, and ``folder``, the new
    working directory; with it come three descriptors: the channel's two, and the output. The answer has the
    ``pid``. Instead of being ready it may have ``refused``, with the reason.

    Args:
        instead: modules to import instead of cachekit, whose import starts a thread in some releases: those
            that it imports itself, so that little of it is left to the tasks' processes. ``None`` for itself.
    """
    supervisor_pid = os.getppid()
    with socket.socket(fileno=control_fd) as control:
        if refusal := _prepare(control_fd, instead):
            control.send(json.dumps({"refused": refusal}).encode())
        else:
            serve_forks(control, supervisor_pid)


def serve_forks(control: socket.socket, supervisor_pid: int) -> None:
    """Say that it is ready, and fork at every request until nobody asks any more."""
    control.send(json.dumps({"ready": True}).encode())
    while True:
        request, fds, _, _ = socket.recv_fds(control, _LONGEST_REQUEST, _FDS)
        if not request:
            return
        pid = _fork(json.loads(request), fds, control, supervisor_pid)
        control.send(json.dumps({"pid": pid}).encode())
        for fd in fds:
            os.close(fd)


def freeze() -> None:
    """A collection in a task's process would otherwise touch, and so copy, all of these objects' pages."""
    gc.collect()
    gc.freeze()


def die_with(supervisor_pid: int) -> None:
    """Have the supervisor's death kill this process, or end it, if that has come before."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != supervisor_pid:
        os._exit(1)


def _prepare(control_fd: int, instead: Sequence[str] | None) -> str:
    """Do what every task would do first; why there can be no forking, if so."""
    environment = dict(os.environ)
    try:
        onlookers.turn_off()
        for name in _LIBRARIES:
            _import_if_there(name)
        before = frozenset(sys.modules)
        if instead is None:
            for name in _TARGET:
                _import_if_there(name)
        elif instead and not _imported(instead):
            _begin_again(control_fd, environment)
    except Exception as error:
        # A task's own process will fail likewise, and tell it with its own words.
        return f"{type(error).__name__}: {error}"
    threads = _threads()
    if threads > 1 and instead is None:
        _begin_again(control_fd, environment, _brought_by_the_target(before))
    freeze()
    return "" if threads == 1 else f"{threads} threads run after the imports"


def _imported(names: Sequence[str]) -> bool:
    """Whether modules that the target brings can be imported without it, and come to the same.

    They don't if one of them starts the thread, or would be another after what the target does first.
    """
    expected = {*sys.modules, *names}
    try:
        for name in names:
            import_module(name)
    except Exception:
        return False
    return expected.issuperset(sys.modules) and _threads() == 1


def _brought_by_the_target(before: frozenset[str]) -> list[str]:
    """The modules of others that its import has imported, each after those that it needs."""
    names = [name for name in sys.modules if name not in before and name.partition(".")[0] != "cachekit"]
    # What must not be imported has None in the place of a module.
    return [name for name in names if sys.modules.get(name) is not None]


def _threads() -> int:
    return len(os.listdir("/proc/self/task"))


def _begin_again(control_fd: int, environment: dict[str, str], instead: Sequence[str] = ()) -> None:
    """Become a launcher without the target: a thread that its import started can't be undone."""
    os.set_inheritable(control_fd, True)
    here = sys.argv[0]
    words = ("launcher", str(control_fd), WITHOUT_TARGET, *instead)
    os.execve(sys.executable, [sys.executable, "-s", here, *words], environment)


def _import_if_there(name: str) -> None:
    """A package that the target lacks altogether is none that a task needs."""
    try:
        import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name or name == "cachekit":
            raise


def _fork(request: dict[str, object], fds: list[int], control: socket.socket, supervisor_pid: int) -> int:
    """The number of a process that does one task, a child of the supervisor's by now."""
    told_fd, tell_fd = os.pipe()
    wait_fd, go_fd = os.pipe()
    middle = os.fork()
    if middle == 0:
        child = os.fork()
        if child:
            os.write(tell_fd, str(child).encode())
            os._exit(0)
        control.close()
        for fd in (told_fd, tell_fd, go_fd):
            os.close(fd)
        _become(request, fds, wait_fd, supervisor_pid)
    os.waitpid(middle, 0)
    pid = int(os.read(told_fd, 32))
    os.write(go_fd, b"\n")
    for fd in (told_fd, tell_fd, wait_fd, go_fd):
        os.close(fd)
    return pid


def _become(request: dict[str, object], fds: list[int], wait_fd: int, supervisor_pid: int) -> None:
    """Be a task's process, and end as one."""
    try:
        os.setsid()
        if not os.read(wait_fd, 1):
            os._exit(1)  # the launcher died, and nobody knows of this process
        os.close(wait_fd)
        die_with(supervisor_pid)
        read_fd, write_fd, output_fd = fds
        os.dup2(output_fd, sys.stdout.fileno())
        os.dup2(output_fd, sys.stderr.fileno())
        os.close(output_fd)
        tempfile.tempdir = None  # it may have been asked for, and remembered
        os.environ.update(request["environment"])  # type: ignore[call-overload]  # as the launcher's client sends it
        os.chdir(str(request["folder"]))
        errand.run(read_fd, write_fd)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(0)
