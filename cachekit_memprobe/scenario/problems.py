"""What is wrong with a scenario, kept as data, and how it is put into words.

The same problem is told of a file in the spelling of TOML, and of a scenario that was made from the command
line in that of its options.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cachekit_memprobe.guesses import closest as closest
from cachekit_memprobe.guesses import did_you_mean as did_you_mean
from cachekit_memprobe.guesses import either as either

Key = tuple[str, ...]
"""A table, and the path of a key in it: ``("value", "size")``, ``("budget", "rss", "peak")``.

The table is empty for a key of the top level; without a path, the table itself is meant.
"""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_VALUE = 60
_LONGEST_ARRAY = 4
_LONGEST_LINE = 2000
_MOST_LINES = 20
_NO_OPTIONS: Mapping[Key, str] = {}
_WIDEST_INTEGER_BITS = 128
"""Python refuses to print an integer of thousands of digits, and nobody wants to read one."""


@dataclass(frozen=True)
class Phrase:
    """What was found, where it is no value that could be spelled."""

    text: str


@dataclass(frozen=True)
class Setting:
    """A key and its value."""

    key: Key
    value: object


@dataclass(frozen=True)
class Write:
    """The remedy of giving a key another value.

    Attributes:
        key: its path as it is written there: in an inline table, the last part alone.
        value: ``None`` to leave the key out.
        change: keys of which one can be changed instead.
        otherwise: what else can be done instead, in words.
    """

    key: Key
    value: object
    change: tuple[Key, ...] = ()
    otherwise: str = ""

    def worded(self, options: Mapping[Key, str]) -> str:
        """See :meth:`Problem.worded`."""
        ways = [_assignment(self.key, self.value, options)]
        if self.change:
            ways.append("change " + " or ".join(_called(key, options) for key in self.change))
        if self.otherwise:
            ways.append(self.otherwise)
        return ", or ".join(ways)


@dataclass(frozen=True)
class Guess:
    """The remedy of asking what was meant. It is guessed when it is told: thousands would take seconds.

    Attributes:
        options: what the word may have been meant for, and how that is written.
        otherwise: the remedy when nothing looks like it.
    """

    word: str
    options: Mapping[str, str]
    otherwise: Write | str

    def worded(self, options: Mapping[Key, str]) -> str:
        """See :meth:`Problem.worded`."""
        matches = closest(self.word, self.options)
        if matches:
            return did_you_mean([self.options[match] for match in matches])
        return self.otherwise if isinstance(self.otherwise, str) else self.otherwise.worded(options)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a scenario.

    Attributes:
        expected: the values that the key may have, ``None`` for leaving it out; or a phrase.
        found: its value, ``None`` for a key that isn't there.
        remedy: what to write, or a phrase.
        because: what leaves no other values: settings of other keys, or phrases.
    """

    key: Key
    expected: tuple[object, ...] | str
    found: object
    remedy: Write | Guess | str
    because: tuple[Setting | str, ...] = ()

    def __str__(self) -> str:
        return self.worded({})

    def worded(self, options: Mapping[Key, str]) -> str:
        """The problem in one line.

        Args:
            options: by which option a key is set on the command line; what has none is spelled as in TOML.
        """
        found = self.found.text if isinstance(self.found, Phrase) else toml(self.found)
        remedy = self.remedy if isinstance(self.remedy, str) else self.remedy.worded(options)
        line = f"{_called(self.key, options)}: expected {self._demand(options)}, found {found}; {remedy}"
        return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}..."

    @property
    def demand(self) -> str:
        """What is expected, and why: ``one of "get", "map" because [read] tier is "l2"``."""
        return self._demand({})

    def _demand(self, options: Mapping[Key, str]) -> str:
        expected = self.expected if isinstance(self.expected, str) else one_of(self.expected)
        causes = [
            cause if isinstance(cause, str) else f"{_called(cause.key, options)} is {toml(cause.value)}"
            for cause in self.because
        ]
        return f"{expected} because {' and '.join(causes)}" if causes else expected


def place(table: str, *path: str) -> str:
    """``[value] size``, ``[budget] "rss.peak".level``, or ``top-level summary`` when ``table`` is empty."""
    key = dotted(path)
    if not table:
        return f"top-level {key}"
    return f"[{dotted((table,))}] {key}".rstrip()


def dotted(path: Iterable[str]) -> str:
    """A key as TOML spells it; a part that has a dot or a blank in it is quoted."""
    return ".".join(_part(part) for part in path)


def toml(value: object) -> str:
    """A value as TOML spells it, on one line and not too long; a table only by its kind."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return _array(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value.bit_length() > _WIDEST_INTEGER_BITS:
        return "a very large integer"
    return _quoted(value) if isinstance(value, str) else str(value)


def spelled(value: object) -> str:
    """A value as the command line spells it."""
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def one_of(options: Sequence[object]) -> str:
    """``one of "a", "b"``, or the only option there is."""
    listed = ", ".join(toml(option) for option in options)
    return listed if len(options) == 1 else f"one of {listed}"


def listed(problems: Sequence[object], options: Mapping[Key, str] = _NO_OPTIONS) -> list[str]:
    """The first problems in words, a line each, and how many more there are.

    Args:
        problems: records, and sentences.
        options: see :meth:`Problem.worded`.
    """
    lines = [
        problem.worded(options) if isinstance(problem, Problem) else str(problem)
        for problem in problems[:_MOST_LINES]
    ]
    rest = len(problems) - len(lines)
    return [*lines, f"and {rest} more"] if rest else lines


def _called(key: Key, options: Mapping[Key, str]) -> str:
    return options.get(key) or place(*key)


def _assignment(key: Key, value: object, options: Mapping[Key, str]) -> str:
    if key in options:
        return f"leave out {options[key]}" if value is None else f"write {options[key]} {spelled(value)}"
    name = dotted(key[1:])
    return f"remove {name}" if value is None else f"write {name} = {toml(value)}"


def _part(part: str) -> str:
    return part if _BARE_KEY.fullmatch(part) and len(part) <= _LONGEST_VALUE else _quoted(part)


def _array(values: list[object]) -> str:
    if len(values) > _LONGEST_ARRAY or any(isinstance(value, (dict, list)) for value in values):
        return "an array"
    return f"[{', '.join(toml(value) for value in values)}]"


def _quoted(text: str) -> str:
    shown = text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "..."
    return json.dumps(shown, ensure_ascii=not shown.isprintable())
