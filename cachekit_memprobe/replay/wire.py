"""The messages between the supervisor and a child, and the channel that carries them.

One JSON object a line, on two pipes of their own: nothing that the target prints can reach them.
The child writes barriers and one last result or failure; the supervisor answers each barrier.

Importable by the measured child process: standard library only.
"""

import json
import os
from dataclasses import asdict, dataclass, field
from typing import Any

VERSION = 1

SIZE = "size"
STORE = "store"
READ = "read"

BARRIER = "barrier"
RESULT = "result"
FAILURE = "failure"

BEFORE_READ = "before-read"
AFTER_READ = "after-read"
AFTER_DROP = "after-drop"

MEASURED = "measured"
WARM_UP = "warm-up"


class WireError(Exception):
    """A message that isn't one of this version's."""


@dataclass(frozen=True)
class Task:
    """All that a child is told.

    Attributes:
        operation: :data:`SIZE` loads a file's data and tells its size; :data:`STORE` makes the value and
            caches it; :data:`READ` reads it back, measured.
        instrument: the probe of a read; empty for a store.
        value, caching, read: the scenario's parts as plain JSON.
        workspace: the folder that the store and the reads of one scenario share.
        stored: the store's result, for a read: ``keys``, ``digests`` and ``frame_bytes`` by value, and
            of a measured value ``form`` and ``logical_bytes``.
        reads: how many measured reads.
        pinned: the allocators were pinned through the environment.
        capture: where memray writes.
        connection: how to reach the run's server, and a key made for the run; it lives in the task file
            of a private folder, and is never saved in a run folder.
    """

    operation: str
    value: dict[str, Any]
    caching: dict[str, Any]
    read: dict[str, Any]
    workspace: str
    instrument: str = ""
    stored: dict[str, Any] = field(default_factory=dict)
    reads: int = 1
    pinned: bool = True
    capture: str = ""
    connection: dict[str, str] = field(default_factory=dict)
    version: int = VERSION


def measured_names(read: dict[str, Any]) -> tuple[str, ...]:
    """The names of the values that a read measures: one, or one for each of its readers."""
    others = (f"{MEASURED}-{number}" for number in range(2, int(read.get("keys", 1)) + 1))
    return (MEASURED, *others)


def encode_task(task: Task) -> str:
    """Write a task, for :func:`decode_task`."""
    return json.dumps(asdict(task))


def decode_task(text: str) -> Task:
    """Read a task.

    Raises:
        WireError: it was written for another version of the wire.
    """
    fields = json.loads(text)
    if fields.get("version") != VERSION:
        raise WireError(f"a task of wire version {fields.get('version')!r}; this child speaks {VERSION}")
    return Task(**fields)


class Channel:
    """The child's end: write messages, wait at barriers."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._read_fd = read_fd
        self._write_fd = write_fd

    def barrier(self, name: str) -> None:
        """Stop until the supervisor says to go on; it looks at the process from outside meanwhile.

        Raises:
            WireError: the supervisor is gone.
        """
        self._send({"type": BARRIER, "name": name})
        if os.read(self._read_fd, 1) != b"\n":
            raise WireError("the supervisor closed the channel")

    def result(self, data: dict[str, Any]) -> None:
        self._send({"type": RESULT, "data": data})

    def failure(self, reason: str) -> None:
        self._send({"type": FAILURE, "reason": reason})

    def _send(self, message: dict[str, Any]) -> None:
        line = memoryview(json.dumps({"version": VERSION, **message}).encode() + b"\n")
        while line:
            line = line[os.write(self._write_fd, line) :]
