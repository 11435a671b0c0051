"""Records that come from outside: what a child sent, what a run folder holds. Validated as they come in."""

import json
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

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
    if whole and to_json(record, kind) != json.loads(text):
        raise Invalid("", "its keys are not those of the record")
    return record


def to_json(record: Any, kind: type[Any]) -> Any:
    """A record as plain values that JSON has."""
    return _adapter(kind).dump_python(record, mode="json")


_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]
