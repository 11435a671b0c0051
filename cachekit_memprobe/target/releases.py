"""The releases of cachekit: those that an index has, or those that have an environment here."""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename
from packaging.utils import parse_wheel_filename as parse_wheel
from packaging.version import InvalidVersion, Version

from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.errors import CouldNotMeasure, UsageError
from cachekit_memprobe.target import index, uv_settings
from cachekit_memprobe.target.recipe import environments_root

PROJECT = "cachekit"
_LONGEST = 200
_READY = "ready.json"


@dataclass(frozen=True)
class Release:
    """A release of cachekit.

    Attributes:
        uploaded: the day on which its first file was, ``2026-06-18``; empty where that isn't known.
        is_yanked: all of its files are.
    """

    version: Version
    uploaded: str = ""
    is_yanked: bool = False


@dataclass(frozen=True)
class Listing:
    """Releases in their order.

    Attributes:
        why_offline: why these are only those that have an environment here; empty if an index was asked.
    """

    releases: tuple[Release, ...]
    why_offline: str = ""


@dataclass(frozen=True)
class Wished:
    """Which releases are meant: those that fit a specifier, or some by their numbers.

    Attributes:
        text: as it was written.
    """

    text: str
    specifier: SpecifierSet
    named: tuple[Version, ...] = ()

    def has(self, version: Version) -> bool:
        """Whether it is one of them; a pre-release may be."""
        return version in self.named if self.named else self.specifier.contains(version, prereleases=True)


def parse_releases(text: str) -> Wished:
    """Read which releases are meant, ``>=0.4,!=0.6.1`` or ``0.9.1,0.10.0``.

    Raises:
        ValueError: that is no specifier.
    """
    try:
        if len(text) > _LONGEST:
            raise InvalidSpecifier
        if re.match(r"\s*[<>=!~]", text):
            return Wished(text, SpecifierSet(text))
        return Wished(text, SpecifierSet(), tuple(map(Version, text.split(","))))
    except (InvalidSpecifier, InvalidVersion):
        raise ValueError(
            f"{text[:_LONGEST]!r} doesn't say which releases; write it like '>=0.9,<0.20' or 0.9.1,0.10.0"
        ) from None


def listed() -> Listing:
    """All releases that are known.

    Raises:
        UsageError: a configuration of uv's can't be read.
        CouldNotMeasure: no index can be asked, and there is no environment.
    """
    if uv_settings.is_offline():
        reason = "uv is not to use the network"
    else:
        try:
            return Listing(releases_of(index.published(PROJECT)))
        except CouldNotMeasure as failure:
            reason = str(failure)
    here = sorted({*_with_environment()})
    if not here:
        raise CouldNotMeasure(f"{reason}; and no release has an environment here")
    return Listing(tuple(map(Release, here)), reason)


def chosen(
    listing: Listing, wished: Wished, *, with_pre: bool = False, with_yanked: bool = False
) -> tuple[Release, ...]:
    """Those that are meant, in their order.

    Raises:
        UsageError: there is none.
    """
    fit = [one for one in listing.releases if wished.has(one.version)]
    found = [
        one
        for one in fit
        if (with_pre or not one.version.is_prerelease) and (with_yanked or not one.is_yanked)
    ]
    if found:
        return tuple(found)
    if fit:
        names = ", ".join(str(one.version) for one in fit[:5])
        raise UsageError(
            f"--releases {wished.text}: {names}: pre-releases need --pre, and yanked ones --yanked"
        )
    known = [one.version for one in listing.releases]
    span = f"{known[0]} to {known[-1]}" if known else "none"
    where = "have an environment here" if listing.why_offline else "are on the index"
    raise UsageError(f"--releases {printable(wished.text)}: no release fits; those that {where}: {span}")


def releases_of(files: Iterable[index.Published]) -> tuple[Release, ...]:
    """The releases that files make up."""
    found: dict[Version, Release] = {}
    for file in files:
        version = _version_of(file.name)
        if version is None:
            continue
        day = file.uploaded[:10]
        known = found.setdefault(version, Release(version, day, file.is_yanked))
        days = [one for one in (known.uploaded, day) if one]
        is_yanked = known.is_yanked and file.is_yanked
        found[version] = replace(known, uploaded=min(days, default=""), is_yanked=is_yanked)
    return tuple(found[version] for version in sorted(found))


def _version_of(name: str) -> Version | None:
    """Of a wheel or an sdist of cachekit; ``None`` of any other file."""
    with suppress(InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        project, version = parse_wheel(name)[:2] if name.endswith(".whl") else parse_sdist_filename(name)
        return version if project == PROJECT else None
    return None


def _with_environment() -> Iterator[Version]:
    for file in environments_root().glob(f"{PROJECT}-*/{_READY}"):
        with suppress(OSError, ValueError, KeyError, TypeError):
            yield Version(json.loads(file.read_bytes())["cachekit"])
