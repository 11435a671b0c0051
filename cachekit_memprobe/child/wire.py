"""The messages between the supervisor and a child, and the channel that carries them.

One JSON object a line, on two pipes of their own: nothing that the target prints can reach them. The
supervisor writes the task; the child writes barriers and one last result or failure; the supervisor answers
each barrier.
"""

import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cachekit_memprobe.child.task import Task, decode_task

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

VERSION = 2

BARRIER = "barrier"
RESULT = "result"
FAILURE = "failure"

PREPARED = "prepared"
BEFORE_READ = "before-read"
AFTER_READ = "after-read"
AFTER_DROP = "after-drop"
SETTLED = "settled"
GIVEN_BACK = "given-back"
COLLECTED = "collected"


class WireError(Exception):
    """The supervisor is gone, or doesn't say what it should."""


class Channel:
    """The child's end: take the task, write messages, wait at barriers."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._read_fd = read_fd
        self._write_fd = write_fd

    def task(self) -> Task:
        """Wait for the task.

        Raises:
            WireError: the supervisor is gone.
        """
        return decode_task(self._line())

    def barrier(self, name: str) -> None:
        """Stop until the supervisor says to go on; it looks at the process from outside meanwhile.

        Raises:
            WireError: the supervisor is gone.
        """
        self._send({"type": BARRIER, "name": name})
        if os.read(self._read_fd, 1) != b"\n":
            raise WireError("the supervisor closed the channel")

    def result(self, record: "DataclassInstance") -> None:
        """The record, as JSON of the same shape."""
        self._send({"type": RESULT, "data": asdict(record)})

    def failure(self, reason: str) -> None:
        self._send({"type": FAILURE, "reason": reason})

    def _line(self) -> str:
        """A line from the supervisor, and nothing of what follows it."""
        line = bytearray()
        while not line.endswith(b"\n"):
            chunk = os.read(self._read_fd, 1 << 16)
            if not chunk:
                raise WireError("the supervisor closed the channel")
            line += chunk
        return line.decode("utf-8")

    def _send(self, message: dict[str, Any]) -> None:
        line = memoryview(json.dumps({"version": VERSION, **message}).encode() + b"\n")
        while line:
            line = line[os.write(self._write_fd, line) :]
