"""Which targets a scenario is for, and on which of them a limit holds: conditions such as ``pandas<3``."""

from collections.abc import Iterator, Mapping, Sequence

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.model import Limit, Scenario
from cachekit_memprobe.scenario.abilities import lacking

CONDITIONS = ("cachekit", "python", "pandas", "pyarrow", "numpy", "orjson")
"""What of a target a condition may be about."""

_LONGEST = 200
"""Python refuses numbers of thousands of digits only when they are compared, in the middle of a run."""


def why_not(scenario: Scenario, release: str) -> str | None:
    """Why the scenario does not apply to a release of cachekit; ``None`` if it does, as to pre-releases.

    Raises:
        CouldNotMeasure: the scenario is for some releases only, and ``release`` is not a version.
    """
    try:
        version = Version(release)
    except ValueError:  # InvalidVersion is one, and so are thousands of digits
        if not scenario.releases:
            return None
        raise CouldNotMeasure(
            f"can't tell whether {scenario.name} ({scenario.releases}) applies: "
            f"cachekit's release {release[:_LONGEST]!r} is not a version"
        ) from None
    if not SpecifierSet(scenario.releases).contains(version, prereleases=True):
        return f"it is for releases {scenario.releases}"
    return lacking(scenario, version)


def limits_for(limits: Sequence[Limit], versions: Mapping[str, str]) -> tuple[Limit, ...]:
    """The limits that hold for a target: of each metric the first whose condition it meets.

    A project may set one of each level.

    Raises:
        CouldNotMeasure: a version of the target can't be compared, or a saved condition isn't one.
    """
    return tuple(_first_of_each_metric(limit for limit in limits if _holds(limit, versions)))


def parse_specifier(text: str) -> str:
    """Read a specifier of releases, such as ``>=0.10.0,<0.20``; an empty one stands for all.

    Raises:
        ValueError: it is none, spelt as PEP 440 says, or too long for one.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"a specifier has at most {_LONGEST} characters")
    SpecifierSet(text)
    return text.strip()


def parse_condition(text: str) -> Requirement:
    """Read a condition.

    Raises:
        ValueError: it is not a name of ``CONDITIONS`` with versions, spelt as PEP 508 says.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"a condition has at most {_LONGEST} characters")
    try:
        condition = Requirement(text)
    except InvalidRequirement as error:
        raise ValueError(str(error)) from None
    if condition.name not in CONDITIONS or not condition.specifier or condition.extras or condition.marker:
        raise ValueError(f"{text!r} is not one of {', '.join(CONDITIONS)} with its versions")
    return condition


def _first_of_each_metric(limits: Iterator[Limit]) -> Iterator[Limit]:
    seen = set()
    for limit in limits:
        key = (limit.metric, limit.level if limit.origin else "")
        if key not in seen:
            seen.add(key)
            yield limit


def _holds(limit: Limit, versions: Mapping[str, str]) -> bool:
    """A package that the target lacks meets no condition."""
    if not limit.when:
        return True
    try:
        condition = parse_condition(limit.when)
    except ValueError as error:  # of a run folder; a scenario file was refused
        raise CouldNotMeasure(
            f"can't tell whether the limit on {limit.metric} holds: {limit.when!r} is no condition: {error}"
        ) from None
    if condition.name not in versions:
        return False
    text = versions[condition.name]
    try:
        version = Version(text.rstrip("+"))  # a Python built from a checkout calls itself 3.13.0+
        return condition.specifier.contains(version, prereleases=True)
    except ValueError:  # an InvalidVersion, or thousands of digits in one of the two
        raise CouldNotMeasure(
            f"can't tell whether the limit on {limit.metric} for {limit.when} holds: "
            f"{condition.name}'s version {text[:_LONGEST]!r} can't be compared"
        ) from None
