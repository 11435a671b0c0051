"""The repository around a project: what CI systems call its files, and where a measured line is in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.model import Origin

_WORKSPACE = "GITHUB_WORKSPACE"
_LARGEST_SOURCE_BYTES = 4 << 20
_SOURCES = ("src", "", "lib", "python")
"""Where below a project its packages lie."""


@dataclass(frozen=True)
class Spot:
    """A line of a file, from 1; the file is relative to the root of the repository, with ``/``."""

    file: str
    line: int


@dataclass(frozen=True)
class Checkout:
    """A repository on disk, around the folder of a project.

    Attributes:
        root: what CI systems name files from.
        base: what the origin of a limit is relative to: Git's root, or where there is none the folder.
        folder: where the project's packages are looked for first.
    """

    root: Path
    base: Path
    folder: Path

    @classmethod
    def around(cls, folder: Path, environment: Mapping[str, str]) -> "Checkout":
        """That of a folder: the workspace of a GitHub job, Git's, or no more than the folder."""
        folder = folder.absolute()
        base = next((one for one in (folder, *folder.parents) if (one / ".git").exists()), folder)
        return cls(_root_of(base, environment), base, folder)

    def spot_of(self, origin: Origin) -> Spot:
        """Where a limit stands."""
        return Spot(self._relative(self.base / origin.file) or origin.file, origin.line)

    def line_of(self, place: Place, source: str) -> Spot | None:
        """Where a line that was measured is in the checkout; ``None`` if it isn't there.

        What was measured may be another state of the file: the text of the line decides.
        """
        wanted = source.strip()
        if not wanted or not _is_below(place.file):
            return None
        for path in self._candidates(place.file):
            lines = _lines_of(path)
            if (line := _found(wanted, place.line, lines)) and (file := self._relative(path)):
                return Spot(file, line)
        return None

    def _candidates(self, file: str) -> Iterator[Path]:
        for folder in dict.fromkeys((self.folder, self.base, self.root)):
            yield from (folder / sources / file for sources in _SOURCES)

    def _relative(self, path: Path) -> str | None:
        """From the root of the repository; ``None`` of what lies elsewhere."""
        try:
            return path.resolve().relative_to(self.root.resolve()).as_posix()
        except (OSError, ValueError, RuntimeError):
            return None


def _root_of(base: Path, environment: Mapping[str, str]) -> Path:
    """The workspace, if the base is a submodule of it, or no repository but in it; or else the base."""
    workspace = Path(environment.get(_WORKSPACE) or base).absolute()
    is_inside = base.resolve().is_relative_to(workspace.resolve())
    is_own = (base / ".git").exists() and not (workspace / ".git").exists()
    return workspace if is_inside and not is_own else base


def _is_below(file: str) -> bool:
    """Whether it names a file below a folder: it comes from outside."""
    path = PurePosixPath(file)
    return bool(file) and "\0" not in file and not path.is_absolute() and ".." not in path.parts


def _lines_of(path: Path) -> list[str]:
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST_SOURCE_BYTES:
            return []
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except (OSError, ValueError):
        return []


def _found(wanted: str, line: int, lines: list[str]) -> int:
    """The number of the line with this text: at its place, or else the only one; 0 if there is none."""
    if 0 < line <= len(lines) and lines[line - 1].strip() == wanted:
        return line
    same = [number for number, text in enumerate(lines, 1) if text.strip() == wanted]
    return same[0] if len(same) == 1 else 0
