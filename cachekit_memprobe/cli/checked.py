"""What ``check`` is about: a project, those of its scenarios that are chosen, and its baseline."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cachekit_memprobe import checking
from cachekit_memprobe.checking import Baseline, BaselineFile, Holding, Project, Relative
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.model import Scenario


@dataclass(frozen=True)
class Checked:
    """A project's scenarios, and what holds for them.

    Attributes:
        scenarios: that are chosen, with the limits that they are judged against.
        held: of all of the project's scenarios, by name, every limit that holds.
        relatives: the limits over the baseline, unless a new one is to be made.
        baseline: ``None`` if there is none, or a new one is to be made.
        baseline_file: which may be missing.
    """

    project: Project
    scenarios: tuple[Scenario, ...]
    held: Mapping[str, tuple[Holding, ...]]
    relatives: tuple[Relative, ...]
    baseline: Baseline | None
    baseline_file: BaselineFile

    def only(self, scenarios: tuple[Scenario, ...]) -> "Checked":
        """The same of some of its scenarios."""
        names = {scenario.name for scenario in scenarios}
        relatives = tuple(one for one in self.relatives if one.scenario.name in names)
        return replace(self, scenarios=scenarios, relatives=relatives)


def checked_of(
    config: Path | None, patterns: tuple[str, ...], *, with_baseline: bool, baseline_file: Path | None = None
) -> Checked:
    """Read a project's configuration, and what it says of the scenarios that are named.

    Args:
        with_baseline: judge by it; otherwise limits over it are left out.
        baseline_file: the baseline's, if it isn't the one beside the configuration.

    Raises:
        UsageError: a file is invalid, or a pattern names no scenario.
    """
    configuration = checking.read(config) if config else checking.find(Path.cwd())
    project = checking.project_of(configuration)
    chosen = project.chosen(patterns)
    held = {one.name: checking.holding(one, project.limits, configuration) for one in project.scenarios}
    path = baseline_file or configuration.folder / checking.FILE
    file = BaselineFile(path, str(baseline_file or ""))
    baseline = checking.read_baseline(file) if with_baseline else None
    if with_baseline and file.given and baseline is None:
        raise UsageError(f"--baseline {file.name}: there is no such file")
    return Checked(
        project,
        tuple(checking.judged(one, held[one.name], configuration, baseline) for one in chosen),
        held,
        tuple(checking.relative_of(one, held[one.name]) for one in chosen) if with_baseline else (),
        baseline,
        file,
    )
