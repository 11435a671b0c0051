"""What a list of many runs says of each: little, and saved when it ends, so that nothing is computed."""

import os
from dataclasses import dataclass
from pathlib import Path

from cachekit_memprobe import __version__, in_use
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.model import Run, Target
from cachekit_memprobe.runstore import loading
from cachekit_memprobe.runstore.names import SUMMARY_FILE
from cachekit_memprobe.runstore.reading import Files

_LARGEST_BYTES = 1 << 20

RUNNING = "is still running"
NO_VERDICT = "no verdict saved"


@dataclass(frozen=True)
class Summary:
    """``summary.json``.

    Attributes:
        created: when the run began, ISO 8601.
        target: ``cachekit 0.17.1 (editable)``.
        scenarios: their names, in order.
        verdict_line: the verdict on the whole run in words, as it was when the run ended.
    """

    tool_version: str
    created: str
    target: str
    scenarios: tuple[str, ...]
    verdict_line: str

    @classmethod
    def of(cls, run: Run, verdict_line: str) -> "Summary":
        """That of a finished run."""
        names = tuple(scenario.name for scenario in run.scenarios)
        return cls(__version__, run.created, run.target.words, names, verdict_line)


@dataclass(frozen=True)
class Entry:
    """A run in a list.

    Attributes:
        id: by which commands know it.
        verdict_line: or why there is none.
    """

    id: str
    created: str
    target: str
    scenarios: tuple[str, ...]
    verdict_line: str


def entry_of(folder: Path) -> Entry:
    """What is known of a run without attributing anything; of a broken one, what is wrong with it."""
    try:
        if os.path.lexists(folder / SUMMARY_FILE):
            found = _summary_in(folder)
        else:
            saved = loading.run_in(folder)
            target = Target(saved.target.spec, Path(), saved.target.versions)
            why = RUNNING if in_use.is_being_written(folder) else NO_VERDICT
            found = Summary(saved.tool_version, saved.created, target.words, saved.scenarios, why)
    except UsageError as error:
        return Entry(folder.name, "", "", (), str(error))
    return Entry(folder.name, found.created, found.target, found.scenarios, found.verdict_line)


def _summary_in(folder: Path) -> Summary:
    files = Files(folder, shown=f"{folder.name}/", remedy="remove it, and report will judge the run again")
    text = files.text(SUMMARY_FILE, _LARGEST_BYTES)
    return files.parsed(SUMMARY_FILE, text, Summary)
