"""The frozen records that go into a measurement and come out of it: Scenario -> Run -> Measurement.

What is made of a measurement is in :mod:`cachekit_memprobe.result`. Sizes are in bytes.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from enum import Enum
from pathlib import Path
from typing import Literal

from cachekit_memprobe import variables
from cachekit_memprobe.child.seen import (
    AliasingSeen,
    Cycle,
    Kept,
    MemraySeen,
    RetentionSeen,
    RssSeen,
    Seen,
    TracemallocSeen,
)
from cachekit_memprobe.child.task import Caching, Link, Need, Read, Value
from cachekit_memprobe.request import Request
from cachekit_memprobe.sweep import Shard, Sweep, Variant

Level = Literal["error", "warn"]
Isolation = Literal["fork", "fresh"]
DEFAULT_ISOLATION: Isolation = "fork" if sys.platform == "linux" else "fresh"
"""Elsewhere a forked process can't be handed to its supervisor."""

DEFAULT_JOBS = 2


@dataclass(frozen=True)
class Origin:
    """Where a project has set a limit.

    Attributes:
        file: relative to the project's root, with ``/`` between its parts.
        line: from 1.
        key: as TOML spells it, with its tables.
    """

    file: str
    line: int
    key: str


@dataclass(frozen=True)
class Limit:
    """One line of a budget; exactly one of ``payloads`` and ``size_bytes`` is set.

    Attributes:
        when: what the target must be for it to hold, such as ``pandas<3``; empty for every target.
        text: as it was written, if that is not what it has come to: ``+5%`` over a baseline.
        message: what its author has to say to those who exceed it.
        origin: where a project has set it; ``None`` for one of the scenario's own, or of an option.
    """

    metric: str
    payloads: float | None
    size_bytes: int | None
    level: Level
    when: str = ""
    text: str = ""
    message: str = ""
    origin: Origin | None = None


@dataclass(frozen=True)
class Scenario:
    """One read to replay, complete.

    Attributes:
        name: the file's stem.
        source: where it was read from, for messages; a bundled scenario says ``bundled:NAME``.
        releases: a PEP 440 specifier of the cachekit releases that it applies to, empty for all.
        needs: what the machine must have, such as ``redis``; empty for nothing.
        variant: what it changes in the scenario that it comes from; ``None`` for a scenario as it is.
        environment: variables for its processes; those of allocators are for the rss instrument, as
            deployed.
    """

    name: str
    summary: str
    source: str
    value: Value
    caching: Caching
    read: Read
    releases: str
    needs: tuple[str, ...]
    budget: tuple[Limit, ...]
    variant: Variant | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Target:
    """The cachekit that is measured, in its own interpreter.

    Attributes:
        spec: what the user asked for: ``installed``, a release, ``latest``, or an interpreter's path.
        python: the interpreter that runs the children; it stays out of reports.
        versions: ``cachekit``, ``python``, ``pyarrow``, ``pandas``, ``numpy``, ``memray``, ``platform``
            and what else identifies the target; a package that it lacks is absent. ``cachekit_state``
            is what sets its cachekit apart from the release, such as ``editable, modified``, and
            ``modified`` names other packages whose files were changed since they were installed.
    """

    spec: str
    python: Path
    versions: Mapping[str, str]

    @property
    def cachekit(self) -> str:
        return self.versions["cachekit"]

    @property
    def words(self) -> str:
        """``cachekit 0.17.1 (editable, modified)``, for a reader."""
        state = self.versions.get("cachekit_state")
        return f"cachekit {self.versions.get('cachekit', '?')}" + (f" ({state})" if state else "")


@dataclass(frozen=True)
class RunOptions:
    """What the command line says about how to measure.

    Attributes:
        instruments: the instruments to use, in the order of ``metrics.INSTRUMENTS``.
        reads: measured reads in the rss process, the value dropped between them.
        repeat: fresh rss processes.
        timeout_s: for one child.
        jobs: scenarios measured side by side.
        as_deployed: leave the target's own allocators alone in the rss process.
        isolation: ``fork`` has a launcher fork the processes that needn't be fresh ones; see
            :mod:`cachekit_memprobe.replay.launcher`.
        stages: functions that belong to stages besides those of the map, ``unwrap=module:function``.
        kept_environment: as deployed, the allocator settings of the user's own environment, as recorded.
    """

    instruments: tuple[str, ...]
    reads: int = 5
    repeat: int = 1
    timeout_s: float = 300.0
    jobs: int = DEFAULT_JOBS
    as_deployed: bool = False
    isolation: Isolation = DEFAULT_ISOLATION
    stages: tuple[str, ...] = ()
    kept_environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """What is going to be measured, and how.

    Attributes:
        created: when, as ISO 8601.
        sweep: how the scenarios were multiplied.
        request: what the command line said; ``None`` where nobody noted it.
        shard: which of several; ``None`` when this is all there is.
    """

    created: str
    target: Target
    options: RunOptions
    scenarios: tuple[Scenario, ...]
    sweep: Sweep = field(default_factory=Sweep)
    request: Request | None = None
    shard: Shard | None = None

    @classmethod
    def planned(
        cls, target: Target, options: RunOptions, scenarios: Sequence[Scenario], sweep: Sweep | None = None
    ) -> "Run":
        """A run that begins now, in the environment of this process."""
        if options.as_deployed:
            kept = variables.recorded(variables.allocator_settings())
            options = replace(options, kept_environment=kept)
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        return cls(now, target, options, tuple(scenarios), sweep or Sweep())


class Phase(Enum):
    """What is being done for a scenario; the value is said to the user."""

    LOADING = "loading the data"
    IMPORTING = "importing the function"
    STORING = "storing the value"
    MEASURING = "measuring"
    DONE = "done"


@dataclass(frozen=True)
class Step:
    """Progress. ``detail`` says what is measured."""

    scenario: str
    phase: Phase
    detail: str = ""


@dataclass(frozen=True)
class Connection:
    """How a child reaches the server of its scenario. It is never saved, and its repr tells nothing.

    Attributes:
        link: what the child's task says.
        environment: variables of the child's, of cachekit's and of the libraries below it.
    """

    link: Link = field(default_factory=Link, repr=False)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Payload:
    """``logical_bytes`` of the value as it was made, ``frame_bytes`` of the frame that is stored.

    Attributes:
        rows: of the value; ``None`` if it has none, and in runs that were saved before they were counted.
        record_batches: of Arrow in a frame that is many times the value; 0 if that isn't known.
    """

    logical_bytes: int
    frame_bytes: int
    record_batches: int = 0
    rows: int | None = None


@dataclass(frozen=True)
class Observations:
    """What the instruments saw of one scenario, by instrument; of rss, once for each repeated process."""

    rss: tuple[RssSeen, ...] = ()
    tracemalloc: TracemallocSeen | None = None
    memray: MemraySeen | None = None
    aliasing: AliasingSeen | None = None
    retention: RetentionSeen | None = None

    def adding(self, seen: Seen) -> "Observations":
        """These and one more."""
        if isinstance(seen, RssSeen):
            return replace(self, rss=(*self.rss, seen))
        if isinstance(seen, TracemallocSeen):
            return replace(self, tracemalloc=seen)
        if isinstance(seen, MemraySeen):
            return replace(self, memray=seen)
        if isinstance(seen, AliasingSeen):
            return replace(self, aliasing=seen)
        return replace(self, retention=seen) if isinstance(seen, RetentionSeen) else self

    def each(self) -> Iterator[tuple[str, Seen]]:
        """Every record with its instrument, those that there are."""
        yield from (("rss", seen) for seen in self.rss)
        for name in ("tracemalloc", "memray", "aliasing", "retention"):
            if getattr(self, name) is not None:
                yield name, getattr(self, name)

    @property
    def kept(self) -> tuple[Kept, ...]:
        """Who was found to keep memory of a read after its value was dropped, by the aliasing instrument."""
        if self.aliasing is None:
            return ()
        later = self.aliasing.second.kept if self.aliasing.second else ()
        named = {entry.name for entry in self.aliasing.kept}
        return (*self.aliasing.kept, *(entry for entry in later if entry.name not in named))

    @property
    def cycles(self) -> tuple[Cycle, ...]:
        """What left memory of a read to the garbage collector."""
        if self.aliasing is None:
            return ()
        return self.aliasing.cycles or (self.aliasing.second.cycles if self.aliasing.second else ())

    @property
    def second_read(self) -> "Observations | None":
        """What the instruments that follow stages saw of the next read; ``None`` if none followed one."""
        second = Observations(
            tracemalloc=self.tracemalloc.second if self.tracemalloc else None,
            memray=self.memray.second if self.memray else None,
            aliasing=self.aliasing.second if self.aliasing else None,
        )
        return None if second == Observations() else second

    @property
    def stage_calls(self) -> Mapping[str, int] | None:
        """How often the read entered each stage, by the first instrument that followed it."""
        followed = (self.tracemalloc, self.memray, self.aliasing)
        return next((seen.stage_calls for seen in followed if seen is not None), None)


@dataclass(frozen=True)
class Measurement:
    """All observations of one scenario, or the reason why there are none.

    Attributes:
        reason: why it could not be measured, or does not apply; ``None`` when it was measured.
        applies: False when the scenario isn't meant for this release.
        needs: what the read depends on that isn't so by itself in the release.
        notes: what else was found out about the value, each a sentence without a full stop.
        took_s: how long it was measured; ``None`` when it wasn't, or nobody noted it.
    """

    scenario: Scenario
    payload: Payload | None
    seen: Observations = field(default_factory=Observations)
    reason: str | None = None
    applies: bool = True
    needs: tuple[Need, ...] = ()
    notes: tuple[str, ...] = ()
    took_s: float | None = None

    @classmethod
    def failed(cls, scenario: Scenario, reason: str) -> "Measurement":
        """Nothing of it was measured."""
        return cls(scenario, None, reason=reason)

    @classmethod
    def not_applicable(cls, scenario: Scenario, reason: str) -> "Measurement":
        """It isn't meant for this release, or this release can't do it."""
        return cls(scenario, None, reason=reason, applies=False)
