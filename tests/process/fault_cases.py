"""What has to be seen of the faults of :mod:`tests.process.injected`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cachekit_memprobe import programs
from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.metrics import ALIASING, MEMRAY, RETENTION, RSS, TRACEMALLOC
from cachekit_memprobe.result import Finding, Report, Result
from tests.process.faults import Copy
from tests.process.measuring import EVERY_STAGED, result_of

ALMOST = 0.03
ARENA_MIB = 1
"""pymalloc's, which falls into the stage in which the last one happens to be full."""

_ONE_COPY = frozenset({"copies.total", "peak.heap"})
_MOVED = frozenset({"moved.total"})
"""Of what aliasing and memray tell together."""


@dataclass(frozen=True)
class Case:
    """A fault, and what has to be seen of it.

    Attributes:
        over: the limits that are exceeded; all others are kept.
        metrics: name to payloads.
        size_mib: small where the heap is all that is looked at.
    """

    fault: str
    scenario: str
    stage: str
    instruments: tuple[str, ...]
    over: frozenset[str] = frozenset()
    metrics: Mapping[str, float] = field(default_factory=dict)
    size_mib: int = 16

    def __str__(self) -> str:
        return f"{self.fault}-{self.scenario}"


COPYING = (
    Case(
        "l1-copies",
        "arrow-l1-hit",
        "l1_get",
        (MEMRAY, ALIASING),
        _ONE_COPY | _MOVED,
        {"copies.l1_get": 1, "verbatim.l1_get": 1},
    ),
    Case(
        "unwrap-copies",
        "arrow-l1-hit",
        "unwrap",
        EVERY_STAGED,
        _ONE_COPY | _MOVED | {"rss.peak", "verbatim.unwrap"},
        {"copies.unwrap": 1, "verbatim.unwrap": 1, "peak.tracemalloc": 1, "peak.tracemalloc_late": 0},
        size_mib=64,
    ),
    Case(
        "unwrap-copies-on-a-thread",
        "arrow-l1-hit",
        "unwrap",
        (TRACEMALLOC, MEMRAY, ALIASING),
        _ONE_COPY | _MOVED | {"verbatim.unwrap"},
        {"copies.unwrap": 1, "verbatim.unwrap": 1, "peak.tracemalloc": 1},
    ),
    Case(
        "worker-copies",
        "async-file-get",
        "backend_get",
        (MEMRAY, ALIASING),
        frozenset({"copies.total", "moved.total"}),
        {"copies.backend_get": 2, "verbatim.backend_get": 1, "copies.other": 0},
    ),
    Case(
        "unwrap-copies-into-a-buffer",
        "arrow-l1-hit",
        "unwrap",
        (MEMRAY, ALIASING),
        frozenset({"moved.total", "verbatim.unwrap"}),
        {"copies.unwrap": 0, "verbatim.unwrap": 1, "moved.unwrap": 1, "moved.total": 2, "peak.heap": 1},
    ),
    Case(
        "unwrap-copies-what-is-hot",
        "arrow-l1-hit",
        "unwrap",
        EVERY_STAGED,
        _ONE_COPY | _MOVED | {"rss.peak", "verbatim.unwrap"},
        {"copies.unwrap": 1, "verbatim.unwrap": 1, "peak.heap": 2, "rss.peak": 2},
        size_mib=64,
    ),
    Case(
        "executor-copies",
        "async-file-get",
        "backend_get",
        (TRACEMALLOC, MEMRAY, ALIASING),
        frozenset({"copies.total", "moved.total"}),
        {"copies.backend_get": 2, "verbatim.backend_get": 1, "copies.other": 0},
    ),
    Case(
        "handler-copies",
        "arrow-file-get",
        "handover",
        (MEMRAY, ALIASING),
        frozenset({"copies.total", "moved.total"}),
        {"copies.handover": 1, "verbatim.handover": 1, "copies.stats": 0},
    ),
    Case(
        "wrapper-copies",
        "arrow-l1-hit",
        "handover",
        (TRACEMALLOC, MEMRAY, ALIASING),
        _ONE_COPY | _MOVED,
        {"copies.handover": 1, "verbatim.handover": 1, "copies.stats": 0},
    ),
    Case(
        "decode-copies-in-another-pool",
        "arrow-l1-hit",
        "decode",
        (MEMRAY, ALIASING, RETENTION),
        _ONE_COPY | _MOVED,
        {"copies.decode": 1, "verbatim.decode": 1, "held.after": 0},
    ),
    Case(
        "decode-copies",
        "arrow-l1-hit",
        "decode",
        (TRACEMALLOC, MEMRAY, ALIASING),
        _ONE_COPY | _MOVED,
        {"copies.decode": 1, "verbatim.decode": 1, "peak.tracemalloc": 1},
    ),
    Case(
        "decode-copies-in-arrow",
        "arrow-l1-hit",
        "decode",
        (TRACEMALLOC, MEMRAY, ALIASING),
        _ONE_COPY | _MOVED,
        {"copies.decode": 1, "verbatim.decode": 1, "peak.tracemalloc": 0},
    ),
    Case(
        "file-get-copies",
        "arrow-file-get",
        "backend_get",
        (MEMRAY, ALIASING),
        frozenset({"copies.total", "moved.total"}),  # the first copy is gone before the read's peak
        {"copies.backend_get": 2, "verbatim.backend_get": 1},
    ),
    Case(
        "map-reads",
        "arrow-file-mmap",
        "backend_map",
        (RSS, MEMRAY),
        _ONE_COPY | {"rss.anon"},
        {"copies.backend_map": 1, "mapped.file": 0, "rss.anon": 2, "rss.peak": 2},
        size_mib=64,
    ),
    Case(
        "map-reads-into-shared-memory",
        "arrow-file-mmap",
        "backend_map",
        (MEMRAY,),
        _ONE_COPY,
        {"copies.backend_map": 1, "mapped.file": 0},
    ),
    Case("materialize-copies", "arrow-l1-hit", "materialize", (MEMRAY,), _ONE_COPY),
    Case(
        "decrypt-copies",
        "arrow-l1-hit-encrypted",
        "decrypt",
        (MEMRAY, ALIASING),
        frozenset({"copies.total", "moved.total"}),
        {"copies.decrypt": 4, "verbatim.decrypt": 1},
    ),
    Case(
        "decompress-copies",
        "bytes-file-get",
        "decompress",
        (MEMRAY,),
        _ONE_COPY,
        {"copies.decompress": 4, "copies.total": 6},
    ),
    Case(
        "l1-put-copies",
        "file-get-backfill",
        "l1_put",
        (MEMRAY, ALIASING),
        _ONE_COPY | _MOVED,
        {"copies.l1_put": 1, "verbatim.l1_put": 1},
    ),
    Case(
        "redis-get-copies",
        "redis-l2-hit",
        "backend_get",
        (MEMRAY, ALIASING),
        frozenset({"copies.total", "moved.total"}),
        {"copies.backend_get": 3},
    ),
    Case(
        "cachekitio-get-copies",
        "cachekitio-l2-hit",
        "backend_get",
        (MEMRAY, ALIASING),
        frozenset({"copies.total", "moved.total"}),
        {"copies.backend_get": 2},
    ),
    *(
        [
            Case(
                "memcached-get-copies",
                "memcached-l2-hit",
                "backend_get",
                (MEMRAY, ALIASING),
                frozenset({"copies.total", "moved.total"}),
                {"copies.backend_get": 3.03},  # each chunk of 4 KiB has its header
            )
        ]
        if programs.memcached()
        else []
    ),
    Case("stats-print-the-value", "bytes-file-get", "stats", (MEMRAY,), _ONE_COPY, {"copies.stats": 2.88}),
)

KEEPING = (
    Case(
        "unwrap-keeps-views",
        "arrow-file-get",
        "unwrap",
        (RSS, MEMRAY, ALIASING),
        frozenset({"growth.per_read", "growth.total"}),
        {"growth.per_read": 1, "copies.unwrap": 0, "copies.total": 2},
        size_mib=64,
    ),
    Case(
        "unwrap-keeps-views",
        "arrow-file-mmap",
        "unwrap",
        (RSS, ALIASING),
        frozenset({"growth.per_read", "growth.total"}),
        {"growth.per_read": 1},
        size_mib=64,
    ),
    # One view is no growth: it shows in what stays, compared with the state before the first read.
    *(
        Case(
            "unwrap-keeps-the-last-view",
            scenario,
            "unwrap",
            (ALIASING, RETENTION),
            frozenset({"held.after", "held.first"}),
            {"held.after": 1, "held.first": 1},
        )
        for scenario in ("arrow-file-get", "arrow-file-mmap")
    ),
)

_RESIDENT = (RSS, MEMRAY, ALIASING)

CYCLING = (
    Case(
        "materialize-is-in-a-cycle",
        "arrow-l1-hit",
        "materialize",
        _RESIDENT,
        frozenset({"growth.uncollected"}),
        {"growth.uncollected": 1, "growth.per_read": 0},
    ),
    # Its traceback refers to the frames of its callers too, one of which has the value.
    Case(
        "unwrap-is-in-a-traceback",
        "arrow-file-get",
        "unwrap",
        _RESIDENT,
        frozenset({"growth.uncollected"}),
        {"growth.uncollected": 2, "growth.per_read": 0},
    ),
    Case(
        "file-get-is-in-a-closure",
        "bytes-file-get",
        "backend_get",
        _RESIDENT,
        frozenset({"growth.uncollected"}),
        {"growth.uncollected": 1, "growth.per_read": 0},
    ),
)
"""Only the garbage collector gives back what these leave."""

SHARING = (
    Case(
        "file-get-keeps-shared-memory",
        "arrow-file-get",
        "backend_get",
        _RESIDENT,
        frozenset({"copies.total", "moved.total", "rss.shared", "growth.per_read", "growth.total"}),
        {"rss.shared": 1, "mapped.shared": 1, "growth.shared": 1, "rss.anon": 1, "verbatim.backend_get": 1},
    ),
    Case(
        "unwrap-copies-into-shared-memory",
        "arrow-l1-hit",
        "unwrap",
        _RESIDENT,
        _ONE_COPY | _MOVED | {"rss.peak", "rss.shared", "verbatim.unwrap"},
        {"rss.shared": 1, "mapped.shared": 1, "rss.file": 0, "verbatim.unwrap": 1, "growth.shared": 0},
    ),
    Case(
        "materialize-takes-a-snapshot",
        "arrow-l1-hit",
        "materialize",
        _RESIDENT,
        _ONE_COPY | _MOVED | {"rss.peak", "rss.shared"},
        {"rss.shared": 1, "mapped.shared": 1, "rss.file": 0, "verbatim.materialize": 1},
    ),
)

BESIDE = (
    # What every process keeps that has read a small value first is that small value.
    Case(
        "get-keeps-the-first-frame",
        "arrow-file-get",
        "backend_get",
        (ALIASING, RETENTION),
        frozenset({"held.first"}),
        {"held.first": 1, "held.after": 0},
    ),
    Case(
        "materialize-keeps-the-first-table",
        "arrow-file-get",
        "materialize",
        (RETENTION,),
        frozenset({"held.first"}),
        {"held.first": 1, "held.after": 0},
    ),
    Case(
        "decode-keeps-the-last-body",
        "arrow-file-get",
        "decode",
        (ALIASING, RETENTION),
        frozenset({"held.after", "held.first"}),
        {"held.after": 1, "held.slice": 1},
    ),
    Case(
        "unwrap-leaks-a-tenth",
        "arrow-file-get",
        "unwrap",
        (RSS, RETENTION, ALIASING),
        frozenset({"growth.per_read", "growth.total"}),
        {"growth.per_read": 0.1, "held.slice": 1},
    ),
    Case(
        "unwrap-copies-later",
        "arrow-l1-hit",
        "unwrap",
        (RSS, MEMRAY),
        frozenset({"aftermath.peak", "rss.peak"}),
        {"aftermath.peak": 1, "aftermath.copies": 1, "copies.total": 1, "rss.peak": 2},
    ),
    Case(
        "a-finalizer-copies",
        "arrow-l1-hit",
        "other",
        (MEMRAY,),
        frozenset({"aftermath.drop"}),
        {"aftermath.drop": 1, "aftermath.peak": 0, "peak.heap": 1},
    ),
)
"""What shows when the read has returned, and what only a first read shows."""

HIDING = (
    Case("unwrap-is-renamed", "arrow-l1-hit", "unwrap", (MEMRAY,)),
    Case("unwrap-is-bypassed", "arrow-l1-hit", "unwrap", (MEMRAY,)),
)


Where = tuple[str, str, int]


@dataclass(frozen=True)
class Found:
    """A case's report, and the copy with the fault."""

    case: Case
    report: Report
    copy: Copy

    @property
    def here(self) -> Where:
        """Stage, file and line of the fault."""
        return (self.case.stage, *self.copy.where)

    @property
    def result(self) -> Result:
        return result_of(self.report, self.case.scenario)

    def findings(self, *codes: str) -> list[Finding]:
        """Those of some rules that name the line."""
        findings = [finding for finding in self.result.findings if finding.code in codes]
        return [finding for finding in findings if line_of(finding.place) == self.here]


def line_of(place: Place | None) -> Where | None:
    """Where it is, whatever the function is called."""
    return (place.stage, place.file, place.line) if place else None
