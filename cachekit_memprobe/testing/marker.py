"""What ``@pytest.mark.memprobe`` says of a test."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.metrics import INSTRUMENTS, metric_of
from cachekit_memprobe.model import Limit, Origin
from cachekit_memprobe.scenario import read_budget
from cachekit_memprobe.scenario.given import read_environment
from cachekit_memprobe.scenario.problems import closest, did_you_mean, either, listed
from cachekit_memprobe.testing.settings import Settings, parse_instruments
from cachekit_memprobe.variables import is_allocator

_NAME = "memprobe"
_KEYS = ("budget", "instruments", "env")


@dataclass(frozen=True)
class Marked:
    """What a test asks for.

    Attributes:
        limits: of every read that it measures.
        instruments: to measure with; none for those of the session.
        environment: variables that its measured processes get, besides what a scenario gives them.
    """

    limits: tuple[Limit, ...]
    instruments: tuple[str, ...]
    environment: Mapping[str, str]


def marked(item: pytest.Item) -> Marked:
    """The markers of a test, of its class and of its module; of two that say the same, the closest holds.

    Raises:
        UsageError: one of them can't be used; the message says what to write.
    """
    limits: tuple[Limit, ...] = ()
    instruments: tuple[str, ...] = ()
    environment: dict[str, str] = {}
    for marker in item.iter_markers(_NAME):
        _check(marker)
        limits = with_limits(limits_of(marker.kwargs.get("budget", {})), limits)
        instruments = instruments or _instruments(marker.kwargs.get("instruments"))
        environment = {**_environment(marker.kwargs.get("env", {})), **environment}
    placed = tuple(replace(limit, origin=_origin(item, limit.metric)) for limit in limits)
    return Marked(placed, instruments, environment)


def with_limits(limits: tuple[Limit, ...], others: tuple[Limit, ...]) -> tuple[Limit, ...]:
    """A budget with other limits before it, those on the same metrics left out."""
    replaced = {limit.metric for limit in others}
    return (*others, *(limit for limit in limits if limit.metric not in replaced))


def limits_of(budget: object) -> tuple[Limit, ...]:
    """The limits of a budget as a test writes it: ``{"rss.peak": "1.4x"}``.

    Raises:
        UsageError: it has something that is no limit; the message names it, and the remedy.
    """
    if not isinstance(budget, Mapping) or not all(isinstance(name, str) for name in budget):
        raise UsageError('a budget is a dict of metrics and limits, such as {"rss.peak": "1.4x"}')
    limits, problems = read_budget(dict(budget))
    if problems:
        raise UsageError("\n".join(listed(problems)))
    return limits


def instruments_for(marked: Marked, limits: tuple[Limit, ...], settings: Settings) -> tuple[str, ...]:
    """Those that were chosen, and those that the limits take: a limit that is set here has to be judged."""
    needed = {name for limit in limits for name in metric_of(limit.metric).instruments}
    chosen = {*(marked.instruments or settings.instruments), *needed}
    return tuple(name for name in INSTRUMENTS if name in chosen)


def _check(marker: pytest.Mark) -> None:
    if marker.args:
        raise UsageError('the marker memprobe takes names: write memprobe(budget={"rss.peak": "1.4x"})')
    for name in marker.kwargs:
        if name not in _KEYS:
            near = closest(name, _KEYS)
            remedy = did_you_mean(near) if near else f"it takes {either(_KEYS)}"
            raise UsageError(f"the marker memprobe has no argument {printable(name)}; {remedy}")


def _instruments(value: Any) -> tuple[str, ...]:
    try:
        return () if value is None else parse_instruments(value)
    except ValueError as error:
        raise UsageError(f"the marker memprobe: {error}") from None


def _environment(given: object) -> dict[str, str]:
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise UsageError('the marker memprobe: env is a dict of variables, such as {"SHOP_REGION": "eu"}')
    environment, problems = read_environment(given)
    if problems:
        raise UsageError("\n".join(listed(problems)))
    if pinned := [name for name in environment if is_allocator(name)]:
        raise UsageError(
            f"the marker memprobe: {', '.join(pinned)} can't be given, as allocators are pinned, so that "
            "figures can be repeated"
        )
    return environment


def _origin(item: pytest.Item, metric: str) -> Origin:
    """The test, whose decorators its first line begins with."""
    file, line, _ = item.location
    return Origin(file.replace("\\", "/"), (line or 0) + 1, metric)
