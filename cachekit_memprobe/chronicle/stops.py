"""The points of a history: releases, or of one release several versions of a package or of Python."""

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version

from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version

from cachekit_memprobe import target
from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.chronicle.plan import Stop
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.history import Axis, Point
from cachekit_memprobe.model import Target
from cachekit_memprobe.target import Release, Wanted, Wished

PYTHON = "python"

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """Which points a history is to have.

    Attributes:
        releases: of cachekit.
        axis: what is varied of the newest of them, and its values; ``None`` for the releases themselves.
        extras: requirements that hold at all points.
        functions: of ``--stage``, which the target has to have.
    """

    releases: Wished
    with_pre: bool = False
    with_yanked: bool = False
    axis: tuple[Axis, tuple[str, ...]] | None = None
    extras: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Along:
    """The points in their order, and what a reader should know of how they came about."""

    axis: Axis
    stops: tuple[Stop, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Place:
    """A point before it is known what it is measured with."""

    label: str
    release: Release
    wanted: Wanted


def along(asked: Asked, is_kept: Callable[[str, Callable[[Target], bool]], bool], tell: Tell) -> Along:
    """The points.

    Args:
        is_kept: whether something of a release was measured in a target of which the predicate is true.
        tell: is told, in one line each, what takes long.

    Raises:
        UsageError: no release fits, or a value can't be one.
        CouldNotMeasure: no release is known.
    """
    extras = target.requirements(asked.extras)
    tell("looking up the releases of cachekit")
    listing = target.listed()
    releases = target.chosen(listing, asked.releases, with_pre=asked.with_pre, with_yanked=asked.with_yanked)
    axis: Axis = asked.axis[0] if asked.axis else "release"
    places = [*_places(asked, releases, extras)]

    def is_known(wanted: Wanted, held: Mapping[str, str]) -> bool:
        return is_kept(str(wanted.source), _is_same(wanted, held))

    held, wanted = target.fixed([place.wanted for place in places], axis, is_known, tell)
    stops = tuple(
        _stop(replace(place, wanted=one), held, asked, tell)
        for place, one in zip(places, wanted, strict=True)
    )
    why = listing.why_offline
    notes = (f"only releases that have an environment here were looked at: {why}",) if why else ()
    return Along(axis, stops, notes)


def _places(asked: Asked, releases: Sequence[Release], extras: tuple[Requirement, ...]) -> Sequence[_Place]:
    if asked.axis is None:
        return [_Place(str(one.version), one, Wanted(one.version, extras)) for one in releases]
    newest, (name, values) = releases[-1], asked.axis
    if name == PYTHON:
        bases = sorted((target.base_of(value) for value in values), key=lambda base: Version(base.version))
        return [_Place(base.version, newest, Wanted(newest.version, extras, base)) for base in bases]
    if any(one.name.lower() == name for one in extras):
        raise UsageError(f"--axis {name} varies what --with {name} holds; leave out one of them")
    return [
        _Place(str(value), newest, Wanted(newest.version, (*extras, Requirement(f"{name}=={value}"))))
        for value in sorted(map(_version, values))
    ]


def _version(text: str) -> Version:
    try:
        return Version(text[:200])
    except InvalidVersion:
        raise UsageError(f"--axis: {printable(text[:200])} is not a version; write it like 2.3.3") from None


def _stop(place: _Place, held: Mapping[str, str], asked: Asked, tell: Tell) -> Stop:
    wanted, label = place.wanted, place.label

    def find() -> Target:
        found = target.provided(wanted, tell)
        target.check_stages(found, asked.functions)
        return found

    point = Point(
        label=label,
        spec=str(wanted.source),
        extras=tuple(map(str, wanted.extras)),
        uploaded=place.release.uploaded,
        is_yanked=place.release.is_yanked,
    )
    return Stop(point, str(wanted.source), find, _is_same(wanted, held))


def _is_same(wanted: Wanted, held: Mapping[str, str]) -> Callable[[Target], bool]:
    """Whether what was measured earlier is the release as it was published, with all that is held."""
    fixed = {
        **held,
        **{one.name: next(iter(one.specifier)).version for one in wanted.extras if _is_exact(one)},
    }
    own = {
        "cachekit": str(wanted.source),
        "python": wanted.base.version if wanted.base else platform.python_version(),
        "memray": version("memray"),
        "machine": platform.machine(),
    }

    def check(measured: Target) -> bool:
        versions = measured.versions
        is_untouched = not versions.get("cachekit_state") and not versions.get("modified")
        return is_untouched and all(versions.get(name) == text for name, text in {**fixed, **own}.items())

    return check


def _is_exact(requirement: Requirement) -> bool:
    return len(requirement.specifier) == 1 and next(iter(requirement.specifier)).operator == "=="
