"""What the replays of one run share."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from cachekit_memprobe.model import Connection, RunOptions, Scenario, Step, Target
from cachekit_memprobe.replay.supervisor import Supervisor

Progress = Callable[[Step], None]
"""Told what is being done; from several threads."""

Connect = Callable[[Scenario], AbstractContextManager[Connection]]
"""Opens the way from a scenario's children to its server; what was stored is gone when it closes."""


@dataclass(frozen=True)
class Shared:
    """The same for each scenario of a run.

    Attributes:
        scratch: a folder that is removed with all in it when the run ends.
        slots: measured processes that may run at the same time.
        in_work: scenarios whose values may be stored at the same time.
    """

    target: Target
    options: RunOptions
    supervisor: Supervisor
    scratch: Path
    connect: Connect
    progress: Progress
    slots: threading.Semaphore
    in_work: threading.Semaphore
