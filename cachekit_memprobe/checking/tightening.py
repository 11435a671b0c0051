"""Limits ratcheted down to what is reached: never up, and nothing else in the file is touched."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cachekit_memprobe.checking.amounts import Amount, floor_bytes, parse_amount
from cachekit_memprobe.checking.configuration import Configuration, ConfigurationError
from cachekit_memprobe.checking.limits import ProjectLimit
from cachekit_memprobe.checking.lines import Path
from cachekit_memprobe.checking.resolution import Holding
from cachekit_memprobe.result import Report, Result
from cachekit_memprobe.units import format_payloads, parse_bytes

_SIZE = re.compile(r"[\d.]+ *([A-Za-z]+)")
_FEW = 10
"""Units below which a size has a decimal."""


@dataclass(frozen=True)
class Tightened:
    """A limit that is lowered.

    Attributes:
        where: its file, line and key.
        reached: the figure of the scenario that needs most, in payloads.
    """

    limit: ProjectLimit
    where: str
    after: Amount
    scenario: str
    reached: float

    @property
    def words(self) -> str:
        """``pyproject.toml:13: …rss.peak.hard: 1.4x -> 1.07x (arrow-l1-hit: 1.00x)``."""
        reached = f"{self.scenario}: {format_payloads(self.reached)}"
        return f"{self.where}: {self.limit.amount.text} -> {self.after.text} ({reached})"


@dataclass(frozen=True)
class _Reached:
    """What a scenario has come to, in payloads, and in bytes what that takes with headroom."""

    scenario: str
    payloads: float
    needed_bytes: float
    payload_bytes: int

    def needed(self, amount: Amount) -> float:
        """In the unit of a limit."""
        return self.needed_bytes / (self.payload_bytes if amount.unit == "payloads" else 1)


def tightened(
    limits: Sequence[ProjectLimit],
    held: Mapping[str, Sequence[Holding]],
    report: Report,
    configuration: Configuration,
    headroom: float,
) -> tuple[Tightened, ...]:
    """The limits that can be lowered, in the order of the file.

    A limit for several scenarios is lowered to what the largest of them needs, and only if all of them were
    measured. A hard limit keeps its distance to the soft one beside it. One over a baseline stays as it is.

    Args:
        held: by scenario, the limits that hold for it.
        headroom: more than is reached, as a share of it; what differs by chance comes on top.
    """
    results = {result.scenario.name: result for result in report.results}
    amounts = {limit.path: limit.amount for limit in limits}
    found: dict[Path, Tightened] = {}
    # Those that are soft first, which hard ones go by.
    for limit in sorted(limits, key=lambda one: one.level == "error"):
        names = [name for name, of_it in held.items() if any(limit in one.limits for one in of_it)]
        key = configuration.key(limit.path)
        reached = [_reached(limit.metric, key, results.get(name), headroom) for name in names]
        beside: Path = (*limit.path[:-1], "soft") if limit.level == "error" else ()
        soft = amounts.get(beside)
        by = _value(soft) - _value(found[beside].after) if soft and beside in found else 0.0
        least = _value(limit.amount) - by if soft and soft.unit == limit.amount.unit else 0.0
        if lowered := _lowered(limit, reached, least):
            after, one = lowered
            where = configuration.where(limit.path)
            found[limit.path] = Tightened(limit, where, after, one.scenario, one.payloads)
    return tuple(found[limit.path] for limit in limits if limit.path in found)


def with_lowered(configuration: Configuration, found: Sequence[Tightened]) -> str:
    """The text of the configuration's file with the lower limits in it, and nothing else changed.

    Raises:
        ConfigurationError: a limit is written in a way that can't be changed so.
    """
    text = configuration.lines
    for one in found:
        try:
            text = text.with_string((*configuration.above, *one.limit.path), one.after.text)
        except KeyError:
            raise ConfigurationError(
                f'{one.where}: it can\'t be changed as it is written; write it like "{one.limit.amount.text}"'
            ) from None
    return text.text


def _reached(metric: str, key: str, result: Result | None, headroom: float) -> _Reached | None:
    """What a scenario has come to; ``None`` if it was not judged by the limit of this key."""
    if result is None or result.payload is None:
        return None
    payload_bytes = result.payload.logical_bytes
    for one in result.budgets:
        if one.origin and one.origin.key == key and one.observed is not None:
            needed_bytes = max(0.0, one.observed) * (1 + headroom) * payload_bytes + floor_bytes(metric)
            return _Reached(result.scenario.name, one.observed, needed_bytes, payload_bytes)
    return None


def _lowered(
    limit: ProjectLimit, reached: Sequence[_Reached | None], least: float
) -> tuple[Amount, _Reached] | None:
    """A lower limit, and who needs as much; ``None`` if it can't be lowered.

    Args:
        least: what it may not go below, in its own unit.
    """
    amount = limit.amount
    known = [one for one in reached if one is not None]
    if amount.unit not in ("payloads", "bytes") or not known or len(known) < len(reached):
        return None
    largest = max(known, key=lambda one: one.needed(amount))
    after = parse_amount(limit.metric, _written(amount, max(least, largest.needed(amount))))
    return (after, largest) if _value(after) < _value(amount) else None


def _value(amount: Amount) -> float:
    return amount.payloads if amount.payloads is not None else float(amount.size_bytes or 0)


def _written(amount: Amount, needed: float) -> str:
    """Rounded up, in the unit in which the limit is written."""
    if amount.unit == "payloads":
        return f"{_up(needed, 100)}x"
    match = _SIZE.fullmatch(amount.text)
    unit = match[1] if match else "B"
    units = needed / parse_bytes(f"1{unit}")
    return f"{_up(units, 1 if units >= _FEW or unit == 'B' else 10)}{unit}"


def _up(value: float, steps: int) -> str:
    """The next of so many steps in one; what is one already, but for how numbers are kept, stays."""
    whole = math.ceil(round(value * steps, 6))
    return f"{whole / steps:.2f}".rstrip("0").rstrip(".") if whole % steps else str(whole // steps)
