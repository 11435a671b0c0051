"""What cachekit can do since which release, whatever a scenario says of its releases."""

from collections.abc import Callable
from dataclasses import dataclass

from packaging.version import Version

from cachekit_memprobe.model import Scenario

_ARROW = ("arrow", "auto")


@dataclass(frozen=True)
class Ability:
    """Something that a scenario may need of cachekit.

    Attributes:
        since: the first release that can do it.
        words: what it is, to follow "needs".
    """

    since: str
    words: str
    needed_by: Callable[[Scenario], bool]


ABILITIES = (
    Ability(
        "0.9.0",
        "encryption with a key of the decorator's",
        lambda scenario: scenario.caching.encryption,
    ),
    Ability(
        "0.9.0",
        "compression of Arrow data",
        lambda scenario: scenario.caching.compression != "none" and scenario.caching.serializer in _ARROW,
    ),
    Ability(
        "0.6.1",
        "the Memcached backend",
        lambda scenario: scenario.caching.backend == "memcached",
    ),
    Ability(
        "0.7.0",
        "a cache by reference",
        lambda scenario: scenario.read.tier == "reference",
    ),
    Ability(
        "0.10.0",
        "a read that maps the file",
        lambda scenario: scenario.read.route == "map",
    ),
    Ability(
        "0.14.0",
        "the interop serializer",
        lambda scenario: scenario.caching.serializer == "interop",
    ),
    Ability(
        "0.19.0",
        "a sync read that puts the frame into L1",
        lambda scenario: scenario.read.backfill and not scenario.read.asynchronous,
    ),
)


def lacking(scenario: Scenario, release: Version) -> str | None:
    """What the scenario needs that a release doesn't have yet, in words; pre-releases have it."""
    for ability in ABILITIES:
        if ability.needed_by(scenario) and release.release < Version(ability.since).release:
            return f"it needs {ability.words}, which cachekit has since {ability.since}"
    return None
