"""The schema of a configuration, but for its ``budget``, which :mod:`.limits` reads.

A field's description says what is expected of the key, its first example is the remedy.
"""

from collections.abc import Mapping
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, Field, ValidationError
from pydantic.fields import FieldInfo

from cachekit_memprobe.checking.calls import CallTable
from cachekit_memprobe.checking.faults import Fault
from cachekit_memprobe.checking.lines import Path
from cachekit_memprobe.scenario.problems import closest, did_you_mean, toml
from cachekit_memprobe.scenario.schema import Table

CALLS = "calls"


def _line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError
    return text.strip()


_Line = Annotated[str, AfterValidator(_line)]


class ConfigurationTable(Table):
    """The whole table."""

    scenarios: list[_Line] = Field(
        [],
        description="an array of names, patterns and files of scenarios",
        examples=[["arrow-l1-hit"]],
    )
    cachekit: _Line = Field("installed", description="what --cachekit takes, as text", examples=["installed"])
    with_: list[_Line] = Field(
        [], alias="with", description="an array of what --with takes", examples=[["pandas==2.3.3"]]
    )
    calls: dict[str, CallTable] = Field({}, description="a table of functions", examples=[{}])
    budget: dict[str, Any] = Field({}, description="a table of limits for each pattern", examples=[{}])


def read_table(table: Mapping[str, Any]) -> tuple[ConfigurationTable | None, tuple[Fault, ...]]:
    """The table, or what is wrong with it."""
    try:
        return ConfigurationTable.model_validate(table), ()
    except ValidationError as error:
        places = dict.fromkeys(tuple(entry["loc"]) for entry in error.errors(include_url=False))
        return None, tuple(_fault(table, _known(place)) for place in places)


def _known(place: Path) -> Path:
    """The place of the key that is described: of an array as a whole, of a call its key."""
    if place and place[0] == CALLS:
        return place[:3]
    return place[:2] if len(place) > 1 and isinstance(place[1], int) else place[:1]


def _fault(table: Mapping[str, Any], path: Path) -> Fault:
    model: type[Table] = CallTable if len(path) == 3 else ConfigurationTable
    if len(path) == 2 and path[0] == CALLS:
        remedy = f"write {{table}}, and below it call = {toml('shop.orders:load_orders')}"
        return Fault(path, "a table", _at(table, path), remedy, path)
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    name = str(path[-1] if len(path) == 3 else path[0])
    if name not in fields:
        found = closest(name, fields)
        remedy = did_you_mean(found) if found else "remove it"
        return Fault(path, f"one of the keys {', '.join(fields)}", name, remedy)
    return Fault(path, _expected(fields[name]), _at(table, path), _remedy(name, fields[name]))


def _expected(field: FieldInfo) -> str:
    return field.description or f"one of {', '.join(map(toml, _options(field)))}"


def _options(field: FieldInfo) -> tuple[object, ...]:
    """The values that a key takes, of one that takes fixed ones, or is left out."""
    choices = [option for option in (field.annotation, *get_args(field.annotation)) if get_args(option)]
    return tuple(value for option in choices for value in get_args(option) if isinstance(value, str))


def _remedy(name: str, field: FieldInfo) -> str:
    example = field.examples[0] if field.examples else None
    return f"write {name} = {toml(example)}" if example else f"write it as {_expected(field)}"


def _at(table: Any, path: Path) -> object:
    for part in path:
        try:
            table = table[part]
        except (KeyError, IndexError, TypeError):
            return None
    return table
