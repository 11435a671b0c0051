"""The releases of cachekit that a scenario is meant for."""

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.model import Scenario


def applies_to(scenario: Scenario, release: str) -> bool:
    """Whether the scenario is meant for a release of cachekit, pre-releases included.

    Raises:
        CouldNotMeasure: the scenario is for some releases only, and ``release`` is not a version.
    """
    if not scenario.releases:
        return True
    try:
        version = Version(release)
    except InvalidVersion:
        raise CouldNotMeasure(
            f"can't tell whether {scenario.name} ({scenario.releases}) applies: "
            f"cachekit's release {release!r} is not a version"
        ) from None
    return SpecifierSet(scenario.releases).contains(version, prereleases=True)
