"""The user's own data: how large it is once the target has loaded it, which its file doesn't say."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.child.task import SIZE, Sized
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.model import Scenario
from cachekit_memprobe.replay.errands import Errands


@dataclass(frozen=True)
class OwnData:
    """Loads each file once, in a process that is then gone.

    Attributes:
        memory_bytes: what may be taken to load one: its file may be small, and its data of any size.
    """

    errands: Errands
    memory_bytes: int = 0
    _loaded_files: dict[tuple[str, float], Sized | CouldNotMeasure] = field(default_factory=dict)

    def with_size(self, scenario: Scenario) -> Scenario:
        """The scenario with the size of its file's data and what it holds; as it is when its value is made.

        Raises:
            CouldNotMeasure: the target can't load the file.
        """
        file, share = scenario.value.file, scenario.value.share
        if not file:
            return scenario
        if (file, share) not in self._loaded_files:
            self._loaded_files[file, share] = self._loaded(scenario)
        loaded = self._loaded_files[file, share]
        if isinstance(loaded, CouldNotMeasure):
            raise loaded
        return replace(
            scenario, value=replace(scenario.value, logical_bytes=loaded.logical_bytes, holds=loaded.holds)
        )

    def _loaded(self, scenario: Scenario) -> Sized | CouldNotMeasure:
        try:
            return self.errands.run(SIZE, scenario, Sized, memory_bytes=self.memory_bytes)
        except CouldNotMeasure as failure:
            return _naming(failure, printable(Path(scenario.value.file).name))


def _naming(failure: CouldNotMeasure, name: str) -> CouldNotMeasure:
    """The failure with the name of the file, which a process that died didn't tell."""
    if str(failure).startswith(name):
        return failure
    return CouldNotMeasure(f"{name}: it can't be loaded; check that the file is whole: {failure}")
