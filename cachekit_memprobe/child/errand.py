"""One task, from the channel and back to it."""

import contextlib
import ctypes
import sys
import traceback
from typing import TYPE_CHECKING

from cachekit_memprobe.child import onlookers, wire
from cachekit_memprobe.child import task as tasks
from cachekit_memprobe.child.deployed import require_allocators
from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.shortage import chain_of, is_shortage, with_shortage

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_PR_SET_THP_DISABLE = 41


def run(read_fd: int, write_fd: int) -> None:
    """Take the task, do it, and answer with one result or one failure."""
    channel = wire.Channel(read_fd, write_fd)
    try:
        onlookers.turn_off()
        task = channel.task()
        if task.pinned:
            onlookers.collect_as_usual()
        if task.operation == tasks.PREPARE:
            task = _prepared(task, channel)
        if task.pinned and task.counts_pages:
            _refuse_huge_pages()
        if not task.pinned:
            require_allocators()
        channel.result(_done(task, channel))
    except CouldNotMeasure as reason:
        _fail(channel, str(reason))
    except Exception as error:
        told = with_shortage(chain_of(error))
        if not is_shortage(error):
            # On a full disk not even that can be said; and stderr may be whatever the target made of it.
            with contextlib.suppress(Exception):
                traceback.print_exc()
        _fail(channel, told)


def _fail(channel: wire.Channel, reason: str) -> None:
    """With what the target printed: this process is ended when its failure is known."""
    with contextlib.suppress(Exception):
        sys.stdout.flush()
    channel.failure(reason)


def _prepared(task: tasks.Task, channel: wire.Channel) -> tasks.Task:
    """Import what a read imports, and wait for the task to do it."""
    from cachekit_memprobe.child.workload.cached import preload

    preload(task)
    channel.barrier(wire.PREPARED)
    return channel.task()


def _refuse_huge_pages() -> None:
    """Transparent huge pages would round what the kernel counts up to 2 MiB, at its own moment."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_THP_DISABLE, 1, 0, 0, 0)


def _done(task: tasks.Task, channel: wire.Channel) -> "DataclassInstance":
    """The result. Each task imports what it needs, and nothing of the others."""
    if task.operation == tasks.SIZE:
        from cachekit_memprobe.child.workload.sizing import sized

        return sized(task)
    if task.operation == tasks.DESCRIBE:
        from cachekit_memprobe.child.workload.calls.describe import describe

        return describe(task)
    if task.operation == tasks.STORE:
        return _stored(task)
    from cachekit_memprobe.child.probes import run_probe

    return run_probe(task, channel)


def _stored(task: tasks.Task) -> "DataclassInstance":
    if task.value.call is not None:
        from cachekit_memprobe.child.workload.calls.store import store as store_call

        return store_call(task)
    from cachekit_memprobe.child.workload.store import store

    return store(task)
