"""The second half of the retention instrument: a process whose very first read is of the value.

What a process keeps once, and of the first frame that it sees, is a memo that every other process fills
with the small value that it warms up with. What first use costs anyway, imports, pools and arenas, is told
apart by the same difference in :mod:`.retention`, whose first reads are of the small value.
"""

from cachekit_memprobe.child import wire
from cachekit_memprobe.child.probes.keepers import keepers_of_large
from cachekit_memprobe.child.probes.retention import before_any_read, over, state_of
from cachekit_memprobe.child.probes.staged import alone, open_tracer
from cachekit_memprobe.child.seen import FirstSeen, Held
from cachekit_memprobe.child.task import Task
from cachekit_memprobe.child.tracer import Listener
from cachekit_memprobe.child.workload.reader import Reader

_WORTH_A_LOOK = 0.05
"""Of the payload: to look for who keeps it takes a second."""


def probe(task: Task, channel: wire.Channel) -> FirstSeen:
    """One read by a single reader, and the state before and after it with every tier empty."""
    task = alone(task)
    reader = Reader(task, warms_up=False)
    tracer = open_tracer(task, reader, Listener())
    start = before_any_read(reader, task.workspace)
    after = over(_read_and_drop(reader, task.workspace), start)
    least_bytes = int(_WORTH_A_LOOK * reader.payload_bytes)
    worth_it = after.anon_bytes + after.mapped_bytes >= least_bytes
    return FirstSeen(reader.release, after, keepers_of_large(least_bytes, tracer) if worth_it else ())


def _read_and_drop(reader: Reader, workspace: str) -> Held:
    reader.expect()
    value = reader.read()
    reader.wait()
    reader.prove(value)
    del value
    reader.empty_tiers()
    reader.receive_little()
    return state_of(reader, workspace)
