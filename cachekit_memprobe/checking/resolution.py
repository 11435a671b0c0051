"""Which limits hold for a scenario: of each metric and level, those of the most specific pattern."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cachekit_memprobe.checking.amounts import floor_bytes
from cachekit_memprobe.checking.baseline import Baseline, Figures
from cachekit_memprobe.checking.comparable import Relative
from cachekit_memprobe.checking.configuration import Configuration, ConfigurationError
from cachekit_memprobe.checking.limits import BUDGET, LEVELS, ProjectLimit
from cachekit_memprobe.checking.patterns import matches, specificity
from cachekit_memprobe.model import Level, Limit, Origin, Scenario
from cachekit_memprobe.units import format_payloads


@dataclass(frozen=True)
class Holding:
    """The limits of one metric and level that hold for a scenario, and those that don't on their account.

    Attributes:
        limits: of the configuration, by condition; none if the scenario's own ones hold.
        own: of the scenario itself.
        overridden: of less specific patterns, the most specific first.
    """

    metric: str
    level: Level
    limits: tuple[ProjectLimit, ...]
    own: tuple[Limit, ...]
    overridden: tuple[ProjectLimit, ...]


def holding(
    scenario: Scenario, limits: Sequence[ProjectLimit], configuration: Configuration
) -> tuple[Holding, ...]:
    """What holds for a scenario: first its own metrics, then those that only the configuration names.

    Raises:
        ConfigurationError: two patterns are equally specific.
    """
    for_it = [limit for limit in limits if matches(limit.pattern, scenario.name)]
    set_here = [(one.metric, one.level) for one in scenario.budget]
    set_here.extend((one.metric, one.level) for one in for_it)
    metrics = dict.fromkeys(metric for metric, _ in set_here)
    keys = ((metric, level) for metric in metrics for level in LEVELS.values() if (metric, level) in set_here)
    return tuple(_of_one(scenario, metric, level, for_it, configuration) for metric, level in keys)


def _of_one(
    scenario: Scenario,
    metric: str,
    level: Level,
    limits: Iterable[ProjectLimit],
    configuration: Configuration,
) -> Holding:
    own = tuple(limit for limit in scenario.budget if (limit.metric, limit.level) == (metric, level))
    found: dict[str, list[ProjectLimit]] = {}
    for limit in limits:
        if (limit.metric, limit.level) == (metric, level):
            found.setdefault(limit.pattern, []).append(limit)
    patterns = sorted(found, key=specificity, reverse=True)
    if not patterns:
        return Holding(metric, level, (), own, ())
    first, *others = patterns
    if others and specificity(others[0]) == specificity(first):
        one, other = (configuration.where(found[pattern][0].path) for pattern in (first, others[0]))
        table = configuration.key((BUDGET, scenario.name))
        raise ConfigurationError(
            f"{one} and {other} are equally specific for {scenario.name}; write a limit below [{table}], or "
            "make one pattern longer"
        )
    overridden = tuple(limit for pattern in others for limit in found[pattern])
    return Holding(metric, level, tuple(found[first]), own, overridden)


def relative_of(scenario: Scenario, held: Iterable[Holding]) -> Relative:
    """The limits over a baseline that hold for a scenario."""
    return Relative(
        scenario, tuple(limit for one in held for limit in one.limits if limit.amount.is_relative)
    )


def judged(
    scenario: Scenario, held: Iterable[Holding], configuration: Configuration, baseline: Baseline | None
) -> Scenario:
    """A scenario with the limits that hold for it.

    Args:
        baseline: what relative limits are over; those of which it has no figure are left out.
    """
    figures = baseline.scenarios.get(scenario.name) if baseline else None
    budget: list[Limit] = []
    for one in held:
        if not one.limits:
            budget.extend(one.own)
        for limit in one.limits:
            origin = Origin(configuration.file, configuration.line(limit.path), configuration.key(limit.path))
            found = limit_of(limit, figures)
            if found is not None:
                budget.append(replace(found, when=limit.when, message=limit.message, origin=origin))
    return replace(scenario, budget=tuple(budget))


def limit_of(limit: ProjectLimit, figures: Figures | None) -> Limit | None:
    """What a limit of a configuration comes to; ``None`` if it is none, or the baseline has no figure."""
    amount, level = limit.amount, limit.level
    if amount.unit == "off":
        return None
    if not amount.is_relative:
        return Limit(limit.metric, amount.payloads, amount.size_bytes, level)
    if figures is None or limit.metric not in figures.metrics_bytes:
        return None
    payload_bytes = figures.payload_bytes
    base = figures.metrics_bytes[limit.metric] / payload_bytes
    more = _in_payloads(amount.payloads, amount.size_bytes, payload_bytes)
    if amount.share is not None:
        more = max(abs(base) * amount.share, _floor(limit, payload_bytes))
    text = f"{amount.text} over {format_payloads(base)}"
    return Limit(limit.metric, max(0.0, base + more), None, level, text=text)


def _floor(limit: ProjectLimit, payload_bytes: int) -> float:
    payloads, size_bytes = limit.floor
    if payloads is None and size_bytes is None:
        size_bytes = floor_bytes(limit.metric)
    return _in_payloads(payloads, size_bytes, payload_bytes)


def _in_payloads(payloads: float | None, size_bytes: int | None, payload_bytes: int) -> float:
    return payloads if payloads is not None else (size_bytes or 0) / payload_bytes
