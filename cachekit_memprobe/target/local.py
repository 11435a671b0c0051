"""A cachekit that lies here: a source tree, an sdist or a wheel. It is known by what is in it."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.errors import CouldNotMeasure, UsageError
from cachekit_memprobe.guesses import did_you_mean, near_paths
from cachekit_memprobe.target.git import Repository
from cachekit_memprobe.target.revision import made_of

_PROJECT_FILES = ("pyproject.toml", "setup.py")
_ARCHIVES = (".whl", ".tar.gz")
_MADE = ("target", "build", "dist", "__pycache__", "node_modules")
"""Folders of what a build or a run leaves behind."""

_COMPILED = (".pyc", ".so", ".pyd")
_SHOWN = 8


@dataclass(frozen=True)
class Local:
    """A cachekit that lies here.

    Attributes:
        path: absolute.
        fingerprint: of all that a build may read: what has changed is another cachekit.
        over: the release over whose wheel its Python files are laid; ``None`` if it is built.
    """

    path: Path
    fingerprint: str
    over: Version | None = None

    @property
    def is_wheel(self) -> bool:
        return self.path.suffix == ".whl"

    @property
    def state(self) -> str:
        """What sets it apart from a release, for reports."""
        shown = self.fingerprint[:_SHOWN]
        return f"source tree {shown}, {made_of(self.over)}" if self.path.is_dir() else f"file {shown}"

    def __str__(self) -> str:
        return f"the cachekit in {printable(self.path.name)}"

    @contextmanager
    def tree(self) -> Iterator[Path]:
        """The source tree, which has to stay as it is meanwhile.

        Raises:
            CouldNotMeasure: it hasn't, so that nobody knows what was made of it.
        """
        yield self.path
        if inspected(self.path).fingerprint != self.fingerprint:
            raise CouldNotMeasure(f"{self} was changed while it was being built; try again")


def is_path(spec: str) -> bool:
    """Whether a spec is meant as a path: it has a separator in it, or is ``.``, ``..`` or an archive."""
    return os.sep in spec or spec in (os.curdir, os.pardir) or spec.endswith(_ARCHIVES)


def inspected(path: Path) -> Local:
    """What lies at a path.

    Raises:
        UsageError: nothing that can be built or installed.
    """
    try:
        path = path.expanduser().absolute()
        if path.is_dir():
            if not any((path / name).is_file() for name in _PROJECT_FILES):
                raise UsageError(
                    f"--cachekit {printable(path)} has no {_PROJECT_FILES[0]}; give the folder of cachekit's "
                    "project, or an interpreter that has cachekit with --python"
                )
            return Local(path, _fingerprint(path))
        if path.is_file() and path.name.endswith(_ARCHIVES):
            return Local(path, hashlib.sha256(path.read_bytes()).hexdigest())
    except OSError as error:
        raise UsageError(f"--cachekit {printable(path)} can't be read: {error.strerror}") from None
    except (RuntimeError, ValueError):  # ~nosuchuser, and a null character
        raise UsageError(f"--cachekit {printable(path)} is no path of this machine; check it") from None
    reason = "is no source tree and no wheel" if path.exists() else "does not exist"
    near = near_paths(path, _ARCHIVES)
    remedy = did_you_mean(near) if near else "give the folder of cachekit's project"
    raise UsageError(f"--cachekit {printable(path)} {reason}; {remedy}")


def _fingerprint(tree: Path) -> str:
    digest = hashlib.sha256()
    for name in files_of(tree):
        content = tree / name
        if content.is_file():
            digest.update(f"{name}\0{hashlib.sha256(content.read_bytes()).hexdigest()}\0".encode())
    return digest.hexdigest()


def files_of(tree: Path) -> Sequence[str]:
    """The names of what a build may read, in their order."""
    return sorted(_tracked(tree) or _walked(tree))


def _tracked(tree: Path) -> list[str]:
    """The files that git knows, and new ones that it doesn't ignore; empty where there is no repository."""
    listed = Repository(tree).answer("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return [name for name in (listed or "").split("\0") if name]


def _walked(tree: Path) -> Iterator[str]:
    """The files, without those that aren't source."""
    for folder, inner, files in os.walk(tree):
        inner[:] = [name for name in inner if _is_source(Path(folder, name))]
        for name in files:
            if not name.endswith(_COMPILED):
                yield Path(folder, name).relative_to(tree).as_posix()


def _is_source(folder: Path) -> bool:
    hidden = folder.name.startswith(".")
    made = folder.name in _MADE or folder.name.endswith(".egg-info")
    return not (hidden or made or (folder / "pyvenv.cfg").exists())
