"""Which commit made a figure worse, or mended it: the records of ``bisect``. Figures are in payloads."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from cachekit_memprobe.comparison import ScenarioComparison
from cachekit_memprobe.model import Limit

Answer = Literal["good", "bad", "skipped"]


@dataclass(frozen=True)
class Commit:
    """A commit of the repository.

    Attributes:
        hash: the whole one.
        date: of the commit, as ISO 8601, ``2026-06-18``.
        subject: the first line of what its author says.
    """

    hash: str
    date: str
    subject: str


@dataclass(frozen=True)
class Trial:
    """A commit that was measured, or could not be.

    Attributes:
        reason: why it was skipped.
    """

    commit: Commit
    answer: Answer
    figure: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class Bisected:
    """A finished bisection.

    Attributes:
        limit: above which a commit is bad.
        sought: what the commit made of the read, ``bad`` or ``good``.
        old, new: the ends.
        trials: all that were measured or skipped, in their order, the ends first.
        suspects: the commit that did it; several if those between could not be measured.
        comparison: of that commit with the one before it; ``None`` if that could not be measured.
    """

    repository: str
    scenario: str
    metric: str
    limit: Limit
    sought: Answer
    old: Trial
    new: Trial
    trials: tuple[Trial, ...]
    suspects: tuple[Commit, ...]
    comparison: ScenarioComparison | None = None

    @property
    def is_found(self) -> bool:
        return len(self.suspects) == 1


@dataclass
class Search:
    """Between commits as they were and one that is otherwise; which is next is git's to say.

    Attributes:
        old: hashes of those before the change.
        new: the hash of one since.
        sought: ``bad`` if the first bad commit is looked for, ``good`` if the one that mended it.
        skipped: hashes.
    """

    new: str
    old: list[str]
    sought: Answer = "bad"
    skipped: set[str] = field(default_factory=set)

    def learn(self, commit: str, answer: Answer) -> None:
        """What came of a commit between them."""
        if answer == "skipped":
            self.skipped.add(commit)
        elif answer == self.sought:
            self.new = commit
        else:
            self.old.append(commit)

    def next_of(self, listed: Sequence[str]) -> str | None:
        """The one to measure next.

        Args:
            listed: what has to be looked at, as ``git rev-list --bisect-all`` orders it, the best one first.
        """
        return next((one for one in listed if one != self.new and one not in self.skipped), None)
