"""The variables of a scenario's ``[env]``, and those of ``--env`` and of a matrix."""

from collections.abc import Mapping

from cachekit_memprobe import variables
from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.model import Scenario
from cachekit_memprobe.scenario.problems import Problem, dotted, toml

ENV = "env"
UNSET = "unset"
"""On an axis: the variable isn't there."""


def read_environment(
    table: Mapping[str, object], *, of_code: bool = False
) -> tuple[dict[str, str], tuple[Problem, ...]]:
    """The variables that are valid, and what is wrong with the others.

    Args:
        of_code: of a scenario that calls the user's own function.
    """
    given: dict[str, str] = {}
    problems = []
    for name, value in table.items():
        if not isinstance(value, str):
            is_number = isinstance(value, (int, float))
            remedy = f'write {dotted((name,))} = "{toml(value)}"' if is_number else "write it as text"
            problems.append(Problem((ENV, name), "text in quotation marks", value, remedy))
            continue
        try:
            variables.check(name, value, of_code=of_code)
        except ValueError as error:
            problems.append(Problem((ENV, name), "a variable that can be given", name, str(error)))
        else:
            given[name] = value
    return given, tuple(problems)


def parse_variable(text: str) -> tuple[str, str]:
    """Read ``NAME=VALUE``, which scenarios may refuse yet, see :func:`refuse_given`.

    Raises:
        ValueError: it isn't one, or can't be given; the message has the remedy.
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"{text!r} is not NAME=VALUE; write it like MALLOC_ARENA_MAX=2")
    variables.check(name, value, of_code=True)
    return name, value


def refuse_given(given: Mapping[str, str], scenario: Scenario) -> None:
    """Refuse a variable of the command line that the scenario sets itself.

    Raises:
        UsageError: the message has the remedy.
    """
    try:
        for name, value in given.items():
            variables.check(name, value, of_code=scenario.value.call is not None)
    except ValueError as error:
        raise UsageError(f"--env: {error}") from None


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
