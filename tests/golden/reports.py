"""Hand-built records, with the figures that cachekit's releases really show."""

from dataclasses import replace
from pathlib import Path

from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.child.task import Caching, Read, Value
from cachekit_memprobe.model import Limit, Payload, Run, RunOptions, Scenario, Target
from cachekit_memprobe.result import (
    BudgetResult,
    Finding,
    HeapStep,
    Report,
    Result,
    SiteKind,
    SiteUsage,
    StageSpan,
    StageUsage,
    Staircase,
    Suspect,
)

MB = 1_000_000
LOGICAL_BYTES = 300 * MB
PAYLOAD = Payload(LOGICAL_BYTES, 300_001_234)
CREATED = "2026-01-02T03:04:05+00:00"

SCENARIO = Scenario(
    name="arrow-l1-hit",
    summary="DataFrame of float64, uncompressed Arrow, framed bytes in L1",
    source="bundled:arrow-l1-hit",
    value=Value("dataframe", LOGICAL_BYTES, seed=1, columns=8),
    caching=Caching("arrow", "none", "file", encryption=False, l1=True),
    read=Read("l1", "memory"),
    releases="",
    needs=(),
    budget=(
        Limit("copies.unwrap", 0.3, None, "error"),
        Limit("rss.peak", None, 420 * MB, "error"),
        Limit("peak.heap", 1.3, None, "warn"),
    ),
)

TARGET = Target(
    spec="0.9.1",
    python=Path("/home/someone/envs/0.9.1/bin/python"),
    versions={
        "cachekit": "0.9.1",
        "python": "3.11.7",
        "pyarrow": "26.0.1",
        "pandas": "3.1.1",
        "numpy": "2.4.6",
        "memray": "1.20.0",
        "platform": "Linux-6.1.0-x86_64-with-glibc2.36",
    },
)

OPTIONS = RunOptions(instruments=("rss", "tracemalloc", "memray", "aliasing"), isolation="fork")


def size(payloads: float) -> int:
    return round(payloads * LOGICAL_BYTES)


def place(stage_name: str, where: str, function: str = "f") -> Place:
    """A stage's line at ``file:line``."""
    file, _, line = where.rpartition(":")
    return Place(stage_name, function, file, int(line))


def site(
    where: str,
    payloads: float,
    kind: SiteKind,
    *,
    source: str = "",
    survived: float = 0.0,
    function: str = "f",
    mapped: float = 0.0,
) -> SiteUsage:
    """A site at ``file:line``, of no stage yet; the numbers are in payloads."""
    verbatim = size(payloads) if kind == "verbatim" else 0
    return SiteUsage(
        place=place("", where, function),
        source=source,
        copies_bytes=size(payloads),
        allocations=max(1, round(payloads)),
        verbatim_bytes=verbatim,
        live_bytes=size(payloads),
        survived_bytes=size(survived),
        kind=kind,
        mapped_bytes=size(mapped),
    )


def stage(
    name: str,
    *sites: SiteUsage,
    calls: int = 1,
    live: float = 0.0,
    traced: float | None = 0.0,
    extra: float = 0.0,
    view_of: str = "",
) -> StageUsage:
    """A stage that is the sum of its sites, which get its name, and ``extra`` payloads that no site names."""
    own = tuple(replace(entry, place=replace(entry.place, stage=name)) for entry in sites)
    return StageUsage(
        name,
        calls,
        sum(entry.copies_bytes for entry in sites) + size(extra),
        sum(entry.verbatim_bytes or 0 for entry in sites),
        size(live),
        sum(entry.survived_bytes for entry in sites),
        sum(entry.mapped_bytes for entry in sites),
        None if traced is None else size(traced),
        own,
        view_of,
    )


UNWRAP_SITE = site(
    "cachekit/serializers/wrapper.py:126",
    1.0,
    "verbatim",
    source="            payload = bytes(mv[header_end:])",
    function="SerializationWrapper.unwrap",
)
UNWRAP_PLACE = replace(UNWRAP_SITE.place, stage="unwrap")
MATERIALIZE_SITE = site(
    "cachekit/serializers/arrow_serializer.py:306",
    1.0,
    "transformed",
    source="df = table.to_pandas(split_blocks=True)",
    survived=1.0,
    function="ArrowSerializer.deserialize",
)
MATERIALIZE_PLACE = replace(MATERIALIZE_SITE.place, stage="materialize")

MAP_SITE = site(
    "cachekit/backends/file/backend.py:420",
    0.0,
    "mapped",
    source="mm = mmap.mmap(fd, 0, access=mmap.ACCESS_READ)",
    function="FileBackend.get_buffer",
    mapped=1.0,
)

L1_HIT_STAGES = (
    stage("l1_get", view_of="the frame in L1"),
    stage("backend_get", calls=0),
    stage("unwrap", UNWRAP_SITE, live=1.0, traced=1.0),
    stage("decode", extra=0.0004),
    stage("materialize", MATERIALIZE_SITE, live=1.0),
    stage("stats"),
    stage("other", calls=0, extra=0.001),
)

L1_HIT_METRICS = {
    "copies.unwrap": 1.0,
    "copies.total": 2.00143,
    "peak.heap": 2.0013,
    "peak.tracemalloc": 2.0008,
    "peak.tracemalloc_late": 1.0004,
    "peak.arrow_pool": 0.0,
    "rss.peak": 2.004,
    "rss.anon": 2.004,
    "rss.file": 0.0,
    "rss.settled": 0.0021,
    "growth.per_read": -0.00001,
}

BOTH = (Suspect(UNWRAP_PLACE, size(1.0)), Suspect(MATERIALIZE_PLACE, size(1.0)))

L1_HIT = Result(
    scenario=SCENARIO,
    verdict="fail",
    payload=PAYLOAD,
    metrics=L1_HIT_METRICS,
    stages=L1_HIT_STAGES,
    budgets=(
        BudgetResult("copies.unwrap", 0.3, 1.0, "error", "over", (Suspect(UNWRAP_PLACE, size(1.0)),)),
        BudgetResult("copies.total", 1.4, 2.00143, "error", "over", BOTH),
        BudgetResult("peak.heap", 1.4, 2.0013, "warn", "over", (Suspect(UNWRAP_PLACE, size(1.0)),)),
        BudgetResult("rss.peak", 1.4, 2.004, "error", "over", (Suspect(UNWRAP_PLACE, size(1.0)),)),
        BudgetResult("growth.per_read", 0.1, -0.00001, "error", "within"),
    ),
    findings=(
        Finding("MEM001", "unwrap copies the payload byte for byte: 300.0 MB on every read", UNWRAP_PLACE),
        Finding(
            "MEM002", "a tracemalloc window opened after unwrap misses 1.00x of this read", Place("unwrap")
        ),
    ),
    spread={"rss.peak": 0.0087},
)


def named(name: str, summary: str, read: Read, *, releases: str = "") -> Scenario:
    return replace(SCENARIO, name=name, summary=summary, read=read, releases=releases)


FILE_GET = Result(
    scenario=named(
        "arrow-file-get", "DataFrame, uncompressed Arrow, File backend by bytes", Read("l2", "get")
    ),
    verdict="pass",
    payload=PAYLOAD,
    metrics={"copies.total": 4.0, "peak.heap": 3.0, "rss.peak": 3.01, "rss.anon": 3.01, "rss.file": 0.0},
    stages=(
        stage(
            "backend_get",
            site("cachekit/backends/file/backend.py:134", 1.0, "received", source="data = f.read()"),
            site(
                "cachekit/backends/file/backend.py:167", 1.0, "verbatim", source="return data[HEADER_SIZE:]"
            ),
            site("cachekit/backends/file/backend.py:140", 0.001, "unproven"),
            live=1.0,
            traced=2.0,
        ),
        stage("unwrap", UNWRAP_SITE, live=1.0, traced=1.0),
        stage(
            "decode",
            site("cachekit/cache_handler.py:88", 0.004, "unproven"),
            site("cachekit/cache_handler.py:90", 0.003, "unproven"),
            traced=None,
        ),
        stage("materialize", MATERIALIZE_SITE, live=1.0),
        stage(
            "other", site("pandas/core/internals/managers.py:2304", 0.02, "unproven"), calls=0, traced=0.02
        ),
    ),
    budgets=(
        BudgetResult("copies.total", 4.4, 4.0, "error", "within"),
        BudgetResult("peak.heap", 2.9, 3.0, "warn", "over", (Suspect(MATERIALIZE_PLACE, size(1.0)),)),
    ),
    findings=(),
)

FILE_MAP = Result(
    scenario=named(
        "arrow-file-mmap", "DataFrame, uncompressed Arrow, File backend by mmap", Read("l2", "map")
    ),
    verdict="pass",
    payload=PAYLOAD,
    metrics={"copies.total": 1.0, "mapped.file": 1.0, "peak.heap": 1.0, "rss.peak": 2.0, "rss.anon": 1.0},
    stages=(
        stage("backend_map", MAP_SITE),
        stage("unwrap", view_of="the file map"),
        stage("materialize", MATERIALIZE_SITE, live=1.0),
        stage("other", calls=0),
    ),
    budgets=(BudgetResult("peak.tracemalloc", 0.3, None, "error", "unmeasured"),),
    findings=(),
)

NOT_APPLICABLE = Result(
    scenario=named("arrow-file-mmap", "the same by mmap", Read("l2", "map"), releases=">=0.10.0"),
    verdict="not_applicable",
    payload=None,
    metrics={},
    stages=(),
    budgets=(),
    findings=(),
    reason="it is for releases >=0.10.0",
)

UNMEASURED = Result(
    scenario=named("json-l1-hit", "orjson, L1 hit", Read("l1", "memory")),
    verdict="unmeasured",
    payload=None,
    metrics={},
    stages=(),
    budgets=(),
    findings=(),
    reason=(
        "the memray child was killed by signal 9 (SIGKILL), most likely because memory ran out\n"
        "its stderr ended with:\n"
        "  Traceback (most recent call last):\n"
        '    File "workload/values.py", line 3, in make\n'
        "  \x1b[31mMemoryError\x1b[0m: [bold]can't[/bold] allocate 2.0 GiB\r\n"
    ),
)


WITH_STAIRCASE = replace(
    L1_HIT,
    staircase=Staircase(
        ("unwrap", "materialize", "other"),
        tuple(HeapStep((size(a), size(b), 400_000)) for a, b in ((0, 0), (1, 0), (1, 0.5), (1, 1), (0, 1))),
        3,
        (StageSpan("unwrap", 0, 0, 2), StageSpan("materialize", 0, 2, 5)),
    ),
)


def report_of(
    *results: Result,
    options: RunOptions = OPTIONS,
    folder: str | None = "runs/today",
) -> Report:
    run = Run(CREATED, TARGET, options, tuple(result.scenario for result in results))
    return Report("0.1.0", run, results, Path(folder) if folder else None)
