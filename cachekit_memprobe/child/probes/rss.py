"""The rss instrument: repeated reads, each bracketed by barriers at which the supervisor looks.

This process measures nothing itself: its resident set is read from outside. No tracer runs here.
"""

import gc

from cachekit_memprobe.child import wire
from cachekit_memprobe.child.seen import RssSeen
from cachekit_memprobe.child.task import Task
from cachekit_memprobe.child.workload.reader import Reader


def probe(task: Task, channel: wire.Channel) -> RssSeen:
    """Read ``task.reads`` times, the value dropped between; the supervisor adds the figures."""
    reader = Reader(task)
    reader.warm_up()
    for _ in range(task.reads):
        reader.expect()
        channel.barrier(wire.BEFORE_READ)
        value = reader.read()
        # What the read started is part of what a container has to bear: the peak counts until it has ended.
        reader.wait()
        channel.barrier(wire.AFTER_READ)
        reader.prove(value)
        del value
        # As deployed, the allocators keep what they please: that is what is being asked.
        reader.settle() if task.pinned else gc.collect()
        channel.barrier(wire.AFTER_DROP)
    return RssSeen(reader.release, task.pinned)
