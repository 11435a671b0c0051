"""Limits: a metric, and how much of it a read may use; the ``[budget]`` table, in any of TOML's spellings."""

from collections.abc import Iterator
from typing import Any, get_args

from cachekit_memprobe import metrics, units
from cachekit_memprobe.model import Level, Limit
from cachekit_memprobe.scenario.conditions import CONDITIONS, parse_condition
from cachekit_memprobe.scenario.problems import Guess, Key, Phrase, Problem, Write, dotted, either

EXAMPLE = "1.3x"
_EXAMPLE_CONDITION = "pandas<3"
_LIMIT = 'a limit such as "1.3x" or "100MiB"'
_CONDITION = f'a condition on {either(CONDITIONS)}, such as "{_EXAMPLE_CONDITION}"'
_LEVELS: tuple[Level, ...] = get_args(Level)
_KEYS = ("limit", "level", "when")
_ONE_OF_THE_KEYS = f"one of the keys {', '.join(_KEYS)}"
_FORMER = "where"
"""What ``when`` was called once."""

_TABLE = "budget"
_NAMES = {name: name for name in metrics.NAMES}
_DEEPEST = max(name.count(".") + 1 for name in metrics.NAMES)


def parse_limit(metric: str, text: str, level: Level = "error", when: str = "") -> Limit:
    """Read one limit, as in a scenario's ``[budget]`` or on the command line.

    Args:
        metric: one of ``metrics.NAMES``.
        text: a multiple of the payload such as ``1.3x``, or a size with its unit such as ``100MiB``.
        level: ``warn`` for a limit that doesn't fail the run.
        when: the condition under which it holds, see :func:`conditions.parse_condition`.

    Raises:
        ValueError: the metric doesn't exist, or the text is not a limit; the message has the remedy.
    """
    if metric not in metrics.NAMES:
        raise ValueError(f"{metric[:60]!r} is not a metric; {closest_metric(metric)}")
    amount = text.strip()
    try:
        if amount.endswith("x"):
            return Limit(metric, units.parse_payloads(amount), None, level, when)
        # A bare number would be bytes: 1.3 for 1.3x would be a limit of one byte.
        if amount[-1:].isalpha():
            return Limit(metric, None, units.parse_bytes(amount), level, when)
    except ValueError:
        pass
    raise ValueError(
        f"{text[:60]!r} is not a limit; "
        f"write a multiple of the payload such as {EXAMPLE}, or a size such as 100MiB"
    )


def read_budget(table: dict[str, Any]) -> tuple[tuple[Limit, ...], tuple[Problem, ...]]:
    """The limits of a ``[budget]`` table, in the order of the file, and what is wrong with it."""
    limits: dict[str, list[Limit]] = {}
    problems: list[Problem] = []
    for key, value in _entries(table, (_TABLE,)):
        metric = _metric(key)
        if metric not in metrics.NAMES:
            problems.append(Problem(key, "a metric", metric, _guess(metric)))
        elif metric in limits:
            again = Phrase(f"{metric} again")
            problems.append(Problem(key, "each metric once", again, "remove one of its limits"))
        else:
            wrong = tuple(_wrong(key, value))
            problems.extend(wrong)
            if not wrong:
                limits[metric] = [_limit(metric, one) for one in _each(value)]
    return tuple(limit for of_metric in limits.values() for limit in of_metric), tuple(problems)


def closest_metric(metric: str) -> str:
    """What to write instead of a metric that doesn't exist."""
    return _guess(metric).worded({})


def _guess(metric: str) -> Guess:
    return Guess(metric, _NAMES, "cachekit-memprobe explain lists them")


def _metric(key: Key) -> str:
    return ".".join(key[1:])


def _entries(table: dict[str, Any], above: Key) -> Iterator[tuple[Key, Any]]:
    """Each limit with the key that leads to it.

    ``rss.peak = "1x"`` is a table ``rss`` in TOML. A table is a limit when it has the key ``limit`` or
    its name is a metric's; an empty one is passed on, to be refused.
    """
    for name, value in table.items():
        key = (*above, name)
        nested = isinstance(value, dict) and value and "limit" not in value
        if nested and _metric(key) not in metrics.NAMES and len(key) <= _DEEPEST:
            yield from _entries(value, key)
        else:
            yield key, value


def _each(value: Any) -> list[Any]:
    """An array has a limit for each kind of target, the first that fits holds."""
    return value if isinstance(value, list) else [value]


def _limit(metric: str, value: Any) -> Limit:
    if isinstance(value, dict):
        return parse_limit(metric, value["limit"], value.get("level", "error"), value.get("when", ""))
    return parse_limit(metric, value)


def _wrong(key: Key, value: Any) -> Iterator[Problem]:
    if value == []:
        yield from _wrong_text(key, key, value)
    for one in _each(value):
        yield from _wrong_one(key, one)
    for one in _each(value)[:-1]:
        if not (isinstance(one, dict) and one.keys() & {"when", _FORMER}):
            remedy = f'put it last, or give it a condition such as when = "{_EXAMPLE_CONDITION}"'
            yield Problem(key, "a limit with a condition, since others follow it", one, remedy)


def _wrong_one(key: Key, value: Any) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield from _wrong_text(key, key, value)
        return
    yield from _wrong_text(key, (*key, "limit"), value.get("limit"))
    level = value.get("level", "error")
    if level not in _LEVELS:
        remedy = Write((_TABLE, "level"), "warn", otherwise="remove level")
        yield Problem((*key, "level"), _LEVELS, level, remedy)
    if "when" in value and not _is_condition(value["when"]):
        yield Problem((*key, "when"), _CONDITION, value["when"], _write_when(_EXAMPLE_CONDITION))
    for name in sorted(value.keys() - set(_KEYS)):
        yield Problem((*key, name), _ONE_OF_THE_KEYS, Phrase(dotted((name,))), _key_remedy(name, value[name]))


def _key_remedy(name: str, value: object) -> Write | Guess:
    """What to write instead of a key that a limit doesn't have."""
    if name == _FORMER:
        return _write_when(value if _is_condition(value) else _EXAMPLE_CONDITION)
    return Guess(name, {key: key for key in _KEYS}, "remove it")


def _write_when(condition: object) -> Write:
    return Write((_TABLE, "when"), condition)


def _is_condition(text: object) -> bool:
    try:
        return isinstance(text, str) and bool(parse_condition(text))
    except ValueError:
        return False


def _wrong_text(metric: Key, key: Key, text: Any) -> Iterator[Problem]:
    try:
        if isinstance(text, str):
            parse_limit(_metric(metric), text)
            return
    except ValueError:
        pass
    written = key if key == metric else (_TABLE, key[-1])
    yield Problem(key, _LIMIT, text, Write(written, EXAMPLE))
