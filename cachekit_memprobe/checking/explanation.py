"""Where each limit comes from that holds for a scenario, and which others it overrides, in words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cachekit_memprobe.checking.baseline import Figures
from cachekit_memprobe.checking.configuration import Configuration
from cachekit_memprobe.checking.limits import BUDGET, LEVELS, ProjectLimit
from cachekit_memprobe.checking.resolution import Holding, limit_of
from cachekit_memprobe.model import Limit
from cachekit_memprobe.scenario.problems import dotted
from cachekit_memprobe.units import format_limit

_WORDS = {level: key for key, level in LEVELS.items()}
_OWN = "the scenario's own budget"


@dataclass(frozen=True)
class Explanation:
    """One limit that holds for a scenario.

    Attributes:
        level: ``soft`` or ``hard``.
        limit: as it is judged, and as it was written where that is something else.
        set_in: the file's line and the pattern's table, or whose the limit is.
        instead_of: what it overrides, in the same words.
    """

    metric: str
    level: str
    limit: str
    set_in: str
    instead_of: tuple[str, ...]


def explained(
    held: Iterable[Holding], configuration: Configuration, figures: Figures | None
) -> tuple[Explanation, ...]:
    """Every limit that holds for a scenario, in their order.

    Args:
        figures: the baseline's of this scenario.
    """
    return tuple(row for one in held for row in _rows(one, configuration, figures))


def _rows(one: Holding, configuration: Configuration, figures: Figures | None) -> Iterator[Explanation]:
    level = _WORDS[one.level]
    if not one.limits:
        yield from (Explanation(one.metric, level, _own(limit), _OWN, ()) for limit in one.own)
        return
    overridden = (
        *(f"{limit.amount.text} of {_place(limit, configuration)}" for limit in one.overridden),
        *(f"{_own(limit)} of {_OWN}" for limit in one.own),
    )
    for limit in one.limits:
        words = _amount(limit, figures)
        yield Explanation(one.metric, level, words, _place(limit, configuration), overridden)


def _place(limit: ProjectLimit, configuration: Configuration) -> str:
    """``pyproject.toml:13, budget."arrow-*"``."""
    return f"{configuration.file}:{configuration.line(limit.path)}, {dotted((BUDGET, limit.pattern))}"


def _amount(limit: ProjectLimit, figures: Figures | None) -> str:
    found = limit_of(limit, figures)
    if limit.amount.unit == "off":
        words = "none"
    elif found is None:
        words = f"{limit.amount.text} over the baseline, which has no figure"
    elif limit.amount.is_relative:
        words = f"{_rounded(found)} ({found.text})"
    else:
        words = limit.amount.text
    return _on_condition(words, limit.when)


def _rounded(limit: Limit) -> str:
    return f"{limit.payloads:.2f}x"


def _own(limit: Limit) -> str:
    return _on_condition(format_limit(limit.payloads, limit.size_bytes), limit.when)


def _on_condition(words: str, when: str) -> str:
    return f"{words} for {when}" if when else words
