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
        # To prove the value makes many objects: the collector would run, as it wouldn't in a loop that reads.
        collects = gc.isenabled()
        gc.disable()
        reader.prove(value)
        del value
        # As deployed, the allocators keep what they please, and nobody collects between two reads.
        if task.pinned:
            reader.give_back()
        channel.barrier(wire.AFTER_DROP)
        if collects:
            gc.enable()
        if task.pinned:
            reader.settle()
        channel.barrier(wire.SETTLED)
    if not task.pinned:
        # What has gathered over the reads, once they are over.
        reader.give_back()
        channel.barrier(wire.GIVEN_BACK)
        reader.settle()
        channel.barrier(wire.COLLECTED)
    return RssSeen(reader.release, task.pinned)
