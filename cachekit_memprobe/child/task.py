"""What a child is told: one value, how it is cached, how it is read, and by which instrument.

Written by :func:`encode_task` and read by :func:`decode_task`, by the same version on both sides. A task is
never saved: it crosses the channel, and may hold a key that was made for the run.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

PREPARE = "prepare"
SIZE = "size"
DESCRIBE = "describe"
STORE = "store"
READ = "read"

MOST_READERS = 64

MEASURED = "measured"
WARM_UP = "warm-up"


CALL = "call"
"""The kind of a value that the user's own function returns."""


@dataclass(frozen=True)
class Call:
    """The user's own cached function, and how it is called.

    Attributes:
        function: ``module:function``; of a method of a class, ``module:Class.function``.
        args, kwargs: what it is called with, as JSON has it.
        setup: ``module:function`` that is called first, in each process; empty for none.
        root: the folder that its processes work in and import from, absolute.
        paths: other folders that modules are imported from. Both stay out of run folders and reports.
        backend: ``file`` or ``redis`` to put a private one in place of the one that the code configures.
        own_cache: the code's own backend is read from and written to, and no private one takes its place.
        here: no module has the function, but the process that measures: its forks are measured, and the
            arguments are there, too.
    """

    function: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    setup: str = ""
    root: str = ""
    paths: tuple[str, ...] = ()
    backend: str = ""
    own_cache: bool = False
    here: bool = False


@dataclass(frozen=True)
class Value:
    """The value that is cached.

    Attributes:
        kind: the name of a value maker: ``dataframe``, ``bytes``, ``ndarray``, ``text``.
        logical_bytes: the size asked for; the size made is told by :class:`Stored`.
        seed: of the random generator.
        columns: of a dataframe; 0 for anything else.
        file: the user's own data, absolute, for the kind ``file``; empty otherwise. It stays out of
            run folders and reports, which say its name only.
        holds: what the file was found to hold, in words, once it has been loaded.
        share: of the file's rows; above 1 they are repeated. 1 for any other kind.
        call: of the kind :data:`CALL`; ``None`` for any other.
    """

    kind: str
    logical_bytes: int
    seed: int
    columns: int
    file: str = ""
    holds: str = ""
    share: float = 1.0
    call: Call | None = None


@dataclass(frozen=True)
class Caching:
    """How the value is cached: the arguments of ``@cache`` and of its backend.

    Attributes:
        backend: ``file``, ``redis``, ``memcached``, ``cachekitio``; ``none`` and ``local`` are the
            caches by reference.
        return_format: what the Arrow serializer returns: ``pandas``, ``arrow``, ``polars``.
    """

    serializer: str
    compression: str
    backend: str
    encryption: bool
    l1: bool
    return_format: str = "pandas"


@dataclass(frozen=True)
class Read:
    """The measured read.

    Attributes:
        tier: ``l1``, ``l2``, or ``reference`` for a cache that hands out the object itself.
        route: ``get`` or ``map`` in L2, ``memory`` elsewhere.
        asynchronous: the decorated function is ``async def``.
        backfill: an L2 hit that puts the frame into L1.
        readers: threads, or tasks of one event loop, that read at the same time.
        keys: how many different values they read, 1 or ``readers``.
    """

    tier: str
    route: str
    asynchronous: bool = False
    backfill: bool = False
    readers: int = 1
    keys: int = 1

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the values that are read: one, or one for each of the readers."""
        return (MEASURED, *(f"{MEASURED}-{number}" for number in range(2, self.keys + 1)))


@dataclass(frozen=True)
class Described:
    """What the user's decorated function says of itself before it is called.

    Attributes:
        backend: as :class:`Caching` has it; empty where the code names none, ``other`` for a class that is
            none of cachekit's.
        serializer: likewise.
        backend_class, serializer_class: for a message.
        l1: its frames are kept in the process as well.
        named: the variable by which the user's module itself names a backend, for functions that name none.
    """

    backend: str
    backend_class: str = ""
    serializer: str = "none"
    serializer_class: str = ""
    encryption: bool = False
    l1: bool = False
    return_format: str = "pandas"
    asynchronous: bool = False
    named: str = ""


@dataclass(frozen=True)
class Found:
    """How reads of the user's function go, as the storing process has seen them.

    Attributes:
        tier, route, backfill: of the read that is to be measured, see :class:`Read`.
        compression: of the Arrow data in the frame.
        notes: what else a reader has to know, each a sentence without a full stop.
    """

    tier: str
    route: str
    backfill: bool
    compression: str
    notes: tuple[str, ...] = ()


NeedKind = Literal[
    "async",
    "backend",
    "l1_size",
    "l1_attribute",
    "max_value_size",
    "file_value",
    "memcached_item",
    "compression",
    "unknown",
]


@dataclass(frozen=True)
class Need:
    """What a read depends on that isn't so by itself in the release; see :mod:`.workload.defaults`.

    Attributes:
        what: an ``async`` function, or another ``backend`` than File's own way; or a setting.
        limit_bytes: up to which frames the setting's default goes.
        needed_bytes: to which it has to be set.
        instead: the way of the read, or the value of the setting, without it; of ``unknown``, the reason.
    """

    what: NeedKind
    limit_bytes: int = 0
    needed_bytes: int = 0
    instead: str = ""


@dataclass(frozen=True)
class Stored:
    """What the storing process tells the reading ones; the mappings are by the name of a value.

    Attributes:
        keys: under which cachekit stored it; empty for a cache by reference.
        digests: by which the value is recognised.
        exact_digests: by which most values are recognised faster; empty for others.
        frame_bytes: of the stored entry; 0 for a cache by reference.
        form: of a measured value, see :mod:`.workload.contents`.
        logical_bytes, rows: of a measured value as it was made; ``None`` for one without rows.
        record_batches: of Arrow in the frame of a measured value, if that is many times the value; else 0.
        needs: of the read.
        found: of the user's own function.
    """

    keys: dict[str, str]
    digests: dict[str, str]
    exact_digests: dict[str, str]
    frame_bytes: dict[str, int]
    form: str
    logical_bytes: int
    rows: int | None = None
    record_batches: int = 0
    needs: tuple[Need, ...] = ()
    found: Found | None = None


@dataclass(frozen=True)
class Sized:
    """How large the data of a file is, once it is loaded, and what it consists of, in words."""

    logical_bytes: int
    holds: str


NOTHING_STORED = Stored({}, {}, {}, {}, "", 0)


@dataclass(frozen=True)
class Link:
    """How a child reaches what it stores in; the empty string stands for what it doesn't need.

    Attributes:
        namespace: of the entries, one of the replay's own in a server that others use at the same time.
        servers: of Memcached, ``host:port`` with commas between.
        journal: a file to which each key that was set is appended, for a server that can't list them.
        api_url, api_key: of CachekitIO.
        login: ``user password``, of a Memcached server that was started for the run.
        master_key: made for this replay.
    """

    namespace: str = ""
    servers: str = ""
    journal: str = ""
    api_url: str = ""
    api_key: str = field(default="", repr=False)
    master_key: str = field(default="", repr=False)
    login: str = field(default="", repr=False)


@dataclass(frozen=True)
class Task:
    """All that a child is told.

    Attributes:
        operation: :data:`PREPARE` imports what the next task needs; :data:`SIZE` loads a file's data and
            tells its size; :data:`DESCRIBE` imports the user's function; :data:`STORE` makes the value and
            caches it; :data:`READ` reads it back, measured.
        workspace: the folder that the store and the reads of one scenario share.
        instrument: the probe of a read; empty for a store.
        stored: the store's result, for a read.
        reads: how many measured reads.
        pinned: the allocators were pinned through the environment.
        capture: where memray writes.
        memory_bytes: which :data:`SIZE` may take; 0 for no limit.
        stages: functions that the user assigns to stages, see :mod:`.assigned`.
        ttl_s: how long an entry lasts.
    """

    operation: str
    value: Value
    caching: Caching
    read: Read
    workspace: str
    instrument: str = ""
    stored: Stored = NOTHING_STORED
    reads: int = 1
    pinned: bool = True
    capture: str = ""
    memory_bytes: int = 0
    link: Link = field(default_factory=Link)
    stages: tuple[str, ...] = ()
    ttl_s: int = 86_400

    @property
    def counts_pages(self) -> bool:
        """Whether its instrument looks at what is resident; the others look at what is allocated."""
        return self.instrument in _COUNT_PAGES


_COUNT_PAGES = ("rss", "retention", "first_read", "bare")


def encode_task(task: Task) -> str:
    """One line, for :func:`decode_task`."""
    return json.dumps(asdict(task))


def decode_task(text: str) -> Task:
    """Read what :func:`encode_task` wrote.

    Raises:
        TypeError: it was written by another version.
    """
    fields: dict[str, Any] = json.loads(text)
    fields["stages"] = tuple(fields["stages"])
    records: dict[str, Callable[..., Any]] = {
        "value": _value,
        "caching": Caching,
        "read": Read,
        "stored": _stored,
        "link": Link,
    }
    return Task(**{name: records[name](**part) if name in records else part for name, part in fields.items()})


def _value(call: dict[str, Any] | None, **fields: Any) -> Value:
    if call is None:
        return Value(**fields)
    sequences = {"args": tuple(call["args"]), "paths": tuple(call["paths"])}
    return Value(**fields, call=Call(**{**call, **sequences}))


def _stored(**fields: Any) -> Stored:
    needs = tuple(Need(**need) for need in fields.pop("needs"))
    found = fields.pop("found")
    if found is not None:
        found = Found(**{**found, "notes": tuple(found["notes"])})
    return Stored(**fields, needs=needs, found=found)
