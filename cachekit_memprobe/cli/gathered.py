"""Options that reach a command together, as one record."""

import functools
from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar

from cachekit_memprobe.cli.help import Group, grouped

_Command = TypeVar("_Command", bound=Callable[..., Any])


def gathered(
    name: str, record: type[Any], *options: Callable[[Any], Any], group: Group = Group.OTHER
) -> Callable[[_Command], _Command]:
    """Options whose values reach the command as one record, its argument ``name``.

    Args:
        record: a dataclass; its fields are the names of the options.
        group: their heading in the help, of those that have none of their own.
    """
    names = [field.name for field in fields(record)]

    def decorate(command: Any) -> Any:
        @functools.wraps(command)
        def with_record(*args: Any, **values: Any) -> Any:
            parts = {field: values.pop(field) for field in names if field in values}
            return command(*args, **{name: record(**parts)}, **values)

        return grouped(group, *options)(with_record)

    return decorate
