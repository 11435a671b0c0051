"""What a process of the target finds out about a scenario before anything is stored, and is then gone."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from cachekit_memprobe.child.task import Task
from cachekit_memprobe.model import Scenario, Target
from cachekit_memprobe.replay.environment import child_environment
from cachekit_memprobe.replay.supervisor import Launch, Supervisor

_Record = TypeVar("_Record")


@dataclass(frozen=True)
class Errands:
    """Runs such processes.

    Attributes:
        folder: of the processes' own.
    """

    target: Target
    supervisor: Supervisor
    folder: Path
    timeout_s: float

    def run(
        self, operation: str, scenario: Scenario, kind: type[_Record], *, memory_bytes: int = 0
    ) -> _Record:
        """What one of them answers, a record of the given kind.

        Args:
            memory_bytes: which it may take; 0 for no limit.

        Raises:
            CouldNotMeasure: it failed, see :meth:`.Supervisor.run`.
        """
        task = Task(
            operation=operation,
            value=scenario.value,
            caching=scenario.caching,
            read=scenario.read,
            workspace=str(self.folder),
            memory_bytes=memory_bytes,
        )
        launch = Launch(
            python=self.target.python,
            task=task,
            environment=child_environment(scenario, home=self.folder, pinned=True, counts_pages=False),
            folder=self.folder,
            timeout_s=self.timeout_s,
            fresh=False,
        )
        return self.supervisor.run(launch, kind)
