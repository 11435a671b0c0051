"""What each instrument saw, in bytes: one record a process, raw, before anything is made of it.

A probe makes the record; it crosses the channel and is saved as JSON of the same shape, and is validated by
the types that stand here whenever it comes in. A key that changes its name or its meaning raises
:data:`SCHEMA_VERSION`.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from cachekit_memprobe.child.stages import Place

SCHEMA_VERSION = 2
"""Of saved observations. 1 were the probes' own dictionaries."""

FIRST_READ = "first_read"
"""The second process of the instrument retention."""

MAY_BE_NEGATIVE = "may be negative"
Difference = Annotated[int, MAY_BE_NEGATIVE]
"""By how much there is more of something than there was before. Every other number is 0 or more."""

BlockKind = Literal["verbatim", "received", "transformed"]
OriginKind = Literal["l1_frame", "cached_object", "file_map", "shared_map", "made"]
Backing = Literal["file", "shared", "made"]
"""What stands behind a map: a file; shared memory that was there before the read, or that the read made."""
Event = Literal["open", "return", "close", "move", "pause", "maps", "map", "pool"]


@dataclass(frozen=True)
class RssSample:
    """The parts of the resident set at one moment of a read, as growth over its baseline."""

    elapsed_us: int
    anon_bytes: Difference
    file_bytes: Difference
    shared_bytes: Difference


@dataclass(frozen=True)
class ReadFigures:
    """The resident set around one read.

    Attributes:
        peak_bytes: growth of VmHWM over the baseline.
        anon_bytes, file_bytes, shared_bytes: the largest growth of its parts that was sampled. Runs before
            there was ``shared_bytes`` have it in ``file_bytes``; it is then ``None``.
        samples: how often.
        baseline_bytes: resident before the read.
        settled_bytes, settled_anon_bytes, settled_file_bytes, settled_shared_bytes: growth over the state
            before the *first* read, after the value was dropped and the garbage collector has run.
        dropped_bytes: the same before it has; ``None`` where it doesn't run at all, or that wasn't looked at.
        baseline_anon_bytes: the anonymous part of ``baseline_bytes``; ``None`` in what was saved before it
            was looked at.
        course: some of the samples, the first, the last and the highest ones among them, in their order.
    """

    peak_bytes: Difference
    anon_bytes: Difference
    file_bytes: Difference
    samples: int
    baseline_bytes: int
    settled_bytes: Difference
    settled_anon_bytes: Difference
    settled_file_bytes: Difference
    dropped_bytes: Difference | None = None
    shared_bytes: Difference | None = None
    settled_shared_bytes: Difference | None = None
    baseline_anon_bytes: int | None = None
    course: tuple[RssSample, ...] = ()


@dataclass(frozen=True)
class RssSeen:
    """The rss instrument. The process tells no figures itself: it is looked at from outside.

    Attributes:
        release: of the cachekit that was measured, as in the other records.
        pinned: the allocators were pinned.
        repeated: how many processes were measured before this one and not used, since the kernel took pages
            of theirs away meanwhile.
        taken_bytes: the most that it took of one of them.
        uncollected_bytes: as deployed, what was left to the garbage collector after all reads together.
    """

    release: str
    pinned: bool = True
    reads: tuple[ReadFigures, ...] = ()
    repeated: int = 0
    taken_bytes: int = 0
    uncollected_bytes: Difference | None = None


@dataclass(frozen=True)
class TracemallocSeen:
    """The tracemalloc instrument; ``None`` is what can't be told.

    Attributes:
        stage_calls: how often the read entered each stage, as in the other records.
        peak_bytes: of the whole window.
        late_peak_bytes: of a window opened after unwrap.
        arrow_pool_peak_bytes: by how much Arrow's pool rose over what it held.
        stage_peaks: of each stage, by how much the peak exceeded what was there on entry.
        second: the same of the next read, after the first one's value was dropped, as in the other records.
    """

    release: str
    stage_calls: dict[str, int]
    peak_bytes: int
    late_peak_bytes: int | None
    arrow_pool_peak_bytes: int | None
    stage_peaks: dict[str, int] | None
    second: "TracemallocSeen | None" = None


@dataclass(frozen=True)
class Note:
    """What a mark in memray's stream means.

    Attributes:
        event: ``open`` and ``close`` of the window; the ``return`` of the read, after which what it started
            may still work; ``move`` to ``place``; ``pause`` until the next note;
            ``maps`` that the kernel lists; ``map`` of a file that comes next; ``pool`` of Arrow's that has
            been used since the last note.
        place: of a ``move``.
        spans: addresses, start and end, of ``maps`` of files.
        size_bytes: of a ``map``; 0 if neither a file nor shared memory is mapped. Of a ``pool``, what it has
            handed out since.
        pool: the allocator behind it, such as ``mimalloc``.
        alive_bytes: by how much more of it is used than before the read.
        shared_spans, made_spans: as ``spans``, of shared memory that was there before, or that the read made.
        backing: of a ``map``.
    """

    event: Event
    place: Place | None = None
    spans: tuple[tuple[int, int], ...] = ()
    size_bytes: int = 0
    pool: str = ""
    alive_bytes: Difference = 0
    shared_spans: tuple[tuple[int, int], ...] = ()
    made_spans: tuple[tuple[int, int], ...] = ()
    backing: Backing = "file"


@dataclass(frozen=True)
class Made:
    """What a line had allocated at some moment."""

    place: Place
    size_bytes: int


@dataclass(frozen=True)
class MemraySeen:
    """The memray instrument: what it takes to read its capture.

    Attributes:
        journal: what each mark means, in order.
        herald_bytes, marks: how marks are recognised, see :mod:`.probes.memray`.
        package_folder: what the names of cachekit's files start with in the capture.
        memray: the version that wrote it.
        sources: the text of each line on the capture's stacks, by ``file:line``.
        capture: the file, relative to the run folder once it is saved there.
        started: where the read started a thread, or handed out work for one or for a loop.
        lasting: what the read started and may never end, by name; it used no CPU in the end.
        dropped: what was allocated at the highest heap while the value was dropped, by line.
        own_folder: what the names of the user's own files start with in the capture, if a function of theirs
            was called; empty otherwise.
    """

    release: str
    stage_calls: dict[str, int]
    journal: tuple[Note, ...]
    herald_bytes: int
    marks: int
    package_folder: str
    memray: str
    sources: dict[str, str]
    capture: str
    started: tuple[Place, ...] = ()
    lasting: tuple[str, ...] = ()
    dropped: tuple[Made, ...] = ()
    second: "MemraySeen | None" = None
    own_folder: str = ""


@dataclass(frozen=True)
class Origin:
    """Memory that a block is a copy of, or that a stage's output lies in.

    Attributes:
        made_in: the stage that made it, of a view; empty when that doesn't matter.
        type_name: of the object that it belonged to, of memory that the read ``made``.
    """

    kind: OriginKind
    size_bytes: int
    type_name: str = ""
    made_in: str = ""

    @property
    def words(self) -> str:
        """For a reader: ``the frame in L1``, ``what decrypt made``, ``1048576 bytes of bytearray``."""
        if self.kind != "made":
            return _ORIGINS[self.kind]
        return f"what {self.made_in} made" if self.made_in else f"{self.size_bytes} bytes of {self.type_name}"


_ORIGINS: dict[OriginKind, str] = {
    "l1_frame": "the frame in L1",
    "cached_object": "the object in the cache",
    "file_map": "the file map",
    "shared_map": "the map of shared memory",
}


@dataclass(frozen=True)
class Block:
    """New memory of the read and the line that made it, or memory that it wrote to, and the line that did.

    Attributes:
        statement: the first and the last line of the statement that the line belongs to.
        origin: what it is a copy of, if it is ``verbatim``.
        seen_in: the stage that was open then, if it is another one: what the decorator makes and passes on
            belongs to the value's own way, whatever else the decorator does.
        filled: a later line, after which it held what it is a copy of.
        was_there: its addresses were the process's before the read.
    """

    place: Place
    statement: tuple[int, int]
    size_bytes: int
    kind: BlockKind
    origin: Origin | None = None
    seen_in: str = ""
    filled: Place | None = None
    was_there: bool = False


@dataclass(frozen=True)
class Kept:
    """A name in the target that still refers to memory of the read after its value was dropped.

    Attributes:
        place: where a function of the stage map uses that name; ``None`` if none does.
    """

    name: str
    size_bytes: int
    place: Place | None = None


@dataclass(frozen=True)
class Cycle:
    """Memory of the read that only the garbage collector gave back, since a reference cycle led to it.

    Attributes:
        types: of the objects that form the cycle, those of most objects first.
        size_bytes: 0 if the collector found a cycle, and no memory of the read behind it that can be told.
        place: the line that made the memory, if the read made it.
        through: a line of the target's that takes part in the cycle, as a traceback's or a closure's does.
    """

    types: tuple[str, ...]
    size_bytes: int
    place: Place | None = None
    through: Place | None = None


@dataclass(frozen=True)
class AliasingSeen:
    """The aliasing instrument.

    Attributes:
        sources: the text of each block's line, by ``file:line``.
        views: by stage, what its output lies in, if that was there before the stage.
    """

    release: str
    stage_calls: dict[str, int]
    blocks: tuple[Block, ...]
    views: dict[str, Origin]
    kept: tuple[Kept, ...]
    sources: dict[str, str] = field(default_factory=dict)
    cycles: tuple[Cycle, ...] = ()
    second: "AliasingSeen | None" = None


@dataclass(frozen=True)
class Held:
    """By how much the process holds more in one state than in another.

    Attributes:
        anon_bytes: of anonymous pages.
        pool_bytes: in Arrow's pool.
        mapped_bytes: address space mapped from files of the cache.
        open_files: file descriptors of files of the cache.
        shared_bytes: of shared memory that is no file of the cache; ``None`` in runs that didn't look at it.
    """

    anon_bytes: Difference
    pool_bytes: Difference
    mapped_bytes: Difference
    open_files: Difference
    shared_bytes: Difference | None = None


@dataclass(frozen=True)
class Handed:
    """A bytes object that the read passed on and that something still refers to: a frame, or a body."""

    what: str
    size_bytes: int


@dataclass(frozen=True)
class FirstSeen:
    """A process whose very first read was of the value, and not of a small one.

    Attributes:
        after: what stayed when the value was gone, over the state before that read.
        kept: who refers to it.
    """

    release: str
    after: Held
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True)
class RetentionSeen:
    """The retention instrument.

    Attributes:
        result: what the value keeps alive while every tier is empty.
        handed: what was passed on and that the value still refers to.
        after: what stays when the value is gone, over the state before the first read.
        part: what ten rows of it keep alive; ``None`` for a value that can't be sliced.
        set_up: what stayed after the first reads, which were of a small value; ``None`` if not looked at.
        first: what another process kept, whose first read was of the value.
    """

    release: str
    result: Held
    handed: tuple[Handed, ...]
    after: Held
    part: Held | None
    set_up: Held | None = None
    first: FirstSeen | None = None


@dataclass(frozen=True)
class BareSeen:
    """No instrument."""

    release: str


KINDS: dict[str, Any] = {
    "rss": RssSeen,
    "tracemalloc": TracemallocSeen,
    "memray": MemraySeen,
    "aliasing": AliasingSeen,
    "retention": RetentionSeen,
    FIRST_READ: FirstSeen,
    "bare": BareSeen,
}
"""By instrument."""

Seen = RssSeen | TracemallocSeen | MemraySeen | AliasingSeen | RetentionSeen | FirstSeen | BareSeen
