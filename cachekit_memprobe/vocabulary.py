"""The names: instruments, and the metrics that they measure, a row each."""

from dataclasses import dataclass

RSS = "rss"
TRACEMALLOC = "tracemalloc"
MEMRAY = "memray"
ALIASING = "aliasing"
RETENTION = "retention"
INSTRUMENTS = (RSS, TRACEMALLOC, MEMRAY, ALIASING, RETENTION)
"""A process each; retention has two."""

QUICK = (RSS, MEMRAY)
"""Those of ``--quick``: the two that most limits need."""


@dataclass(frozen=True)
class Metric:
    """One name of the vocabulary.

    Attributes:
        name: dotted; ``<stage>`` stands for each stage of the map.
        instrument: the instrument that must have run for the metric to exist; empty if it takes none, as the
            process that stores the value tells it.
        label: what a reader sees.
        meaning: one sentence without a full stop, for docs, ``show`` and ``explain``.
        also: further instruments that it takes.
    """

    name: str
    instrument: str
    label: str
    meaning: str
    also: tuple[str, ...] = ()

    @property
    def instruments(self) -> tuple[str, ...]:
        """All that must have run, in the order of :data:`INSTRUMENTS`."""
        needed = {self.instrument, *self.also}
        return tuple(name for name in INSTRUMENTS if name in needed)

    @property
    def per_stage(self) -> bool:
        return self.name.endswith(".<stage>")


METRICS = (
    Metric(
        "copies.<stage>",
        MEMRAY,
        "copies",
        "heap that the stage allocates during one read; a block that grows counts its growth, a "
        "file map counts nothing",
    ),
    Metric(
        "copies.total",
        MEMRAY,
        "copies, all stages",
        "the sum of copies.<stage>, other included",
    ),
    Metric(
        "verbatim.<stage>",
        ALIASING,
        "verbatim",
        "what the stage is proven to copy, byte for byte, of memory that the read already had, "
        "whichever memory it copies into",
    ),
    Metric(
        "verbatim.total",
        ALIASING,
        "verbatim, all stages",
        "the sum of verbatim.<stage>",
    ),
    Metric(
        "moved.<stage>",
        MEMRAY,
        "moved",
        "what the stage copies, whichever memory it copies into: copies.<stage>, and what it is "
        "proven to copy into memory that the read didn't allocate, such as a buffer that is kept",
        also=(ALIASING,),
    ),
    Metric(
        "moved.total",
        MEMRAY,
        "moved, all stages",
        "the sum of moved.<stage>",
        also=(ALIASING,),
    ),
    Metric(
        "live.<stage>",
        MEMRAY,
        "live at the peak",
        "what the stage holds at the moment of the heap's peak",
    ),
    Metric(
        "peak.<stage>",
        MEMRAY,
        "heap peak in the stage",
        "the most heap that the read has allocated at one time while it is in the stage, whichever stage "
        "took it",
    ),
    Metric(
        "peak.heap",
        MEMRAY,
        "heap peak",
        "the most heap that the read had allocated at one time, without file maps",
    ),
    Metric(
        "peak.tracemalloc",
        TRACEMALLOC,
        "tracemalloc peak",
        "the peak that tracemalloc sees when it is started before the read",
    ),
    Metric(
        "peak.tracemalloc_late",
        TRACEMALLOC,
        "tracemalloc peak, late window",
        "the peak that tracemalloc sees when it is started after unwrap, as in the test that "
        "missed unwrap's copy",
    ),
    Metric(
        "peak.arrow_pool",
        TRACEMALLOC,
        "Arrow pool peak",
        "the peak of Arrow's own memory pool",
    ),
    Metric(
        "mapped.file",
        MEMRAY,
        "file maps",
        "bytes of files that the read mapped",
    ),
    Metric(
        "mapped.shared",
        MEMRAY,
        "shared memory maps",
        "bytes of shared memory that the read mapped: files of a tmpfs, memfds, anonymous shared maps; what "
        "the read itself made of it is also part of copies",
    ),
    Metric(
        "aftermath.copies",
        MEMRAY,
        "copies after the read",
        "heap that is allocated after the read has returned, by threads, timers and tasks that it started",
    ),
    Metric(
        "aftermath.peak",
        MEMRAY,
        "heap peak after the read",
        "the most of aftermath.copies that is allocated at one time",
    ),
    Metric(
        "aftermath.drop",
        MEMRAY,
        "heap peak of the drop",
        "the most heap that is allocated at one time while the value is dropped, by finalizers",
    ),
    Metric(
        "rss.peak",
        RSS,
        "RSS peak",
        "by how much the resident set grew during the read, at its peak (VmHWM); exact",
    ),
    Metric(
        "rss.total",
        RSS,
        "RSS peak, whole process",
        "the resident set of the whole process at its peak (VmHWM): what was there before the "
        "read, the frame in L1 included, and what the read added",
    ),
    Metric(
        "rss.resting",
        RSS,
        "RSS at rest, whole process",
        "the resident set of the whole process between reads, when the value is dropped: the frame in L1 "
        "included",
    ),
    Metric(
        "rss.peak_per_reader",
        RSS,
        "RSS peak per reader",
        "rss.peak divided by the number of readers; only for several readers",
    ),
    Metric(
        "rss.anon",
        RSS,
        "RSS peak, anonymous",
        "the largest growth of the anonymous part of the resident set; sampled",
    ),
    Metric(
        "rss.file",
        RSS,
        "RSS peak, file-backed",
        "the largest growth of the file-backed part of the resident set; sampled",
    ),
    Metric(
        "rss.shared",
        RSS,
        "RSS peak, shared memory",
        "the largest growth of the shared memory in the resident set, which the kernel can't drop; sampled",
    ),
    Metric(
        "rss.settled",
        RSS,
        "RSS settled",
        "growth of the resident set that stays after the value of the first read was dropped",
    ),
    Metric(
        "growth.per_read",
        RSS,
        "growth per read",
        "resident memory that each further read adds and that stays after its value was dropped",
    ),
    Metric(
        "growth.margin",
        RSS,
        "growth per read, margin",
        "half the width of the 95 % interval of growth.per_read; needs four reads or more",
    ),
    Metric(
        "growth.uncollected",
        RSS,
        "left to the collector",
        "what stays of a read after its value was dropped, until the garbage collector runs; a loop that "
        "reads holds as much once more for each read until then",
    ),
    Metric(
        "growth.total",
        RSS,
        "growth, all reads",
        "resident memory that all reads after the first left behind together; more than growth.per_read "
        "makes of them if a cache has a bound",
    ),
    Metric(
        "growth.anon",
        RSS,
        "growth per read, anonymous",
        "the anonymous part of growth.per_read",
    ),
    Metric(
        "growth.file",
        RSS,
        "growth per read, file-backed",
        "the file-backed part of growth.per_read",
    ),
    Metric(
        "growth.shared",
        RSS,
        "growth per read, shared memory",
        "the part of growth.per_read that is shared memory",
    ),
    Metric(
        "held.result",
        RETENTION,
        "held by the result",
        "what stays alive while only the returned value is held and every tier of the cache is "
        "empty: anonymous pages, shared memory and file maps",
    ),
    Metric(
        "held.frame",
        RETENTION,
        "held frames",
        "the part of held.result that is the frame, or unwrap's copy of its body",
    ),
    Metric(
        "held.arrow_pool",
        RETENTION,
        "held in Arrow's pool",
        "the part of held.result that is in Arrow's memory pool",
    ),
    Metric(
        "held.mapping",
        RETENTION,
        "held file maps",
        "the part of held.result that is a file map left open",
    ),
    Metric(
        "held.shared",
        RETENTION,
        "held shared memory",
        "the part of held.result that is shared memory",
    ),
    Metric(
        "held.heap",
        RETENTION,
        "held elsewhere",
        "the rest of held.result: Python's heap and others",
    ),
    Metric(
        "held.slice",
        RETENTION,
        "held by ten rows",
        "the same as held.result while only ten rows of the value are held",
    ),
    Metric(
        "held.after",
        RETENTION,
        "held after the drop",
        "what stays even after the value was dropped: a leak",
    ),
    Metric(
        "held.first",
        RETENTION,
        "held of the first read",
        "what a process keeps of its very first read, if that is of the value: a memo that is filled once",
    ),
    Metric(
        "frame.size",
        "",
        "stored frame",
        "the frame as it is stored, times the size of the value; absent where the value is cached without "
        "one",
    ),
)
