"""What is wrong with a configuration, each with its line and its key."""

from collections.abc import Iterable
from dataclasses import dataclass

from cachekit_memprobe.checking.configuration import Configuration, ConfigurationError
from cachekit_memprobe.checking.lines import Path
from cachekit_memprobe.scenario.problems import Phrase, listed, toml


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        path: the keys that lead to it, from the configuration's table.
        found: a value, ``None`` for a key that isn't there, or a phrase.
        remedy: what to do; ``{table}`` in it is ``table``.
        table: the keys that lead to another table.
    """

    path: Path
    expected: str
    found: object
    remedy: str
    table: Path = ()


def refuse(configuration: Configuration, faults: Iterable[Fault]) -> None:
    """Say what is wrong, the first in the file first.

    Raises:
        ConfigurationError: there is something. The message has a line for each fault, of the first twenty.
    """
    ordered = sorted(faults, key=lambda fault: configuration.line(fault.path))
    if ordered:
        raise ConfigurationError("\n".join(listed([_worded(configuration, fault) for fault in ordered])))


def _worded(configuration: Configuration, fault: Fault) -> str:
    found = fault.found.text if isinstance(fault.found, Phrase) else toml(fault.found)
    remedy = fault.remedy.replace("{table}", f"[{configuration.key(fault.table)}]")
    return f"{configuration.where(fault.path)}: expected {fault.expected}, found {found}; {remedy}"
