"""The user's own data: how large it is once the target has loaded it, which its file doesn't say."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from cachekit_memprobe.child.task import SIZE, Sized, Task
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.model import Scenario, Target
from cachekit_memprobe.replay.environment import child_environment
from cachekit_memprobe.replay.supervisor import Launch, Supervisor


@dataclass(frozen=True)
class OwnData:
    """Loads each file once, in a process that is then gone.

    Attributes:
        folder: of the loading process's own.
    """

    target: Target
    supervisor: Supervisor
    folder: Path
    timeout_s: float
    _sizes: dict[tuple[str, float], int | CouldNotMeasure] = field(default_factory=dict)

    def with_size(self, scenario: Scenario) -> Scenario:
        """The scenario with the logical size of its file's data; as it is when its value is made.

        Raises:
            CouldNotMeasure: the target can't load the file.
        """
        file, share = scenario.value.file, scenario.value.share
        if not file:
            return scenario
        if (file, share) not in self._sizes:
            self._sizes[file, share] = self._loaded(scenario)
        size = self._sizes[file, share]
        if isinstance(size, CouldNotMeasure):
            raise size
        return replace(scenario, value=replace(scenario.value, logical_bytes=size))

    def _loaded(self, scenario: Scenario) -> int | CouldNotMeasure:
        task = Task(
            operation=SIZE,
            value=scenario.value,
            caching=scenario.caching,
            read=scenario.read,
            workspace=str(self.folder),
        )
        launch = Launch(
            python=self.target.python,
            task=task,
            environment=child_environment(scenario, home=self.folder, pinned=True, counts_pages=False),
            folder=self.folder,
            timeout_s=self.timeout_s,
            fresh=False,
        )
        try:
            return self.supervisor.run(launch, Sized).logical_bytes
        except CouldNotMeasure as failure:
            return failure
