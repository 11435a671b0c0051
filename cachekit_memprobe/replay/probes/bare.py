"""No instrument: the same reads in the same child, for benchmarks to compare the instruments with.

Importable by the measured child process: standard library and target only.
"""

from typing import Any

from cachekit_memprobe.replay import wire
from cachekit_memprobe.replay.probes.staged import package_folder, ready_reader
from cachekit_memprobe.replay.workload.reader import settle


def probe(task: wire.Task, channel: wire.Channel) -> dict[str, Any]:
    """Read ``task.reads`` times, each proven, the value dropped between."""
    reader = ready_reader(task)
    for _ in range(task.reads):
        reader.expect()
        value = reader.read()
        reader.prove(value)
        del value
        settle()
    return {"release": reader.release, "package_folder": package_folder()}
