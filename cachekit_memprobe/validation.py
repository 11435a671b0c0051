"""Records that come from outside: what a child sent, what a run folder holds. Validated as they come in."""

import dataclasses
import functools
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from cachekit_memprobe.child.seen import MAY_BE_NEGATIVE
from cachekit_memprobe.child.stages import STAGES, Place
from cachekit_memprobe.child.task import Call
from cachekit_memprobe.units import LARGEST

_Record = TypeVar("_Record")


class Invalid(ValueError):
    """A text that is not the record that it should be.

    Attributes:
        key: where, dotted; empty for the text as a whole.
        problem: what is wrong there.
    """

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{key or 'the whole'}: {problem}")
        self.key = key
        self.problem = problem


def from_json(kind: type[_Record], text: str | bytes, *, whole: bool = False) -> _Record:
    """A record from its JSON; nothing is converted from one type to another.

    Every number in it is finite, and none is negative but a :data:`.child.seen.Difference`.

    Args:
        whole: both sides are of one version, so that every key has to be there, and no other.

    Raises:
        Invalid: the text isn't JSON, or not of this record.
    """
    try:
        record: _Record = _adapter(kind).validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Invalid(".".join(map(str, first["loc"])), first["msg"]) from None
    check(record)
    if whole and to_json(record, kind) != json.loads(text):
        raise Invalid("", "its keys are not those of the record")
    return record


def check(record: Any) -> None:
    """Refuse a record that has a number that makes no sense, or names a stage that there isn't.

    Raises:
        Invalid: it has; the first of them.
    """
    for key, problem in _problems(record, ()):
        raise Invalid(".".join(key), problem)


def to_json(record: Any, kind: type[Any]) -> Any:
    """A record as plain values that JSON has."""
    return _adapter(kind).dump_python(record, mode="json")


def to_text(record: Any, kind: type[Any]) -> bytes:
    """The same as JSON itself; what is no UTF-8 raises a ``ValueError``."""
    return _adapter(kind).dump_json(record)


_Key = tuple[str, ...]
_ARGUMENTS = ("args", "kwargs")


def _problems(value: Any, key: _Key, *, may_be_negative: bool = False) -> Iterator[tuple[_Key, str]]:
    """What the types don't say, of every number and of every place in a value."""
    if isinstance(value, (int, float)):
        if problem := _of_number(value, may_be_negative=may_be_negative):
            yield key, problem
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        if isinstance(value, Place) and value.stage not in STAGES:
            yield (*key, "stage"), f"{value.stage!r} is not a stage"
        signed = _signed_fields(type(value))
        for field in dataclasses.fields(value):
            part = getattr(value, field.name)
            if isinstance(value, Call) and field.name in _ARGUMENTS:
                yield from _not_finite(part, (*key, field.name))
                continue
            yield from _problems(part, (*key, field.name), may_be_negative=field.name in signed)
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from _problems(part, (*key, str(name)), may_be_negative=may_be_negative)
    elif isinstance(value, (tuple, list)):
        for number, part in enumerate(value):
            yield from _problems(part, (*key, str(number)), may_be_negative=may_be_negative)


def _not_finite(value: Any, key: _Key) -> Iterator[tuple[_Key, str]]:
    """What the user's own function is called with may be any number that JSON has."""
    if isinstance(value, float) and not math.isfinite(value):
        yield key, "it is not a finite number"
    parts = value.items() if isinstance(value, Mapping) else ()
    listed = enumerate(value) if isinstance(value, (tuple, list)) else ()
    for name, part in (*parts, *listed):
        yield from _not_finite(part, (*key, str(name)))


def _of_number(value: float, *, may_be_negative: bool) -> str:
    """What is wrong with a number; empty if nothing is. Infinity is larger than the largest."""
    if abs(value) > LARGEST:
        return "it is too large to be one of a measurement"
    if value < 0:
        return "" if may_be_negative else "it is negative"
    return "" if value >= 0 else "it is not a number"  # as of NaN no comparison is true


@functools.cache
def _signed_fields(record: type[Any]) -> frozenset[str]:
    hints = get_type_hints(record, include_extras=True)
    return frozenset(name for name, hint in hints.items() if _is_signed(hint))


def _is_signed(hint: Any) -> bool:
    return MAY_BE_NEGATIVE in getattr(hint, "__metadata__", ()) or any(map(_is_signed, get_args(hint)))


_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]
