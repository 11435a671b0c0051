"""The axes of a matrix: keys of a scenario file, with the values that each is to take."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import get_args

from pydantic.fields import FieldInfo

from cachekit_memprobe.scenario.checks import value_problem
from cachekit_memprobe.scenario.problems import closest, did_you_mean
from cachekit_memprobe.scenario.rules import Key
from cachekit_memprobe.scenario.schema import TABLES

_TRUE = ("on", "true", "yes")
_FALSE = ("off", "false", "no")
_NOT_AN_AXIS = {
    ("value", "size"): "give several sizes with --size 64MB,128MB,256MB",
    ("value", "file"): "run each file by itself with --payload",
}


@dataclass(frozen=True)
class Axis:
    """One key and its values, as TOML has them."""

    key: Key
    values: tuple[object, ...]

    @property
    def name(self) -> str:
        return self.key[1]


def parse_axis(text: str) -> Axis:
    """Read one axis, such as ``compression=none,zstd`` or ``encryption=on,off``.

    Raises:
        ValueError: there is no such key, or a value isn't one that it takes; the message has the remedy.
    """
    name, equals, listed = (part.strip() for part in text.partition("="))
    words = [word.strip() for word in listed.split(",")]
    if not equals or not all(words):
        raise ValueError(f"{text!r} is not AXIS=VALUE,VALUE; write it like compression=none,zstd")
    key = _key(name)
    field = TABLES[key[0]].model_fields[key[1]]
    values = tuple(_value(field, word) for word in words)
    for value in values:
        if value_problem(*key, value) is not None:
            raise ValueError(f"{name}: {spelled(value)!r} is not {_expected(field, spelled(value))}")
    if len(set(values)) < len(values):
        raise ValueError(f"{text!r} has a value twice; leave one out")
    return Axis(key, values)


def spelled(value: object) -> str:
    """A value as a command line spells it."""
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def axis_names() -> tuple[str, ...]:
    """All keys that can be an axis."""
    return tuple(key for _, key in _keys())


def _keys() -> Iterable[Key]:
    for table, model in TABLES.items():
        for key in model.model_fields:
            if (table, key) not in _NOT_AN_AXIS:
                yield table, key


def _key(name: str) -> Key:
    for key, remedy in _NOT_AN_AXIS.items():
        if name == key[1]:
            raise ValueError(f"{name!r} can't be an axis; {remedy}")
    for key in _keys():
        if name in (key[1], ".".join(key)):
            return key
    matches = closest(name, axis_names())
    remedy = did_you_mean(matches) if matches else f"the axes are {', '.join(axis_names())}"
    raise ValueError(f"{name!r} is not a key of a scenario; {remedy}")


def _value(field: FieldInfo, word: str) -> object:
    """The word as the type that the schema wants, where it can be read so."""
    if field.annotation is bool and word.lower() in _TRUE + _FALSE:
        return word.lower() in _TRUE
    if int in (field.annotation, *get_args(field.annotation)) and word.isdecimal():
        return int(word)
    return word


def _expected(field: FieldInfo, found: str) -> str:
    options = [option for option in get_args(field.annotation) if isinstance(option, str)]
    if not options:
        return "on or off" if field.annotation is bool else str(field.description)
    matches = closest(found, options)
    return f"one of {', '.join(options)}" + (f"; {did_you_mean(matches)}" if matches else "")
