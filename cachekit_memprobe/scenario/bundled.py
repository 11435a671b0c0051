"""The scenarios that come with the package."""

from dataclasses import replace
from pathlib import Path

from cachekit_memprobe.errors import MemprobeError, UsageError
from cachekit_memprobe.model import Scenario
from cachekit_memprobe.scenario.loader import load_scenario
from cachekit_memprobe.scenario.problems import closest, did_you_mean, printable

_PACKAGE = Path(__file__).resolve().parents[1]
FOLDERS = (_PACKAGE / "bundled_scenarios", _PACKAGE.parent / "scenarios")
"""Where they are: in an installed package, or in a checkout."""


def bundled_names() -> tuple[str, ...]:
    """The names of the bundled scenarios, sorted.

    Raises:
        MemprobeError: the installation has none.
    """
    return tuple(_files())


def load_bundled(name: str) -> Scenario:
    """A bundled scenario by its exact name; its source is ``bundled:NAME``.

    Raises:
        UsageError: there is no such scenario; the message names those that look like it.
    """
    return replace(load_scenario(bundled_path(name)), source=f"bundled:{name}")


def bundled_path(name: str) -> Path:
    """The file of a bundled scenario.

    Raises:
        UsageError: there is no such scenario.
    """
    try:
        return _files()[name]
    except KeyError:
        raise UsageError(no_such_scenario(name)) from None


def no_such_scenario(pattern: str) -> str:
    """What to tell a user whose name or glob matches nothing."""
    names = bundled_names()
    matches = closest(pattern, names)
    remedy = did_you_mean(matches) if matches else f"there are {', '.join(names)}"
    return f"no bundled scenario matches {printable(pattern)!r}; {remedy} (a file: PATH.toml or ./PATH)"


def _files() -> dict[str, Path]:
    for folder in FOLDERS:
        files = {path.stem: path for path in folder.glob("*.toml")}
        if files:
            return dict(sorted(files.items()))
    raise MemprobeError("this installation has no bundled scenarios; install cachekit-memprobe again")
