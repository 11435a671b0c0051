"""Conditions on a target, such as ``pandas<3``, under which a limit holds."""

from collections.abc import Iterator, Mapping, Sequence

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.model import Limit

CONDITIONS = ("cachekit", "python", "pandas", "pyarrow", "numpy", "orjson")
"""What of a target a condition may be about."""


def parse_condition(text: str) -> Requirement:
    """Read a condition.

    Raises:
        ValueError: it is not a name of ``CONDITIONS`` with versions, spelt as PEP 508 says.
    """
    try:
        condition = Requirement(text)
    except InvalidRequirement as error:
        raise ValueError(str(error)) from None
    if condition.name not in CONDITIONS or not condition.specifier or condition.extras or condition.marker:
        raise ValueError(f"{text!r} is not one of {', '.join(CONDITIONS)} with its versions")
    return condition


def limits_for(limits: Sequence[Limit], versions: Mapping[str, str]) -> tuple[Limit, ...]:
    """The limits that hold for a target: of each metric the first whose condition it meets.

    Raises:
        CouldNotMeasure: a version of the target can't be compared.
    """
    return tuple(_first_of_each_metric(limit for limit in limits if _holds(limit, versions)))


def _first_of_each_metric(limits: Iterator[Limit]) -> Iterator[Limit]:
    seen = set()
    for limit in limits:
        if limit.metric not in seen:
            seen.add(limit.metric)
            yield limit


def _holds(limit: Limit, versions: Mapping[str, str]) -> bool:
    """A package that the target lacks meets no condition."""
    if not limit.where:
        return True
    condition = parse_condition(limit.where)
    if condition.name not in versions:
        return False
    text = versions[condition.name]
    try:
        version = Version(text.rstrip("+"))  # a Python built from a checkout calls itself 3.13.0+
    except InvalidVersion:
        raise CouldNotMeasure(
            f"can't tell whether the limit on {limit.metric} for {limit.where} holds: "
            f"{condition.name}'s version {text!r} can't be compared"
        ) from None
    return condition.specifier.contains(version, prereleases=True)
