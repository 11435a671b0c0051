"""The variables of a scenario's ``[env]``, and those of ``--env`` and of a matrix."""

from collections.abc import Mapping

from cachekit_memprobe import variables
from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.scenario.problems import Problem, dotted, toml

ENV = "env"
UNSET = "unset"
"""On an axis: the variable isn't there."""


def read_environment(table: Mapping[str, object]) -> tuple[dict[str, str], tuple[Problem, ...]]:
    """The variables that are valid, and what is wrong with the others."""
    given: dict[str, str] = {}
    problems = []
    for name, value in table.items():
        if not isinstance(value, str):
            is_number = isinstance(value, (int, float))
            remedy = f'write {dotted((name,))} = "{toml(value)}"' if is_number else "write it as text"
            problems.append(Problem((ENV, name), "text in quotation marks", value, remedy))
            continue
        try:
            variables.check(name, value)
        except ValueError as error:
            problems.append(Problem((ENV, name), "a variable that can be given", name, str(error)))
        else:
            given[name] = value
    return given, tuple(problems)


def parse_variable(text: str) -> tuple[str, str]:
    """Read ``NAME=VALUE``.

    Raises:
        ValueError: it isn't one, or can't be given; the message has the remedy.
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"{text!r} is not NAME=VALUE; write it like MALLOC_ARENA_MAX=2")
    variables.check(name, value)
    return name, value


def axis_value(name: str, word: str) -> str | None:
    """A variable's value on an axis; ``None`` to leave it out.

    Raises:
        ValueError: it can't be an axis.
    """
    if not variables.is_recorded(name):
        raise ValueError(
            f"{printable(name)} can't be an axis, as its values would stand in names and reports: only "
            "settings of allocators and of cachekit can; give it with --env, in a run for each value"
        )
    if word == UNSET:
        return None
    variables.check(name, word)
    return word
