"""Holding a TOML document against the schema, the rules and the vocabulary of metrics."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from cachekit_memprobe.model import Limit
from cachekit_memprobe.scenario.budget_table import read_budget
from cachekit_memprobe.scenario.problems import Problem, closest, did_you_mean, one_of, place, toml
from cachekit_memprobe.scenario.rules import broken_rules
from cachekit_memprobe.scenario.schema import TABLES, ScenarioFile, Table

Location = tuple[str, ...]
"""A key's path: its table, if it is in one, and its name."""


def check(document: dict[str, Any]) -> tuple[ScenarioFile | None, tuple[Limit, ...], tuple[Problem, ...]]:
    """A document's validated tables, its limits, and all that is wrong with it.

    The tables are ``None`` when the schema refuses them; then there are problems.
    """
    tables, invalid = _validated(document)
    budget = document.get("budget", {})
    limits, budget_problems = read_budget(budget) if isinstance(budget, dict) else ((), ())
    problems = [_schema_problem(document, location) for location in invalid]
    problems += broken_rules(dict(_settings(document, invalid)))
    return tables, limits, (*problems, *budget_problems)


def value_problem(table: str, key: str, value: object) -> Problem | None:
    """What is wrong with the value of a key by itself, whatever the other keys are."""
    try:
        TABLES[table].model_validate({key: value})
    except ValidationError as error:
        found = error.errors(include_url=False)
        if any(entry["loc"][:1] == (key,) and entry["type"] != "missing" for entry in found):
            return _schema_problem({table: {key: value}}, (table, key))
    return None


def _validated(document: dict[str, Any]) -> tuple[ScenarioFile | None, tuple[Location, ...]]:
    try:
        return ScenarioFile.model_validate(document), ()
    except ValidationError as error:
        found = (_location(entry["loc"]) for entry in error.errors(include_url=False))
        return None, tuple(dict.fromkeys(found))


def _location(loc: tuple[int | str, ...]) -> Location:
    """Pydantic's location without the index of an array's element."""
    return tuple(part for part in loc if isinstance(part, str))


def _settings(
    document: Mapping[str, Any], invalid: tuple[Location, ...]
) -> Iterator[tuple[tuple[str, str], object]]:
    """The value of each key of the fixed tables that is valid in itself, defaults included."""
    for name, table in TABLES.items():
        if (name,) in invalid:
            continue
        for key, field in table.model_fields.items():
            if (name, key) not in invalid:
                yield (name, key), document[name].get(key, field.default)


def _schema_problem(document: Mapping[str, Any], location: Location) -> Problem:
    *above, key = location
    model = TABLES[above[0]] if above else ScenarioFile
    parent = document[above[0]] if above else document
    found = parent.get(key)
    if key not in model.model_fields:
        return _unknown(model, location, found)
    if not above and (key in TABLES or key == "budget"):
        return Problem(place(key), "a table", toml(found), _table_remedy(key))
    field = model.model_fields[key]
    where = place(above[0] if above else "", key)
    return Problem(where, _expected(field), toml(found), _remedy(key, field, found))


def _unknown(model: type[Table], location: Location, found: object) -> Problem:
    *above, key = location
    keys = [name for name in model.model_fields if above or not _is_table(name)]
    if not above and isinstance(found, dict):
        tables = [name for name in model.model_fields if _is_table(name)]
        matches = closest(key, tables)
        expected = f"one of the tables {', '.join(tables)}"
        remedy = did_you_mean([f"[{match}]" for match in matches]) if matches else "remove it"
        return Problem(place(key), expected, toml(found), remedy)
    matches = closest(key, keys)
    remedy = did_you_mean(matches) if matches else _elsewhere(key) or "remove it"
    where = place(above[0] if above else "", key)
    return Problem(where, f"one of the keys {', '.join(keys)}", toml(found), remedy)


def _is_table(name: str) -> bool:
    return name in TABLES or name == "budget"


def _elsewhere(key: str) -> str:
    """Where a key belongs that is in the wrong table."""
    for name, table in TABLES.items():
        if key in table.model_fields:
            return f"move it to [{name}]"
    return "move it above the first table" if key in ScenarioFile.model_fields else ""


def _table_remedy(name: str) -> str:
    if name not in TABLES:
        return "write [budget] with metric = limit below it"
    required = (
        f"{key} = {toml(field.examples[0])}"
        for key, field in TABLES[name].model_fields.items()
        if field.is_required() and field.examples
    )
    return f"write [{name}] with {' and '.join(required)}"


def _expected(field: FieldInfo) -> str:
    return field.description or one_of(get_args(field.annotation))


def _remedy(key: str, field: FieldInfo, found: object) -> str:
    options = [option for option in get_args(field.annotation) if isinstance(option, str)]
    matches = closest(found, options) if isinstance(found, str) else ()
    if matches:
        return did_you_mean([toml(match) for match in matches])
    (example, *_) = field.examples or [None]
    return f"write {key} = {toml(example)}"
