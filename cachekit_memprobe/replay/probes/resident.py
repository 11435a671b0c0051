"""The rss instrument: repeated reads, each bracketed by barriers at which the supervisor looks.

This process measures nothing itself: its resident set is read from outside. No tracer runs here.

Importable by the measured child process: standard library and target only.
"""

import gc
from typing import Any

from cachekit_memprobe.replay import wire
from cachekit_memprobe.replay.workload.reader import Reader, settle


def probe(task: wire.Task, channel: wire.Channel) -> dict[str, Any]:
    """Read ``task.reads`` times, the value dropped between; the supervisor adds the figures."""
    reader = Reader(task)
    reader.warm_up()
    for _ in range(task.reads):
        reader.expect()
        channel.barrier(wire.BEFORE_READ)
        value = reader.read()
        channel.barrier(wire.AFTER_READ)
        reader.prove(value)
        del value
        # As deployed, the allocators keep what they please: that is what is being asked.
        settle() if task.pinned else gc.collect()
        channel.barrier(wire.AFTER_DROP)
    return {"release": reader.release}
