"""The product of a scenario's axes: one scenario for each combination that cachekit can read."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from itertools import combinations, product
from pathlib import Path
from typing import Any, get_args

from cachekit_memprobe.model import Limit, Scenario
from cachekit_memprobe.scenario.axes import Axis, spelled
from cachekit_memprobe.scenario.checks import check
from cachekit_memprobe.scenario.document import document_of
from cachekit_memprobe.scenario.files import file_problems
from cachekit_memprobe.scenario.loader import scenario_of
from cachekit_memprobe.scenario.problems import Problem
from cachekit_memprobe.scenario.rules import BACKFILL, COLUMNS, L1, ROUTE, TIER, Key
from cachekit_memprobe.scenario.schema import TABLES
from cachekit_memprobe.sweep import Skipped, Variant

_FOLLOWERS = (ROUTE, L1, TIER, COLUMNS, BACKFILL)
"""Keys that say where a read goes rather than what is cached: they give way to an axis that needs it."""


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


def _variant(
    scenario: Scenario, document: Mapping[str, Any], chosen: Mapping[Key, object], limits: tuple[Limit, ...]
) -> Scenario | Skipped:
    axes = {key[1]: spelled(value) for key, value in chosen.items()}
    followed, problems = _possible(_changed(document, chosen), chosen)
    if problems:
        return Skipped(scenario.name, axes, "; ".join(map(_why, problems)))
    changed = _changed(document, {**chosen, **followed})
    name = f"{scenario.name}@{','.join(f'{key}={value}' for key, value in axes.items())}"
    words = " ".join(f"{key}={value}" for key, value in axes.items())
    changed |= {"summary": f"{scenario.name} with {words}", "budget": {}}
    return replace(
        scenario_of(name, scenario.source, changed),
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
        changed = _changed(document, changes)
        problems = (*check(changed)[2], *file_problems(changed, Path()))
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
        copy[table].pop(key, None)
        if value is not None:
            copy[table][key] = value
    return copy


def _why(problem: Problem) -> str:
    return f"{problem.where} has to be {problem.expected}"
