"""uv, which finds releases and makes environments."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from packaging.version import Version

from cachekit_memprobe import leash
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.processes import run
from cachekit_memprobe.scratch import scratch_folder
from cachekit_memprobe.target import uv_settings
from cachekit_memprobe.target.excerpt import tail, without_hosts
from cachekit_memprobe.target.interpreter import base_python, own_python

RESOLVE_TIMEOUT_S = 120.0
VENV_TIMEOUT_S = 120.0
INSTALL_TIMEOUT_S = 900.0
BUILD_TIMEOUT_S = 1800.0

_REMEDY = (
    "See the releases of cachekit on PyPI; if this is one of them, check the network and uv's index "
    "settings. An environment of your own is measured with --python"
)
_BUILD_REMEDY = (
    "Its native part needs a Rust toolchain, and its build packages from PyPI. One that is built and "
    "installed in an environment of yours is measured with --python"
)
_FULL = re.compile(r"No space left on device|Disk quota exceeded|os error (28|122)\)")
_FULL_REMEDY = (
    "Make room on the disk, or name other folders: CACHEKIT_MEMPROBE_CACHE_DIR for environments, "
    "UV_CACHE_DIR for what uv downloads"
)
_TAIL_LINES = 12
_LEASH = Path(leash.__file__)
_SETTINGS_FILE = "uv.toml"

_PLAIN = ("--quiet", "--color", "never", "--no-python-downloads")
# Only wheels: what was published is what is measured, and nobody waits for Rust and C++ to compile.
_WHEELS = ("--only-binary", ":all:")


def latest_release(progress: Callable[[str], None]) -> Version:
    """The newest release of cachekit that this tool's Python can have; pre-releases don't count.

    Raises:
        CouldNotMeasure: uv can't tell.
    """
    progress("looking up the latest cachekit")
    arguments = ("pip", "compile", *_PLAIN, *_WHEELS, "--no-deps", "--no-header", "--no-annotate")
    only_final = ("--prerelease", "disallow", "--python", str(base_python()))
    listing = _uv(
        (*arguments, *only_final, "cachekit.in"),
        failure="the latest release of cachekit can't be found",
        timeout_s=RESOLVE_TIMEOUT_S,
        files={"cachekit.in": "cachekit\n"},
    )
    found = re.search(r"^cachekit==([^\s;]+)", listing, re.MULTILINE)
    if found is None:
        raise CouldNotMeasure(f"uv named no release of cachekit. {_REMEDY}")
    return Version(found.group(1))


def resolved(requirements: Sequence[str], python: Path, name: str) -> dict[str, str]:
    """The versions that an environment of these requirements would get now.

    Raises:
        CouldNotMeasure: they can't be had together, or uv can't tell.
    """
    arguments = ("pip", "compile", *_PLAIN, *_WHEELS, "--no-header", "--no-annotate", "--no-strip-extras")
    listing = _uv(
        (*arguments, "--python", str(python), "wanted.in"),
        failure=f"{name} can't be installed",
        timeout_s=RESOLVE_TIMEOUT_S,
        files={"wanted.in": "".join(f"{one}\n" for one in requirements)},
    )
    found = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;]+)", listing, re.MULTILINE)
    return dict(found)


def create(folder: Path, python: Path, name: str) -> None:
    """Make an empty virtual environment that still works after its folder was renamed.

    Raises:
        CouldNotMeasure: uv fails.
    """
    _uv(
        ("venv", *_PLAIN, "--no-project", "--relocatable", "--python", str(python), str(folder)),
        failure=f"no environment can be made for {name}",
        timeout_s=VENV_TIMEOUT_S,
    )


def install(
    python: Path, requirements: Sequence[str], name: str, anew: Sequence[str] = (), *, alone: bool = False
) -> None:
    """Install the requirements into the environment of an interpreter.

    Its files are copies. uv would rather link those of its cache, and whoever edits one in an environment,
    as one does to try a fix, would edit the cache and all environments that come of it.

    Args:
        anew: packages to download and install again.
        alone: without what they need.

    Raises:
        CouldNotMeasure: they can't be installed.
    """
    again = [argument for package in anew for argument in ("--reinstall-package", package)]
    cache = ("--no-cache", *again) if again else ()
    copied = ("--link-mode", "copy", *cache, *(["--no-deps"] if alone else []))
    _uv(
        ("pip", "install", *_PLAIN, *_WHEELS, *copied, "--python", str(python), *requirements),
        failure=f"{name} can't be installed",
        timeout_s=INSTALL_TIMEOUT_S,
    )


def unpack(release: Version, python: Path, folder: Path, name: str) -> None:
    """Put the files of a release, and of nothing else, into a folder.

    Raises:
        CouldNotMeasure: it can't be had.
    """
    only = ("--no-deps", "--link-mode", "copy", "--target", str(folder))
    _uv(
        ("pip", "install", *_PLAIN, *_WHEELS, *only, "--python", str(python), f"cachekit=={release}"),
        failure=f"{name} can't be installed",
        timeout_s=INSTALL_TIMEOUT_S,
    )


def build(source: Path, python: Path, folder: Path, name: str) -> Path:
    """A wheel of a source tree, or of an sdist, made in ``folder``.

    Raises:
        CouldNotMeasure: it can't be built.
    """
    # Not quietly: what its build says is the reason when it fails.
    arguments = (
        "build",
        "--wheel",
        *_PLAIN[1:],
        "--python",
        str(python),
        "--out-dir",
        str(folder),
        str(source),
    )
    failure = f"no wheel can be built of {name}"
    _uv(arguments, failure=failure, timeout_s=BUILD_TIMEOUT_S, remedy=_BUILD_REMEDY)
    wheels = list(folder.glob("cachekit-*.whl"))
    if len(wheels) != 1:
        raise CouldNotMeasure(f"{failure}: it is not the source of cachekit")
    return wheels[0]


def find_uv() -> Path:
    """The uv binary: that of the PyPI package, else one on the PATH.

    Raises:
        CouldNotMeasure: there is none.
    """
    try:
        from uv import find_uv_bin

        return Path(find_uv_bin())
    except (ImportError, FileNotFoundError):
        if on_path := shutil.which("uv"):
            return Path(on_path)
    raise CouldNotMeasure(
        "uv is not found, and environments for releases of cachekit are made with it. "
        "Install it with `pip install uv`, or measure an environment of your own with --python"
    )


def _uv(
    arguments: Sequence[str],
    *,
    failure: str,
    timeout_s: float,
    files: dict[str, str] | None = None,
    remedy: str = _REMEDY,
) -> str:
    """Run uv where it finds no project, and return what it printed; it dies together with this process.

    Of the user's settings it gets those that say where packages come from, see :mod:`.uv_settings`.
    """
    leash = (str(own_python()), "-I", "-S", str(_LEASH), str(os.getpid()))
    command = (*leash, str(find_uv()), "--config-file", _SETTINGS_FILE, *arguments)
    with scratch_folder() as neutral:
        for name, text in {_SETTINGS_FILE: uv_settings.text(), **(files or {})}.items():
            (neutral / name).write_text(text, encoding="utf-8")
        try:
            ended = run(command, env=uv_settings.environment(), cwd=neutral, timeout_s=timeout_s)
        except subprocess.TimeoutExpired:
            raise CouldNotMeasure(f"{failure}: uv took longer than {timeout_s:.0f} s. {remedy}") from None
    if ended.status != 0:
        said = (
            tail(without_hosts(ended.stderr), _TAIL_LINES)
            or f"  nothing, and ended with status {ended.status}"
        )
        if _FULL.search(ended.stderr):
            said, remedy = f"{said}\n  The disk is full.", _FULL_REMEDY
        raise CouldNotMeasure(f"{failure}; uv said:\n{said}\n{remedy}")
    return ended.stdout
