"""A scenario from the command line: the user's own data, and how it is to be cached and read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cachekit_memprobe import datafiles
from cachekit_memprobe.child import datafile
from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.model import Limit, Scenario
from cachekit_memprobe.scenario.checks import check
from cachekit_memprobe.scenario.loader import scenario_of
from cachekit_memprobe.scenario.problems import Key, listed
from cachekit_memprobe.scenario.rules import (
    BACKEND,
    COMPRESSION,
    ENCRYPTION,
    FILE,
    OWN_DATA,
    ROUTE,
    SERIALIZER,
    TIER,
)

_OPTIONS: dict[Key, str] = {
    FILE: "--payload",
    **{key: f"--{key[1]}" for key in (SERIALIZER, TIER, ROUTE, BACKEND, COMPRESSION, ENCRYPTION)},
}
"""By which option the user set a key of the scenario."""

_PAST_L1 = ("l1", "arrow", "file", False)
"""Tier, serializer, backend and encryption of a read that no sync function does by itself."""


@dataclass(frozen=True)
class HowCached:
    """What the command line says about an ad-hoc scenario; ``None`` stands for the default.

    Attributes:
        serializer: by default the one that is made for what the file holds.
        tier: by default the one that has the route, and ``l1`` without a route.
        route: by default ``get`` in L2.
    """

    serializer: str | None = None
    tier: str | None = None
    route: str | None = None
    backend: str | None = None
    compression: str | None = None
    encryption: bool | None = None

    @property
    def given(self) -> dict[str, Any]:
        """What isn't left to the defaults."""
        return {name: value for name, value in vars(self).items() if value is not None}

    @property
    def words(self) -> dict[str, str]:
        """The same as the command line spells it."""
        return {name: {True: "on", False: "off"}.get(value, value) for name, value in self.given.items()}


def payload_scenario(file: Path, how: HowCached, limits: tuple[Limit, ...] = ()) -> Scenario:
    """The scenario that caches a file's data; its name is made of the file's.

    Raises:
        UsageError: the file can't be cached, or not so; nothing of it was loaded.
    """
    if not str(file.absolute()).isprintable():  # a scenario could not name it
        raise UsageError(
            f"--payload {printable(file)}: expected a path of characters that can be shown; rename the "
            "file or the folder, or give a link to it"
        )
    try:
        content = datafiles.format_of(file).content
    except datafile.DataFileError as error:
        raise UsageError(f"--payload {error}") from None
    if how.encryption and datafile.SERIALIZERS[content] == ("auto",):
        raise UsageError(
            f"--payload {printable(file.name)}: only the auto serializer takes an array, and cachekit "
            "refuses to encrypt with that; leave out --encryption"
        )
    if how.tier == "l1" and how.route:
        raise UsageError(
            f"--route {how.route} is for reads from the backend, and with --tier l1 there is none; leave "
            "out --route, or write --tier l2"
        )
    document = _document(file, content, how)
    problems = check(document).problems
    if problems:
        raise UsageError("\n".join(listed(problems, _OPTIONS)))
    scenario = scenario_of(_name(file), printable(file.name), document)
    return replace(scenario, budget=limits)


def _document(file: Path, content: datafile.Content, how: HowCached) -> dict[str, Any]:
    tier = how.tier or ("l1" if how.route in (None, "memory") else "l2")
    serializer = how.serializer or datafile.SERIALIZERS[content][0]
    cache = {"serializer": serializer, "l1": tier == "l1"}
    cache |= {
        key: value for key, value in how.given.items() if key in ("backend", "compression", "encryption")
    }
    read: dict[str, Any] = {
        "tier": tier,
        "route": how.route or {"l1": "memory", "l2": "get"}.get(tier, "memory"),
    }
    # A sync function writes Arrow to the File backend in a stream, past L1: since 0.17.0, by name.
    if (tier, serializer, cache.get("backend", "file"), how.encryption or False) == _PAST_L1:
        read["asynchronous"] = True
    return {
        "summary": _summary(printable(file.name), cache, read),
        "value": {"kind": OWN_DATA, "file": str(file.absolute())},
        "cache": cache,
        "read": read,
    }


def _summary(name: str, cache: Mapping[str, Any], read: Mapping[str, Any]) -> str:
    phrases = [name, f"{cache['serializer']} serializer"]
    if read.get("asynchronous"):
        phrases.append("async function")
    if cache.get("compression", "none") != "none":
        phrases.append(f"compressed by {cache['compression']}")
    if cache.get("encryption"):
        phrases.append("encrypted")
    where = "L1 hit" if read["tier"] == "l1" else f"{cache.get('backend', 'file')} backend, {read['route']}"
    return f"{', '.join(phrases)}: {where}"


def _name(file: Path) -> str:
    """The stem, in the letters that a scenario's name may have."""
    return re.sub(r"[^a-z0-9._-]+", "-", file.stem.lower()).strip("._-") or "payload"
