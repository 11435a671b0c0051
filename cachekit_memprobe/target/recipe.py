"""What an environment for a release consists of, and where it is kept."""

import hashlib
import json
import os
import platform
import sysconfig
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import platformdirs
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.folders import own_folder
from cachekit_memprobe.target import interpreter
from cachekit_memprobe.target.local import Local
from cachekit_memprobe.target.revision import Revision

CACHE_DIR_VARIABLE = "CACHEKIT_MEMPROBE_CACHE_DIR"
Source = Version | Local | Revision

RECIPE = 2
"""To be raised when environments have to be made anew, because how they are made has changed."""

PACKAGES = ("orjson", "pyarrow", "pandas", "numpy", "pymemcache")


@dataclass(frozen=True)
class Base:
    """The interpreter that an environment is made from.

    Attributes:
        version: ``3.11.7``.
        build: what else tells its builds apart.
    """

    python: Path
    implementation: str
    version: str
    build: str | None

    @classmethod
    def own(cls) -> "Base":
        """That of this tool."""
        return cls(
            interpreter.base_python(),
            platform.python_implementation(),
            platform.python_version(),
            sysconfig.get_config_var("SOABI"),
        )


@dataclass(frozen=True)
class Recipe:
    """Everything that an environment depends on; two recipes that differ have different keys.

    Attributes:
        source: the cachekit in it.
        requirements: all else that it has.
    """

    source: Source
    base: Base
    requirements: tuple[str, ...]

    @property
    def python(self) -> Path:
        """Which makes the environment."""
        return self.base.python

    @property
    def name(self) -> str:
        """What is in the environment, for messages."""
        return f"cachekit {self.source}" if isinstance(self.source, Version) else str(self.source)

    @property
    def key(self) -> str:
        """A folder's name: readable, and unique by its hash."""
        build = (str(self.python), self.base.build, platform.system())
        facts = json.dumps([RECIPE, self._label, *build, *self._cachekit, *self.requirements])
        return f"{self._label}-{hashlib.sha256(facts.encode()).hexdigest()[:12]}"

    @property
    def below(self) -> "Recipe | None":
        """That of the release over which it is laid."""
        over = None if isinstance(self.source, Version) else self.source.over
        return replace(self, source=over) if over else None

    @property
    def _label(self) -> str:
        python = f"{self.base.implementation.lower()}-{self.base.version}"
        source = self.source if isinstance(self.source, Version) else "local"
        return f"cachekit-{source}-{python}-{platform.machine()}"

    @property
    def _cachekit(self) -> tuple[str, ...]:
        """What identifies it: not where a source tree lies, but what is in it."""
        if isinstance(self.source, Version):
            return (f"cachekit=={self.source}",)
        return (self.source.fingerprint, *([f"over {self.source.over}"] if self.source.over else []))


def recipe_of(source: Source, extras: tuple[Requirement, ...] = (), base: Base | None = None) -> Recipe:
    """How the environment of a release, or of a source tree, is made.

    memray is this tool's own version of it, since this tool reads the captures that it writes.

    Args:
        source: of cachekit.
        extras: further requirements, which replace those of the same package.
        base: by default this tool's own interpreter.
    """
    try:
        memray = version("memray")
    except PackageNotFoundError:
        raise CouldNotMeasure("memray is missing; install cachekit-memprobe again") from None
    chosen = {canonicalize_name(extra.name): str(extra) for extra in extras}
    packages = {canonicalize_name(name): name for name in PACKAGES}
    requirements = (*{**packages, **chosen}.values(), f"memray=={memray}")
    return Recipe(source, base or Base.own(), requirements)


def environments_root() -> Path:
    """Where environments are kept.

    Raises:
        UsageError: there is no such folder, since there is no home.
    """
    return cache_folder() / "environments"


def repositories_root() -> Path:
    """Where clones of repositories are kept.

    Raises:
        UsageError: there is no such folder, since there is no home.
    """
    return cache_folder() / "repositories"


def cache_folder() -> Path:
    """The user's cache directory, unless the environment names another."""
    chosen = os.environ.get(CACHE_DIR_VARIABLE)
    if chosen:
        return Path(chosen).absolute()
    remedy = f"name a folder for environments of releases with {CACHE_DIR_VARIABLE}"
    return own_folder(platformdirs.user_cache_path, "XDG_CACHE_HOME", remedy)
