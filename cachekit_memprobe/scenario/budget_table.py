"""The ``[budget]`` table: metric names to limits, in any of TOML's spellings."""

from collections.abc import Iterator
from typing import Any, get_args

from cachekit_memprobe import metrics
from cachekit_memprobe.model import Level, Limit
from cachekit_memprobe.scenario.conditions import CONDITIONS, parse_condition
from cachekit_memprobe.scenario.limits import EXAMPLE, metric_remedy, parse_limit
from cachekit_memprobe.scenario.problems import Problem, closest, did_you_mean, dotted, one_of, place, toml

_LIMIT = 'a limit such as "1.3x" or "100MiB"'
_LEVELS: tuple[Level, ...] = get_args(Level)
_KEYS = ("limit", "level", "where")
_CONDITION = 'a condition such as "pandas<3", of ' + ", ".join(CONDITIONS)
_DEEPEST = max(name.count(".") + 1 for name in metrics.NAMES)

Path = tuple[str, ...]


def read_budget(table: dict[str, Any]) -> tuple[tuple[Limit, ...], tuple[Problem, ...]]:
    """The limits of a ``[budget]`` table, in the order of the file, and what is wrong with it."""
    limits: dict[str, list[Limit]] = {}
    problems: list[Problem] = []
    for path, value in _entries(table, ()):
        metric = ".".join(path)
        if metric not in metrics.NAMES:
            problems.append(_problem(path, "a metric", metric, metric_remedy(metric)))
        elif metric in limits:
            problems.append(_problem(path, "each metric once", metric, "remove one of its limits"))
        else:
            wrong = tuple(_wrong(path, value))
            problems.extend(wrong)
            if not wrong:
                limits[metric] = [_limit(metric, one) for one in _each(value)]
    return tuple(limit for of_metric in limits.values() for limit in of_metric), tuple(problems)


def _entries(table: dict[str, Any], above: Path) -> Iterator[tuple[Path, Any]]:
    """Each limit with the key that leads to it.

    ``rss.peak = "1x"`` is a table ``rss`` in TOML. A table is a limit when it has the key ``limit`` or
    its name is a metric's; an empty one is passed on, to be refused.
    """
    for key, value in table.items():
        path = (*above, key)
        nested = isinstance(value, dict) and value and "limit" not in value
        if nested and ".".join(path) not in metrics.NAMES and len(path) < _DEEPEST:
            yield from _entries(value, path)
        else:
            yield path, value


def _each(value: Any) -> list[Any]:
    """An array has a limit for each kind of target, the first that fits holds."""
    return value if isinstance(value, list) else [value]


def _limit(metric: str, value: Any) -> Limit:
    if isinstance(value, dict):
        return parse_limit(metric, value["limit"], value.get("level", "error"), value.get("where", ""))
    return parse_limit(metric, value)


def _wrong(path: Path, value: Any) -> Iterator[Problem]:
    if value == []:
        yield from _wrong_text(path, path, value)
    for one in _each(value):
        yield from _wrong_one(path, one)
    for one in _each(value)[:-1]:
        if not (isinstance(one, dict) and "where" in one):
            remedy = "put it last, or give it a condition with where"
            yield _problem(path, "only limits with where before the last one", one, remedy)


def _wrong_one(path: Path, value: Any) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield from _wrong_text(path, path, value)
        return
    yield from _wrong_text(path, (*path, "limit"), value.get("limit"))
    level = value.get("level", "error")
    if level not in _LEVELS:
        yield _problem((*path, "level"), one_of(_LEVELS), level, 'write level = "warn", or remove level')
    if "where" in value and not _is_condition(value["where"]):
        yield _problem((*path, "where"), _CONDITION, value["where"], 'write where = "pandas<3"')
    for key in sorted(value.keys() - set(_KEYS)):
        matches = closest(key, _KEYS)
        remedy = did_you_mean(matches) if matches else "remove it"
        yield _problem((*path, key), "the keys limit, level and where", value[key], remedy)


def _is_condition(text: object) -> bool:
    try:
        return isinstance(text, str) and bool(parse_condition(text))
    except ValueError:
        return False


def _wrong_text(metric: Path, key: Path, text: Any) -> Iterator[Problem]:
    try:
        if isinstance(text, str):
            parse_limit(".".join(metric), text)
            return
    except ValueError:
        pass
    short = key if key == metric else key[-1:]
    yield _problem(key, _LIMIT, text, f'write {dotted(short)} = "{EXAMPLE}"')


def _problem(path: Path, expected: str, found: object, remedy: str) -> Problem:
    return Problem(place("budget", *path), expected, toml(found), remedy)
