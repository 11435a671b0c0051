"""The instruments, each a module of its name. It reads the stored value in a process of its own."""

import re
from dataclasses import fields, is_dataclass, replace
from importlib import import_module
from typing import Any, Protocol, TypeVar, cast

from cachekit_memprobe.child import wire
from cachekit_memprobe.child.probes.staged import package_folder
from cachekit_memprobe.child.seen import Seen
from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.child.task import Task

_PACKAGES = re.compile(r".*(?:-packages|/lib/python3[.\d]*)/")
_Thing = TypeVar("_Thing")


class Probe(Protocol):
    """What an instrument's module has."""

    def probe(self, task: Task, channel: wire.Channel) -> Seen:
        """Read the task's value, and tell what was seen, in bytes.

        Raises:
            CouldNotMeasure: with the reason.
        """


def run_probe(task: Task, channel: wire.Channel) -> Seen:
    """Run the task's instrument; only its module is imported. Files are told relative to cachekit's folder.

    Raises:
        CouldNotMeasure: with the reason.
    """
    instrument = cast(Probe, import_module(f"{__name__}.{task.instrument}"))
    return portable(instrument.probe(task, channel), f"{package_folder()}/")


def _below(folder: str, file: str) -> str:
    """A file's name below the folder, or below whichever other one its package lies in."""
    if file.startswith(folder):
        return file[len(folder) :]
    if not file.startswith("/"):
        return file
    found = _PACKAGES.match(file)
    return file[found.end() :] if found else file.rpartition("/")[2]


def portable(thing: _Thing, prefix: str) -> _Thing:
    """A record with the files of its places relative to a folder, so that it names none of this machine's."""
    if isinstance(thing, Place):
        return replace(thing, file=_below(prefix, thing.file))
    if isinstance(thing, tuple):
        return cast(_Thing, tuple(portable(part, prefix) for part in thing))
    if is_dataclass(thing) and not isinstance(thing, type):
        changed: dict[str, Any] = {
            entry.name: portable(getattr(thing, entry.name), prefix) for entry in fields(thing)
        }
        return cast(_Thing, replace(thing, **changed))
    return thing
