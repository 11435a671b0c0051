"""A matrix: keys of a scenario with the values that each is to take, and a scenario for each combination."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Any, get_args

from pydantic.fields import FieldInfo

from cachekit_memprobe.model import Limit, Scenario
from cachekit_memprobe.scenario.checks import check, is_valid
from cachekit_memprobe.scenario.given import ENV, UNSET, axis_value
from cachekit_memprobe.scenario.loader import scenario_of
from cachekit_memprobe.scenario.problems import Key, Problem, closest, did_you_mean, place, spelled
from cachekit_memprobe.scenario.rules import ASYNCHRONOUS, BACKFILL, COLUMNS, FILE, L1, ROUTE, SIZE, TIER
from cachekit_memprobe.scenario.schema import TABLES
from cachekit_memprobe.scenario.writing import document_of
from cachekit_memprobe.sweep import Skipped, Variant
from cachekit_memprobe.variables import recorded

_TRUE = ("on", "true", "yes")
_FALSE = ("off", "false", "no")
_MOST_DIGITS = 18
_NOT_AN_AXIS = {
    SIZE: "give several sizes with --size 64MB,128MB,256MB",
    FILE: "run each file by itself with --payload",
}
_FOLLOWERS = (ROUTE, L1, TIER, COLUMNS, BACKFILL, ASYNCHRONOUS)
"""Keys that say where a read goes rather than what is cached: they give way to an axis that needs it."""


@dataclass(frozen=True)
class Axis:
    """One key and its values, as TOML has them."""

    key: Key
    values: tuple[object, ...]

    @property
    def name(self) -> str:
        return self.key[1]

    @property
    def labels(self) -> tuple[str, ...]:
        """How its values are called."""
        return tuple(_label(self.key, value) for value in self.values)


def parse_axis(text: str) -> Axis:
    """Read one axis, such as ``compression=none,zstd`` or ``encryption=on,off``.

    Raises:
        ValueError: there is no such key, or a value isn't one that it takes; the message has the remedy.
    """
    name, equals, listed = (part.strip() for part in text.partition("="))
    words = [word.strip() for word in listed.split(",")]
    if not equals or not all(words):
        raise ValueError(f"{text!r} is not AXIS=VALUE,VALUE; write it like compression=none,zstd")
    if name.startswith(f"{ENV}."):
        return _environment_axis(text, name.removeprefix(f"{ENV}."), words)
    table, key = _axis_key(name)
    field = TABLES[table].model_fields[key]
    values = tuple(_axis_value(field, word) for word in words)
    for value in values:
        if not is_valid(table, key, value):
            raise ValueError(f"{name}: {spelled(value)[:60]!r} is not {_expected(field, spelled(value))}")
    if len(set(values)) < len(values):
        raise ValueError(f"{text!r} has a value twice; leave one out")
    return Axis((table, key), values)


def _environment_axis(text: str, name: str, words: Sequence[str]) -> Axis:
    values = tuple(axis_value(name, word) for word in words)
    if len({_label((ENV, name), value) for value in values}) < len(values):
        raise ValueError(f"{text!r} has a value twice; leave one out")
    return Axis((ENV, name), values)


def axis_names() -> tuple[str, ...]:
    """All keys that can be an axis."""
    return tuple(key for _, key in _axis_keys())


def variants(
    scenario: Scenario, axes: Sequence[Axis], limits: tuple[Limit, ...]
) -> Iterator[Scenario | Skipped]:
    """Each combination of the axes, in their order.

    Args:
        limits: the budget of each; that of the scenario is for the scenario as it is.
    """
    document = document_of(scenario)
    for values in product(*(axis.values for axis in axes)):
        chosen = {axis.key: value for axis, value in zip(axes, values, strict=True)}
        yield _variant(scenario, document, chosen, limits)


def _axis_keys() -> Iterable[tuple[str, str]]:
    for table, model in TABLES.items():
        for key in model.model_fields:
            if (table, key) not in _NOT_AN_AXIS:
                yield table, key


def _axis_key(name: str) -> tuple[str, str]:
    for key, remedy in _NOT_AN_AXIS.items():
        if name == key[1]:
            raise ValueError(f"{name!r} can't be an axis; {remedy}")
    for table, known in _axis_keys():
        if name in (known, f"{table}.{known}"):
            return table, known
    matches = closest(name, axis_names())
    remedy = did_you_mean(matches) if matches else f"the axes are {', '.join(axis_names())}"
    raise ValueError(f"{name!r} is not an axis; {remedy}")


def _axis_value(field: FieldInfo, word: str) -> object:
    """The word as the type that the schema wants, where it can be read so."""
    if field.annotation is bool and word.lower() in _TRUE + _FALSE:
        return word.lower() in _TRUE
    if (
        int in (field.annotation, *get_args(field.annotation))
        and word.isdecimal()
        and len(word) <= _MOST_DIGITS
    ):
        return int(word)
    return word


def _expected(field: FieldInfo, found: str) -> str:
    options = [option for option in get_args(field.annotation) if isinstance(option, str)]
    if not options:
        return "on or off" if field.annotation is bool else str(field.description)
    matches = closest(found, options)
    return f"one of {', '.join(options)}" + (f"; {did_you_mean(matches)}" if matches else "")


def _variant(
    scenario: Scenario, document: Mapping[str, Any], chosen: Mapping[Key, object], limits: tuple[Limit, ...]
) -> Scenario | Skipped:
    axes = {key[1]: _label(key, value) for key, value in chosen.items()}
    followed, problems = _possible(_changed(document, chosen), chosen)
    if problems:
        return Skipped(scenario.name, axes, "; ".join(map(_why, problems)))
    changed = _changed(document, {**chosen, **followed})
    settings = [f"{key}={value}" for key, value in axes.items()]
    changed |= {"summary": f"{scenario.name} with {' '.join(settings)}", "budget": {}}
    return replace(
        scenario_of(f"{scenario.name}@{','.join(settings)}", scenario.source, changed),
        budget=limits,
        variant=Variant(
            of=scenario.name,
            axes=axes,
            followed={key[1]: spelled(value) for key, value in followed.items() if value is not None},
        ),
    )


def _possible(
    document: dict[str, Any], chosen: Mapping[Key, object]
) -> tuple[dict[Key, object], tuple[Problem, ...]]:
    """The fewest changes of other keys that make a read of it; or what is wrong, the least of it."""
    least: tuple[Problem, ...] | None = None
    for changes in _changes([key for key in _FOLLOWERS if key not in chosen], document):
        problems = check(_changed(document, changes)).problems
        if not problems:
            return changes, ()
        if least is None or len(problems) < len(least):
            least = problems
    return {}, least or ()


def _changes(keys: Sequence[Key], document: Mapping[str, Any]) -> Iterator[dict[Key, object]]:
    """No change, then every change of one key, of two, and so on."""
    for count in range(len(keys) + 1):
        for some in combinations(keys, count):
            for values in product(*(_others(key, document) for key in some)):
                yield dict(zip(some, values, strict=True))


def _others(key: Key, document: Mapping[str, Any]) -> Iterable[object]:
    table, name = key
    annotation = TABLES[table].model_fields[name].annotation
    options = (True, False) if annotation is bool else get_args(annotation)
    fixed: list[object] = [option for option in options if isinstance(option, (str, bool))]
    # A key that takes no fixed values can only be left out.
    return [option for option in fixed or [None] if option != document[table].get(name)]


def _changed(document: Mapping[str, Any], changes: Mapping[Key, object]) -> dict[str, Any]:
    copy: dict[str, Any] = deepcopy(dict(document))
    for (table, key), value in changes.items():
        copy.setdefault(table, {}).pop(key, None)
        if value is not None:
            copy[table][key] = value
    return copy


def _why(problem: Problem) -> str:
    return f"{place(*problem.key)} has to be {problem.demand}"


def _label(key: Key, value: object) -> str:
    """How a value on an axis is called, in a name and in a table."""
    if key[0] != ENV:
        return spelled(value)
    return UNSET if value is None else recorded({key[1]: str(value)})[key[1]]
