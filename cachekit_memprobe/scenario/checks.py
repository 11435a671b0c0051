"""Holding a TOML document against the schema, the rules, the metrics, and the user's own data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from cachekit_memprobe.model import Limit
from cachekit_memprobe.scenario.calls import CALL_TABLES, CallFile, is_call
from cachekit_memprobe.scenario.given import ENV, read_environment
from cachekit_memprobe.scenario.limits import read_budget
from cachekit_memprobe.scenario.problems import Guess, Key, Phrase, Problem, Write, dotted, toml
from cachekit_memprobe.scenario.rules import broken_rules, file_problems, without_consequences
from cachekit_memprobe.scenario.schema import TABLES, ScenarioFile, Table

_OPEN_TABLES = {"env": 'MALLOC_ARENA_MAX = "2"', "budget": 'rss.peak = "1.35x"'}
"""Those that take any key, with an example."""


@dataclass(frozen=True)
class _Form:
    """A kind of document: its model, and the tables of it whose keys are fixed."""

    file: type[ScenarioFile] | type[CallFile]
    tables: Mapping[str, type[Table]]

    def has_table(self, name: str) -> bool:
        return name in self.tables or name in _OPEN_TABLES


_VALUES = _Form(ScenarioFile, TABLES)
_CALLS = _Form(CallFile, CALL_TABLES)


@dataclass(frozen=True)
class Checked:
    """A document that was examined.

    Attributes:
        tables: validated; ``None`` when the schema refuses them, and then there are problems.
        limits: those of its budget that are valid.
        environment: the variables that are valid.
        problems: all that is wrong with it.
    """

    tables: ScenarioFile | CallFile | None
    limits: tuple[Limit, ...]
    environment: Mapping[str, str]
    problems: tuple[Problem, ...]


def check(document: dict[str, Any], folder: Path = Path()) -> Checked:
    """Examine a document.

    Args:
        folder: what a path in the document is relative to.
    """
    form = _CALLS if is_call(document) else _VALUES
    tables, invalid = _validated(document, form)
    budget = document.get("budget", {})
    limits, budget_problems = read_budget(budget) if isinstance(budget, dict) else ((), ())
    env = document.get(ENV, {})
    environment, env_problems = (
        read_environment(env, of_code=form is _CALLS) if isinstance(env, dict) else ({}, ())
    )
    problems = (
        *(_schema_problem(document, key, form) for key in invalid),
        *(broken_rules(dict(_settings(document, invalid))) if form is _VALUES else ()),
        *env_problems,
        *budget_problems,
        *file_problems(document, folder),
    )
    return Checked(tables, limits, environment, tuple(without_consequences(problems)))


def is_valid(table: str, key: str, value: object) -> bool:
    """Whether a key can have the value, as far as the other keys don't matter."""
    try:
        TABLES[table].model_validate({key: value})
    except ValidationError as error:
        found = error.errors(include_url=False)
        return not any(entry["loc"][:1] == (key,) and entry["type"] != "missing" for entry in found)
    return True


def _validated(
    document: dict[str, Any], form: _Form
) -> tuple[ScenarioFile | CallFile | None, tuple[Key, ...]]:
    """The tables, or the keys of those that are invalid."""
    try:
        return form.file.model_validate(document), ()
    except ValidationError as error:
        found = (_key(entry["loc"]) for entry in error.errors(include_url=False))
        return None, tuple(dict.fromkeys(found))


def _key(location: tuple[int | str, ...]) -> Key:
    """Pydantic's location without the index of an array's element, and with a table at the top level, too."""
    path = tuple(part for part in location if isinstance(part, str))
    return path if len(path) > 1 else ("", *path)


def _settings(document: Mapping[str, Any], invalid: tuple[Key, ...]) -> Iterator[tuple[Key, object]]:
    """The value of each key of the fixed tables that is valid in itself, defaults included."""
    for name, table in TABLES.items():
        if ("", name) in invalid:
            continue
        for key, field in table.model_fields.items():
            if (name, key) not in invalid:
                yield (name, key), document[name].get(key, field.default)


def _schema_problem(document: Mapping[str, Any], key: Key, form: _Form) -> Problem:
    table, name = key
    model = form.tables[table] if table else form.file
    found = (document[table] if table else document).get(name)
    if name not in model.model_fields:
        if table or not isinstance(found, dict):
            return _unknown_key(model, key, form)
        return _unknown_table(name, form)
    if not table and form.has_table(name):
        return Problem((name,), "a table", found, _table_remedy(name, form))
    field = model.model_fields[name]
    return Problem(key, field.description or get_args(field.annotation), found, _remedy(key, field, found))


def _unknown_table(name: str, form: _Form) -> Problem:
    tables = [*form.tables, *_OPEN_TABLES]
    otherwise = "remove it" if name not in TABLES else "remove it: how the value is cached is in the code"
    remedy = Guess(name, {table: f"[{table}]" for table in tables}, otherwise)
    return Problem((name,), f"one of the tables {', '.join(tables)}", Phrase(dotted((name,))), remedy)


def _unknown_key(model: type[Table], key: Key, form: _Form) -> Problem:
    *_, name = key
    keys = [known for known in model.model_fields if not (model is form.file and form.has_table(known))]
    remedy = Guess(name, {known: known for known in keys}, _elsewhere(name, form) or "remove it")
    return Problem(key, f"one of the keys {', '.join(keys)}", Phrase(dotted((name,))), remedy)


def _elsewhere(name: str, form: _Form) -> str:
    """Where a key belongs that is in the wrong table."""
    for table, model in form.tables.items():
        if name in model.model_fields:
            return f"move it to [{table}]"
    return "move it above the first table" if name in form.file.model_fields else ""


def _table_remedy(name: str, form: _Form) -> str:
    if name not in form.tables:
        return f"write [{name}], and below it lines such as {_OPEN_TABLES[name]}"
    required = (
        f"{key} = {toml(field.examples[0])}"
        for key, field in form.tables[name].model_fields.items()
        if field.is_required() and field.examples
    )
    with_keys = " and ".join(required)
    return f"write [{name}] with {with_keys}" if with_keys else f"write [{name}], or leave it out"


def _remedy(key: Key, field: FieldInfo, found: object) -> Write | Guess:
    options = {option: toml(option) for option in get_args(field.annotation) if isinstance(option, str)}
    (example, *_) = field.examples or [None]
    example_instead = Write(key, example)
    return Guess(found, options, example_instead) if isinstance(found, str) else example_instead
