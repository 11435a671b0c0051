"""What became of the files of an environment since it was made, and what follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass

_INSTRUMENT = "memray"


@dataclass(frozen=True)
class Fate:
    """What became of the files of an environment that this tool has made.

    Attributes:
        modified: the packages with other files than were installed, and code that none of them brought.
        lacks: the first files that are gone; empty when none is.
    """

    modified: tuple[str, ...]
    lacks: str

    @classmethod
    def of(cls, versions: Mapping[str, str]) -> "Fate":
        """From what the environment's interpreter tells."""
        return cls(tuple(filter(None, versions.get("modified", "").split(", "))), versions.get("lacks", ""))

    @property
    def edited(self) -> tuple[str, ...]:
        """What somebody may have edited on purpose. Nobody does that to the instrument."""
        return tuple(name for name in self.modified if name != _INSTRUMENT)

    @property
    def problem(self) -> str:
        """Why nothing can be measured with it; empty when something can."""
        if self.lacks:
            return f"it lacks {self.lacks}"
        return f"files of {_INSTRUMENT} were changed" if _INSTRUMENT in self.modified else ""

    def told(self, versions: Mapping[str, str]) -> dict[str, str]:
        """The versions for a report. cachekit has a state of its own."""
        others = ", ".join(name for name in self.modified if name != "cachekit")
        kept = {name: text for name, text in versions.items() if name not in ("modified", "lacks")}
        return {**kept, "modified": others} if others else kept
