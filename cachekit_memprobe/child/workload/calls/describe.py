"""What the user's function is, found out by importing it: nothing of it is called, and nothing is stored."""

from dataclasses import replace

from cachekit_memprobe.child.task import Described, Task
from cachekit_memprobe.child.workload.calls.decorated import backend_kind, class_name
from cachekit_memprobe.child.workload.calls.naming import named
from cachekit_memprobe.child.workload.calls.private_redis import NOWHERE_URL, URL
from cachekit_memprobe.child.workload.calls.workload import configured_backend, decorated


def describe(task: Task) -> Described:
    """Import the function and look at its decorator.

    Raises:
        CouldNotMeasure: it can't be imported, or cachekit hasn't decorated it.
    """
    before = {**named(), URL: NOWHERE_URL}
    found = decorated(task)
    described = found.described()
    if described.backend:
        return described
    backend = configured_backend()
    # A module may set what names the backend, as one that loads a file of settings does.
    own = next((name for name, value in named().items() if before.get(name) != value), "")
    return replace(described, backend=backend_kind(backend), backend_class=class_name(backend), named=own)
