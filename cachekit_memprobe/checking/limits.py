"""The ``budget`` table of a configuration: which limits it sets, for the scenarios of which pattern."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cachekit_memprobe import metrics
from cachekit_memprobe.checking.amounts import Amount, parse_amount, parse_size
from cachekit_memprobe.checking.faults import Fault
from cachekit_memprobe.checking.lines import Path
from cachekit_memprobe.model import Level
from cachekit_memprobe.scenario.conditions import CONDITIONS, parse_condition
from cachekit_memprobe.scenario.limits import closest_metric
from cachekit_memprobe.scenario.problems import Phrase, closest, did_you_mean, either

BUDGET = "budget"
LEVELS: Mapping[str, Level] = {"soft": "warn", "hard": "error"}
"""The keys of a limit's levels, the lower one first."""

_KEYS = (*LEVELS, "message", "floor", "when")
_EXAMPLE = "1.3x"
_AMOUNT = 'a limit such as "1.3x", "400MiB", "+5%" over the baseline, or "off"'
_CONDITION = f"a condition on {either(CONDITIONS)}"
_EXAMPLE_CONDITION = 'when = "pandas<3"'
_DEEPEST = max(name.count(".") + 1 for name in metrics.NAMES)
_LONGEST_MESSAGE = 500
_FOR_ALL = (BUDGET, "*")
_BELOW_ALL = "write it below {table}, which is for all scenarios, or below another pattern"


@dataclass(frozen=True)
class ProjectLimit:
    """One limit of a configuration, of one level, for all scenarios that a pattern names.

    Attributes:
        path: the keys that lead to its amount, from the configuration's table.
        floor: the least that a limit in per cent allows over the baseline, in payloads or in bytes.
    """

    pattern: str
    metric: str
    level: Level
    amount: Amount
    path: Path
    when: str = ""
    message: str = ""
    floor: tuple[float | None, int | None] = (None, None)


def read_limits(table: Mapping[str, Any]) -> tuple[tuple[ProjectLimit, ...], tuple[Fault, ...]]:
    """The limits of a ``budget`` table, in the order of the file, and what is wrong with it."""
    found: list[ProjectLimit | Fault] = []
    for pattern, limits in table.items():
        if isinstance(limits, dict):
            found.extend(_of_pattern(pattern, limits, (BUDGET, pattern)))
        else:
            path = (BUDGET, pattern)
            found.append(Fault(path, "the table of a pattern's limits", limits, _BELOW_ALL, _FOR_ALL))
    limits = tuple(one for one in found if isinstance(one, ProjectLimit))
    return limits, tuple(one for one in found if isinstance(one, Fault))


def _of_pattern(pattern: str, limits: Mapping[str, Any], above: Path) -> Iterator[ProjectLimit | Fault]:
    seen = set()
    for path, value in _entries(limits, above, len(above)):
        metric = _metric(path, len(above))
        if f"{pattern}.{metric}" in metrics.NAMES:
            yield Fault(path, "a metric below a pattern", f"{pattern}.{metric}", _BELOW_ALL, _FOR_ALL)
        elif metric not in metrics.NAMES:
            yield Fault(path, "a metric", metric, closest_metric(metric))
        elif metric in seen:
            yield Fault(
                path, "each metric once for a pattern", Phrase(f"{metric} again"), "remove one of the two"
            )
        else:
            seen.add(metric)
            yield from _of_metric(pattern, metric, value, path)


def _entries(table: Mapping[str, Any], above: Path, depth: int) -> Iterator[tuple[Path, Any]]:
    """Each limit with its path; ``rss.peak = "1x"`` is a table ``rss`` in TOML."""
    for name, value in table.items():
        path = (*above, name)
        is_limit = not isinstance(value, dict) or not value or value.keys() & set(_KEYS)
        if is_limit or _metric(path, depth) in metrics.NAMES or len(path) - depth >= _DEEPEST:
            yield path, value
        else:
            yield from _entries(value, path, depth)


def _metric(path: Path, depth: int) -> str:
    return ".".join(map(str, path[depth:]))


def _of_metric(pattern: str, metric: str, value: Any, path: Path) -> Iterator[ProjectLimit | Fault]:
    """An array has a limit for each kind of target, of which the first that fits holds."""
    if not isinstance(value, list) or not value:
        yield from _of_one(pattern, metric, value, path)
        return
    for number, one in enumerate(value):
        yield from _of_one(pattern, metric, one, (*path, number))
        if number < len(value) - 1 and not (isinstance(one, dict) and "when" in one):
            remedy = f"put it last, or give it a condition such as {_EXAMPLE_CONDITION}"
            yield Fault((*path, number), "a limit with a condition, since others follow it", one, remedy)


def _of_one(pattern: str, metric: str, value: Any, path: Path) -> Iterator[ProjectLimit | Fault]:
    if not isinstance(value, dict):
        amount = _parsed(metric, value)
        yield (
            ProjectLimit(pattern, metric, "error", amount, path)
            if amount
            else Fault(path, _AMOUNT, value, f'write "{_EXAMPLE}"')
        )
        return
    amounts = {key: _parsed(metric, value[key]) for key in LEVELS if key in value}
    parsed = {key: amount for key, amount in amounts.items() if amount is not None}
    faults = [*_faults(value, amounts, path), *_conflicts(value, parsed, path)]
    yield from faults
    if not faults:
        floor = parse_size(value["floor"]) if "floor" in value else (None, None)
        message = value.get("message", "").strip()
        for key, amount in parsed.items():
            where, when = (*path, key), value.get("when", "")
            yield ProjectLimit(pattern, metric, LEVELS[key], amount, where, when, message, floor)


def _faults(value: Mapping[str, Any], amounts: Mapping[str, Amount | None], path: Path) -> Iterator[Fault]:
    """What is wrong with the keys of a limit, each by itself."""
    for key in value.keys() - set(_KEYS):
        matches = closest(key, _KEYS)
        remedy = did_you_mean(matches) if matches else "remove it"
        yield Fault((*path, key), f"one of the keys {', '.join(_KEYS)}", key, remedy)
    if not amounts and value.keys() <= set(_KEYS):
        yield Fault(path, "a limit that is soft or hard", value, f'write hard = "{_EXAMPLE}"')
    for key, amount in amounts.items():
        if amount is None:
            yield Fault((*path, key), _AMOUNT, value[key], f'write {key} = "{_EXAMPLE}"')
    if "message" in value and not _is_line(value["message"]):
        expected = f"one line of at most {_LONGEST_MESSAGE} characters"
        yield Fault((*path, "message"), expected, value["message"], "shorten it to one line")
    if "when" in value and not _is_condition(value["when"]):
        yield Fault((*path, "when"), _CONDITION, value["when"], f"write {_EXAMPLE_CONDITION}")
    if "floor" in value and not _is_size(value["floor"]):
        yield Fault(
            (*path, "floor"), 'a size such as "1MiB" or "0.02x"', value["floor"], 'write floor = "1MiB"'
        )


def _conflicts(value: Mapping[str, Any], amounts: Mapping[str, Amount], path: Path) -> Iterator[Fault]:
    """What can't be so together."""
    if "floor" in value and not any(amount.share is not None for amount in amounts.values()):
        remedy = "remove it, or write the limit like +5%"
        yield Fault((*path, "floor"), "no floor, since no limit here is in per cent", value["floor"], remedy)
    soft, hard = amounts.get("soft"), amounts.get("hard")
    if soft is None or hard is None:
        return
    if {soft.unit, hard.unit} == {"payloads", "bytes"}:
        expected = f"the unit of the hard limit, {hard.text}"
        remedy = "write both in payloads, such as 1.3x, or both as a size"
        yield Fault((*path, "soft"), expected, soft.text, remedy)
    elif _is_above(soft, hard):
        expected = f"at most the hard limit, {hard.text}"
        yield Fault((*path, "soft"), expected, soft.text, "lower it, or raise the hard one")


def _is_above(soft: Amount, hard: Amount) -> bool:
    """Whether it can be told that one is more than the other, whatever is measured."""
    if soft.unit != hard.unit:
        return False
    pairs = ((soft.payloads, hard.payloads), (soft.size_bytes, hard.size_bytes), (soft.share, hard.share))
    return any(one is not None and other is not None and one > other for one, other in pairs)


def _parsed(metric: str, text: Any) -> Amount | None:
    try:
        return parse_amount(metric, text) if isinstance(text, str) else None
    except ValueError:
        return None


def _is_line(text: Any) -> bool:
    return (
        isinstance(text, str) and bool(text.strip()) and text.isprintable() and len(text) <= _LONGEST_MESSAGE
    )


def _is_condition(text: Any) -> bool:
    try:
        return isinstance(text, str) and bool(parse_condition(text))
    except ValueError:
        return False


def _is_size(text: Any) -> bool:
    try:
        return isinstance(text, str) and bool(parse_size(text))
    except ValueError:
        return False
