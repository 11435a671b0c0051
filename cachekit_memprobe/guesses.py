"""What may have been meant by a name of nothing: the few that look like it, never all of them."""

import difflib
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

_LONGEST_WORD = 100
_MOST = 3
_MOST_ENTRIES = 10_000
"""Of a folder: one with more has to wait for none of them."""


def closest(word: str, options: Iterable[str]) -> tuple[str, ...]:
    """At most three options that look like the word, the likeliest first."""
    if len(word) > _LONGEST_WORD:
        return ()
    return tuple(difflib.get_close_matches(word, list(options), n=_MOST))


def did_you_mean(matches: Sequence[str]) -> str:
    """The question ``did you mean a, b or c?``."""
    return f"did you mean {either(matches)}?"


def either(words: Sequence[str]) -> str:
    """``a, b or c``."""
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def guess(word: str, options: Iterable[str], otherwise: str) -> str:
    """What to write instead of a word: what looks like it, or has it as a part; otherwise something else."""
    known = list(options)
    if same := [one for one in known if one.lower() == word.lower()]:
        return did_you_mean(same)
    containing = [one for one in known if word and word.lower() in one.lower()]
    if len(containing) > _MOST:
        return did_you_mean(
            [*containing[: _MOST - 1], f"another of the {len(containing)} with {word!r} in them"]
        )
    matches = closest(word, known) or closest(word.lower(), known) or containing
    return did_you_mean(matches) if matches else otherwise


def some(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    shown, rest = names[:_MOST], len(names) - _MOST
    return ", ".join(shown) + (f" and {rest} more" if rest > 0 else "")


ONLY_FOLDERS = ("\0",)
"""No name of a file ends so."""


def near_paths(path: Path, suffixes: Sequence[str] = ("",)) -> tuple[str, ...]:
    """Files with these suffixes, and folders, that look like a path of which something is missing.

    The first part that isn't there is looked for among its siblings.
    """
    for missing in reversed((path, *path.parents)):
        if not os.path.lexists(missing):
            entries = list(_entries(missing.parent, suffixes))
            return tuple(str(missing.with_name(name)) for name in closest(missing.name, entries))
    return ()


def _entries(folder: Path, suffixes: Sequence[str]) -> Iterable[str]:
    with suppress(OSError), os.scandir(folder) as found:
        for entry in islice(found, _MOST_ENTRIES):
            if entry.name.endswith(tuple(suffixes)) or entry.is_dir():
                yield entry.name
