"""From what the user asked for to a :class:`Target`."""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from cachekit_memprobe.child.assigned import parse_assignment
from cachekit_memprobe.child.printable import pasted, printable
from cachekit_memprobe.errors import CouldNotMeasure, UsageError
from cachekit_memprobe.guesses import closest, did_you_mean
from cachekit_memprobe.model import Target
from cachekit_memprobe.signals import terminable
from cachekit_memprobe.target import environment, installer, interpreter, local, nearest, overlay, revision
from cachekit_memprobe.target.excerpt import without_hosts
from cachekit_memprobe.target.fixing import Wanted
from cachekit_memprobe.target.git import Repository
from cachekit_memprobe.target.recipe import Base, Source, environments_root, repositories_root

INSTALLED = "installed"
LATEST = "latest"
_LONGEST = 200
"""Of a release or a requirement: it becomes a part of a folder's name, and Python reads no number of
thousands of digits."""

_GIVEN = ("cachekit", "memray")
_PINNED = re.compile(r"^\s*(cachekit\s*)?==\s*")
_REPOSITORY = re.compile(r"://|\s@\s")

_NOT_INSTALLED = (
    "cachekit is not installed in {where}. Install it there, together with pyarrow, pandas and memray, "
    "or measure a release with --cachekit, such as --cachekit latest"
)
_NOT_IMPORTABLE = (
    "cachekit {release} can't be imported in {where}:\n{reason}\n"
    "Repair that environment, or measure a release with --cachekit, such as --cachekit latest"
)


_BUILT_BECAUSE = (
    "It had to be built: no release with a tag in its repository has the same native part. If there is one, "
    "fetch the tags"
)


def _silent(_message: str) -> None:
    """The progress of a caller who doesn't show any."""


def resolve(
    spec: str,
    python: Path | None = None,
    progress: Callable[[str], None] = _silent,
    extras: Sequence[str] = (),
) -> Target:
    """Find, or make, the interpreter that has the cachekit to measure, and ask it for its versions.

    Args:
        spec: ``installed``, ``latest``, a release such as ``0.9.1`` or ``cachekit==0.9.1``, or the path of a
            source tree, which has a ``/`` in it, or a commit, ``git+https://HOST/PATH@REVISION``.
        python: an interpreter that has cachekit; it goes with ``installed`` only.
        progress: is told, in one line each, what takes long.
        extras: further requirements of a release's environment, such as ``pandas==2.3.3``.

    Raises:
        UsageError: the spec, the path or their combination can't be used.
        CouldNotMeasure: the target has no cachekit that can be imported, or it can't be installed.
    """
    if extras and spec == INSTALLED:
        raise UsageError("--with adds to the environment of a release; give one with --cachekit")
    chosen = requirements(extras)
    with terminable():
        if python is not None:
            if spec != INSTALLED:
                raise UsageError(
                    f"give either --cachekit {printable(spec)} or --python {printable(python)}, not both"
                )
            return _interpreter(str(python), interpreter.checked_path(python), printable(python))
        if spec == INSTALLED:
            own = interpreter.own_python()
            return _interpreter(INSTALLED, own, "cachekit-memprobe's own environment")
        source = installer.latest_release(progress) if spec == LATEST else _source(spec, progress)
        env_python, versions = _provided(source, chosen, progress)
        return Target(spec=_spec_of(source, spec), python=env_python, versions=versions)


def at_commit(
    found: revision.Revision, progress: Callable[[str], None] = _silent, extras: Sequence[str] = ()
) -> Target:
    """The cachekit of a commit that is known.

    Raises:
        CouldNotMeasure: its environment can't be made.
    """
    with terminable():
        env_python, versions = _provided(found, requirements(extras), progress)
        return Target(spec=found.spec, python=env_python, versions=versions)


def _spec_of(source: Source, spec: str) -> str:
    """What was asked for, for reports: no URL."""
    if isinstance(source, revision.Revision):
        return source.spec
    return str(source) if isinstance(source, Version) and spec != LATEST else spec


def _provided(
    source: Source,
    extras: tuple[Requirement, ...],
    progress: Callable[[str], None],
    base: Base | None = None,
) -> tuple[Path, dict[str, str]]:
    """The environment of a cachekit; what needn't be built is laid over a release.

    Raises:
        CouldNotMeasure: it can't be made in either way.
    """
    if isinstance(source, Version) or (isinstance(source, local.Local) and not source.path.is_dir()):
        return environment.provide(source, extras, progress, base)
    why = ""
    for release in _releases_below(source):
        try:
            return environment.provide(replace(source, over=release), extras, progress, base)
        except overlay.NotPublished as error:
            why = str(error)
    try:
        return environment.provide(source, extras, progress, base)
    except CouldNotMeasure as error:
        raise CouldNotMeasure(f"{error}\n{why or _BUILT_BECAUSE}") from None


def _releases_below(source: local.Local | revision.Revision) -> Iterator[Version]:
    if isinstance(source, revision.Revision):
        yield from nearest.candidates(source.repository, source.commit)
    elif commit := Repository(source.path).commit_of("HEAD"):
        yield from nearest.candidates(Repository(source.path), commit, edited=True)


def provided(wanted: Wanted, progress: Callable[[str], None] = _silent) -> Target:
    """The target of an environment that is ours to make.

    Raises:
        CouldNotMeasure: it can't be made.
    """
    python, versions = environment.provide(wanted.source, wanted.extras, progress, wanted.base)
    return Target(spec=str(wanted.source), python=python, versions=versions)


def requirements(extras: Sequence[str]) -> tuple[Requirement, ...]:
    """Requirements by name and version only: a URL could bring in anything.

    Raises:
        UsageError: one of them is not of that form, or is not ours to choose.
    """
    chosen = []
    for extra in extras:
        try:
            requirement = Requirement(extra) if len(extra) <= _LONGEST else None
        except InvalidRequirement:
            requirement = None
        if requirement is None or requirement.url:
            raise UsageError(f"--with {extra[:_LONGEST]!r} is not a requirement; write it like pandas==2.3.3")
        if canonicalize_name(requirement.name) in _GIVEN:
            raise UsageError(f"--with {extra!r}: the version of {requirement.name} is the run's to choose")
        chosen.append(requirement)
    return tuple(chosen)


def _source(spec: str, progress: Callable[[str], None]) -> Source:
    if spec.startswith(revision.PREFIX):
        return revision.fetched(revision.asked(spec), repositories_root(), progress)
    if _REPOSITORY.search(spec):
        raise UsageError(
            f"--cachekit {printable(without_hosts(spec))}: write a repository like "
            "git+https://HOST/PATH@REVISION, or give the folder of a clone: --cachekit ./cachekit"
        )
    return local.inspected(Path(os.path.expanduser(spec))) if local.is_path(spec) else _release(spec)


def _release(spec: str) -> Version:
    """A release, spelt as cachekit's are: 0.18 is 0.18.0, and has the same environment.

    Raises:
        UsageError: it is none.
    """
    try:
        if len(spec) > _LONGEST:
            raise InvalidVersion
        version = Version(_PINNED.sub("", spec))
    except InvalidVersion:
        example = spec if spec and os.path.isdir(spec) else "cachekit"
        remedy = (
            f"write {INSTALLED}, {LATEST}, a release like 0.9.1 or ==0.9.1, the path of a source tree "
            f"like {pasted(f'./{example}')}, or a revision like git+https://HOST/PATH@main"
        )
        near = closest(spec.lower(), (INSTALLED, LATEST))
        raise UsageError(
            f"{spec[:_LONGEST]!r} names no cachekit; {did_you_mean(near) if near else remedy}"
        ) from None
    numbers = [*version.release, 0, 0]
    while len(numbers) > 3 and numbers[-1] == 0:
        numbers.pop()
    written, meant = (".".join(map(str, parts)) for parts in (version.release, numbers))
    return Version(str(version).replace(written, meant, 1))


def _interpreter(spec: str, python: Path, where: str) -> Target:
    """The target of an interpreter that somebody else made.

    Its cachekit is imported once, by a process of its own: to find it broken here says so once, and
    before anything is measured.
    """
    try:
        versions = interpreter.describe(python, _releases())
    except interpreter.Unanswered as error:
        raise UsageError(f"{where} is not a Python interpreter that can be used: {error}") from None
    if not interpreter.is_recent(versions):
        raise UsageError(
            f"{where} is Python {versions['python']}; cachekit-memprobe needs "
            f"{interpreter.OLDEST_PYTHON} or newer to measure"
        )
    if "cachekit" not in versions:
        raise CouldNotMeasure(_NOT_INSTALLED.format(where=where))
    if reason := interpreter.import_failure(python, "cachekit"):
        raise CouldNotMeasure(
            _NOT_IMPORTABLE.format(release=versions["cachekit"], where=where, reason=reason)
        )
    return Target(spec=spec, python=python, versions=versions)


def _releases() -> Path | None:
    """The folder of the environments of releases, where there can be one."""
    try:
        return environments_root()
    except UsageError:
        return None


def check_stages(target: Target, stages: Sequence[str]) -> None:
    """Refuse functions of ``--stage`` that the target's cachekit doesn't have.

    Raises:
        UsageError: naming each, and what may be meant.
        CouldNotMeasure: the target can't tell.
    """
    names = {parse_assignment(text).name: text for text in stages}
    problems = interpreter.unresolved(target.python, list(names)) if names else {}
    if problems:
        raise UsageError("\n".join(f"--stage {names[name]}: {problem}" for name, problem in problems.items()))
