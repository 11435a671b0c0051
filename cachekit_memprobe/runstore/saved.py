"""The records as they are saved."""

from dataclasses import dataclass, field
from typing import Any

from cachekit_memprobe.child import seen as records
from cachekit_memprobe.child.seen import Seen
from cachekit_memprobe.child.task import Need
from cachekit_memprobe.model import Payload, RunOptions, Scenario
from cachekit_memprobe.request import Request
from cachekit_memprobe.sweep import Shard, Sweep

SCHEMA_VERSION = records.SCHEMA_VERSION
"""Raised when an older cachekit-memprobe could not read the folder any more."""


@dataclass(frozen=True)
class SavedVersion:
    """Of ``run.json``, what any version of this tool can read."""

    schema_version: int


@dataclass(frozen=True)
class SavedTarget:
    """A target without its interpreter, whose path means nothing elsewhere."""

    spec: str
    versions: dict[str, str]


@dataclass(frozen=True)
class SavedRun:
    """``run.json``; ``scenarios`` are names."""

    schema_version: int
    tool_version: str
    created: str
    target: SavedTarget
    options: RunOptions
    scenarios: tuple[str, ...]
    sweep: Sweep = field(default_factory=Sweep)
    request: Request | None = None
    shard: Shard | None = None


@dataclass(frozen=True)
class SavedMeasurement:
    """``measurement.json``; ``observations`` are the names of files."""

    scenario: Scenario
    payload: Payload | None
    observations: tuple[str, ...]
    reason: str | None
    applies: bool
    needs: tuple[Need, ...] = ()
    notes: tuple[str, ...] = ()
    took_s: float | None = None


@dataclass(frozen=True)
class SavedHead:
    """Of a file of what one process saw, what says how to read the rest."""

    schema_version: int
    instrument: str


@dataclass(frozen=True)
class SavedSeen(SavedHead):
    """What one process saw."""

    seen: Any


def saved_seen(instrument: str, seen: Seen) -> SavedSeen:
    """A record, ready to be saved."""
    return SavedSeen(records.SCHEMA_VERSION, instrument, seen)
