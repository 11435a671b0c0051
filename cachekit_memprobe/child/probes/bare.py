"""No instrument: the same reads in the same child, for benchmarks to compare the instruments with."""

from cachekit_memprobe.child import wire
from cachekit_memprobe.child.probes.staged import ready_reader
from cachekit_memprobe.child.seen import BareSeen
from cachekit_memprobe.child.task import Task
from cachekit_memprobe.child.workload.reader import settle


def probe(task: Task, channel: wire.Channel) -> BareSeen:
    """Read ``task.reads`` times, each proven, the value dropped between."""
    reader = ready_reader(task)
    for _ in range(task.reads):
        reader.expect()
        value = reader.read()
        reader.wait()
        reader.prove(value)
        del value
        settle()
    return BareSeen(reader.release)
