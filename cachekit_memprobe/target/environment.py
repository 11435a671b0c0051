"""Environments for releases: made once, whole or not at all, and used again by every later run."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock
from packaging.requirements import Requirement
from packaging.version import Version

from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.scratch import scratch_folder
from cachekit_memprobe.target import installer, interpreter, overlay
from cachekit_memprobe.target.fate import Fate
from cachekit_memprobe.target.local import Local
from cachekit_memprobe.target.recipe import (
    CACHE_DIR_VARIABLE,
    PACKAGES,
    RECIPE,
    Base,
    Recipe,
    Source,
    environments_root,
    recipe_of,
)
from cachekit_memprobe.target.record import BORROWED

_READY = "ready.json"
_WAIT_S = installer.VENV_TIMEOUT_S + installer.INSTALL_TIMEOUT_S + 60


def provide(
    source: Source,
    extras: tuple[Requirement, ...],
    progress: Callable[[str], None],
    base: Base | None = None,
) -> tuple[Path, dict[str, str]]:
    """The interpreter of a cachekit's environment and its versions; the environment is made if it has to be.

    Safe under several runs at once: one makes it, the others wait.

    Raises:
        CouldNotMeasure: it can't be made.
    """
    borrowed: dict[str, str] = {}
    if not isinstance(source, Version) and source.over:
        borrowed = _lender(source.over, extras, progress, base)
    recipe, root = recipe_of(source, extras, base), environments_root()
    folder = root / recipe.key
    try:
        versions = _usable(folder, recipe)
        if versions is None:
            root.mkdir(parents=True, exist_ok=True)
            with _only_maker(root, recipe, progress):
                versions = _usable(folder, recipe, progress) or _remake(folder, recipe, progress)
    except OSError as error:
        raise CouldNotMeasure(
            f"no environment can be made for {recipe.name}: {error.strerror or error}. Make room in the "
            f"cache directory and make it writable, or name another one with {CACHE_DIR_VARIABLE}"
        ) from error
    return _python_of(folder), {**_changed(borrowed), **versions}


def _lender(
    release: Version,
    extras: tuple[Requirement, ...],
    progress: Callable[[str], None],
    base: Base | None,
) -> dict[str, str]:
    """The versions of the environment that one borrows from, which is made if it has to be.

    Raises:
        overlay.NotPublished: it can't be.
    """
    try:
        return provide(release, extras, progress, base)[1]
    except CouldNotMeasure as error:
        raise overlay.NotPublished(str(error)) from None


def _changed(versions: dict[str, str]) -> dict[str, str]:
    """What another environment has whose files were changed; its cachekit isn't borrowed."""
    return {name: text for name, text in versions.items() if name == "modified"}


def noted_versions(recipe: Recipe) -> dict[str, str]:
    """What an environment had in it when it was made; nothing if there is none."""
    try:
        versions = json.loads((environments_root() / recipe.key / _READY).read_bytes())["versions"]
        return {str(name): str(version) for name, version in versions.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _python_of(folder: Path) -> Path:
    return folder / "bin" / "python"


def _usable(
    folder: Path, recipe: Recipe, progress: Callable[[str], None] = lambda _: None
) -> dict[str, str] | None:
    """The versions of a complete environment that still works, else ``None``.

    One that doesn't answer in time is not called broken: another run may be measuring with it. One whose
    files were edited is measured, and says so; one from which something is missing is made anew.

    Raises:
        CouldNotMeasure: it is broken, and to make it anew would lose what somebody has edited in it.
    """
    if not (folder / _READY).is_file():
        return None
    try:
        versions = interpreter.describe(_python_of(folder), own="ready")
    except interpreter.Unanswered:
        return None
    if not all(name in versions for name in ("cachekit", "memray", *PACKAGES)):
        return None
    fate = Fate.of(versions)
    if fate.problem and fate.edited:
        raise CouldNotMeasure(
            f"the environment for {recipe.name} is broken: {fate.problem}; and it was edited: "
            f"{', '.join(fate.edited)}. Save what you have edited and remove {folder}; the next run makes it "
            "anew"
        )
    if fate.problem:
        progress(f"the environment for {recipe.name} is broken: {fate.problem}")
        return None
    return _as_made(fate.told(versions), recipe) if _is_of(versions, recipe) else None


def _is_of(versions: dict[str, str], recipe: Recipe) -> bool:
    return not isinstance(recipe.source, Version) or Version(versions["cachekit"]) == recipe.source


def _as_made(versions: dict[str, str], recipe: Recipe) -> dict[str, str]:
    """The versions, and what a cachekit that was built here is: the installer knows only its wheel."""
    if isinstance(recipe.source, Version):
        return versions
    modified = versions.get("cachekit_state", "").endswith("modified")
    return {**versions, "cachekit_state": recipe.source.state + (", modified" if modified else "")}


@contextmanager
def _only_maker(root: Path, recipe: Recipe, progress: Callable[[str], None]) -> Iterator[None]:
    """Hold the key's lock; the kernel lets go of it when the holder dies."""
    lock = filelock.FileLock(root / f".{recipe.key}.lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        progress(f"waiting for another run that makes the environment for {recipe.name}")
        try:
            lock.acquire(timeout=_WAIT_S)
        except filelock.Timeout:
            raise CouldNotMeasure(
                f"another run has been making the environment for {recipe.name} for too long; "
                "end it and try again"
            ) from None
    try:
        yield
    finally:
        lock.release()


def _remake(folder: Path, recipe: Recipe, progress: Callable[[str], None]) -> dict[str, str]:
    """Make the environment beside its place and move it there when it is whole; under the lock."""
    prefix = f".partial-{recipe.key}-"
    _sweep(folder, prefix)
    progress(f"making an environment for {recipe.name}")
    partial = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
    try:
        python = _python_of(partial)
        installer.create(partial, recipe.python, recipe.name)
        requirements = (_cachekit(recipe, partial), *recipe.requirements)
        _install(recipe, python, requirements)
        described = _described(python, recipe)
        if spoilt := _spoilt(described, recipe):
            # In uv's cache they were edited, through an environment that links its files.
            progress(f"downloading again what was changed in uv's cache: {', '.join(spoilt)}")
            installer.install(python, requirements, recipe.name, anew=spoilt)
            described = _described(python, recipe)
        versions = _proven(python, described, recipe)
        ready = {"recipe": RECIPE, "cachekit": str(recipe.source), "requirements": recipe.requirements}
        ready["versions"] = versions
        (partial / _READY).write_text(json.dumps(ready, indent=2) + "\n")
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return versions


def _install(recipe: Recipe, python: Path, requirements: tuple[str, ...]) -> None:
    """All that is required; what is laid over a release borrows what that needs from its environment.

    So that of each commit there is one wheel, and not all packages again.
    """
    base = recipe.below
    if base is None or not overlay.needs_the_same(Path(requirements[0]), environments_root() / base.key):
        installer.install(python, requirements, recipe.name)
        return
    installer.install(python, requirements[:1], recipe.name, alone=True)
    for site, borrowed in zip(_sites(python.parents[1]), _sites(environments_root() / base.key), strict=True):
        (site / BORROWED).write_text(f"{borrowed}\n", encoding="utf-8")


def _sites(environment: Path) -> list[Path]:
    return sorted(environment.glob("lib/python*/site-packages"))


def _cachekit(recipe: Recipe, folder: Path) -> str:
    """What to install: a release by its number, a source tree as the wheel that is made of it.

    Raises:
        CouldNotMeasure: it can't be built, or changes meanwhile.
    """
    source = recipe.source
    if isinstance(source, Version):
        return f"cachekit=={source}"
    if isinstance(source, Local) and source.is_wheel:
        return str(source.path)
    with source.tree() as tree, scratch_folder() as scratch:
        place = folder / "wheel"
        if source.over:
            wheel = overlay.wheel_over(tree, source.over, recipe.python, scratch, recipe.name)
            place.mkdir(exist_ok=True)
            return str(shutil.move(wheel, place))
        return str(installer.build(tree, recipe.python, place, recipe.name))


def _sweep(folder: Path, prefix: str) -> None:
    """Remove what dead makers left, and an environment that is broken.

    Under the lock, whoever made them is gone. The broken one is moved aside first: it disappears at once.
    """
    if folder.exists():
        folder.rename(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
    for leftover in folder.parent.iterdir():
        if leftover.name.startswith(prefix):
            shutil.rmtree(leftover, ignore_errors=True)


def _spoilt(described: dict[str, str], recipe: Recipe) -> list[str]:
    """The packages of a new environment that aren't as published. A wheel of the user's may be anything."""
    own = () if isinstance(recipe.source, Version) else ("cachekit",)
    return [name for name in Fate.of(described).modified if name not in own]


def _proven(python: Path, described: dict[str, str], recipe: Recipe) -> dict[str, str]:
    """The versions of a new environment that is as its packages were published, and can be imported.

    The import also leaves the modules' bytecode behind, so that no measured child has to compile it.
    """
    if wrong := {"cachekit", "memray"} & {*_spoilt(described, recipe)}:
        raise CouldNotMeasure(
            f"{recipe.name} was installed, but files of {' and '.join(sorted(wrong))} aren't those that the "
            "wheel's RECORD names. Look where uv has it from; an environment of your own is measured with "
            "--python"
        )
    if reason := interpreter.import_failure(python, "cachekit", "memray", *PACKAGES):
        raise CouldNotMeasure(
            f"{recipe.name} was installed, but can't be imported:\n{reason}\n"
            "Measure an environment of your own with --python, or another release"
        )
    return _as_made(Fate.of(described).told(described), recipe)


def _described(python: Path, recipe: Recipe) -> dict[str, str]:
    try:
        return interpreter.describe(python, own="new")
    except interpreter.Unanswered as error:
        raise CouldNotMeasure(f"the environment of {recipe.name} does not work: {error}") from None
