"""The map: which cachekit functions are which stage of a read, release by release.

A stage is a place in cachekit's code where a fix would go. It is either a whole function
(:class:`Function`) or the statement in a function that makes a certain call (:class:`Site`), for
work that has no Python function of its own: Rust's ``retrieve``, Arrow's ``read_all``.

The innermost open stage owns an allocation. What a function of the map calls belongs to it, until
another function of the map is entered.

Read from the released wheels 0.4.0 to 0.24.1. An entry without ``until`` is expected in every later
release: if it is missing there, the measurement fails loudly instead of showing no copies.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from cachekit_memprobe.child.releases import version_key

L1_GET = "l1_get"
BACKEND_GET = "backend_get"
BACKEND_MAP = "backend_map"
HANDOVER = "handover"
UNWRAP = "unwrap"
DECRYPT = "decrypt"
DECOMPRESS = "decompress"
DECODE = "decode"
MATERIALIZE = "materialize"
L1_PUT = "l1_put"
STATS = "stats"
OTHER = "other"

FRAME, BODY = "frame", "body"
"""What a stage may hand on to the next one: the stored bytes as they are, or what unwrap takes out."""


@dataclass(frozen=True)
class Stage:
    """All that is known of a stage.

    Attributes:
        meaning: one sentence without a full stop, for a reader.
        maps: it may map a file.
        receives: what it makes came from outside the process.
        hands_on: :data:`FRAME` or :data:`BODY`, of a stage whose output is that; empty for others.
        light: it does its work without heap of the payload's size, so that what it takes is avoidable.
        around: a read comes back to it after its other stages, and what those held is freed in it.
    """

    name: str
    meaning: str
    maps: bool = False
    receives: bool = False
    hands_on: str = ""
    light: bool = False
    around: bool = False


ROWS = (
    Stage(L1_GET, "the lookup in L1, the cache inside the process", hands_on=FRAME, light=True),
    Stage(BACKEND_GET, "the backend reads the stored bytes", maps=True, receives=True, hands_on=FRAME),
    Stage(BACKEND_MAP, "the backend maps the file of the stored bytes", maps=True, receives=True, light=True),
    Stage(
        HANDOVER,
        "what one stage made is passed on to the next one, and the value to the caller",
        light=True,
        around=True,
    ),
    Stage(UNWRAP, "the body is taken out of the stored frame", hands_on=BODY, light=True),
    Stage(DECRYPT, "the body is decrypted (AES-256-GCM)"),
    Stage(DECOMPRESS, "the body is decompressed (LZ4 or zstd)"),
    Stage(DECODE, "the bytes become an Arrow table, an array, or MessagePack or JSON objects"),
    Stage(MATERIALIZE, "the Arrow table becomes a pandas or polars DataFrame"),
    Stage(L1_PUT, "the frame from the backend is put into L1 (a backfill)"),
    Stage(
        STATS,
        "what the decorator does around the value: its key, statistics and logging",
        light=True,
        around=True,
    ),
    Stage(OTHER, "everything outside the stages above", around=True),
)
"""In the order in which a read passes them."""

STAGES = tuple(row.name for row in ROWS)

_BY_NAME = {row.name: row for row in ROWS}


def stage_of(name: str) -> Stage:
    """The row of a stage.

    Raises:
        KeyError: there is no such stage.
    """
    return _BY_NAME[name]


@dataclass(frozen=True)
class Place:
    """A line of code in a stage; the empty function, the empty file and line 0 are unknown ones.

    Attributes:
        file: absolute in the process that sees it; once it is outside, relative to the folder that the
            package lies in: ``cachekit/serializers/wrapper.py``.
    """

    stage: str
    function: str = ""
    file: str = ""
    line: int = 0


OUTSIDE = Place(OTHER)
"""Where a thread is that is in no stage."""


CONNECTED = ("redis", "memcached", "cachekitio")
"""The backends that are reached through a connection, whose client may keep what it received into."""


@dataclass(frozen=True)
class Function:
    """A cachekit function that is a stage.

    Attributes:
        stage: one of :data:`STAGES`.
        name: ``module:qualname`` below the package ``cachekit``; ``f.<locals>.g`` is a closure.
        since: the first release that has it.
        until: the first release that no longer has it, or whose reads no longer pass it.
        backend: the only one whose reads pass it, so that no other read imports it; empty for any.
    """

    stage: str
    name: str
    since: str = "0.4.0"
    until: str | None = None
    backend: str = ""


@dataclass(frozen=True)
class Site:
    """The statements of a function that call ``call``; inside them the stage is ``stage``.

    Attributes:
        function: the enclosing function, named as in :class:`Function`; it has to be in the map.
        call: the last part of the called name, ``to_pandas`` for ``table.to_pandas(...)``.
        compressed_only: the stage holds only for a compressed entry; otherwise the function's own.
    """

    stage: str
    function: str
    call: str
    compressed_only: bool = False


_WRAPPER = "decorators.wrapper:create_cache_wrapper.<locals>."
_LOCAL = "decorators.local_wrapper:create_local_wrapper.<locals>."
_OPERATION = "cache_handler:CacheOperationHandler."
_HANDLER = "cache_handler:StandardCacheHandler."
_FILE = "backends.file.backend:FileBackend."
_CACHEKITIO = "backends.cachekitio.backend:CachekitIOBackend."
_ARROW = "serializers.arrow_serializer:ArrowSerializer."
_AUTO = "serializers.auto_serializer:AutoSerializer."
_STANDARD = "serializers.standard_serializer:StandardSerializer."
_ENCRYPTION = "serializers.encryption_wrapper:EncryptionWrapper."
_FRAME = "serializers.wrapper:"

FUNCTIONS = (
    Function(STATS, _WRAPPER + "sync_wrapper"),
    Function(STATS, _WRAPPER + "async_wrapper"),
    Function(STATS, _WRAPPER + "_backed_miss_async", since="0.23.0"),
    Function(STATS, _LOCAL + "sync_wrapper", since="0.6.1"),
    Function(STATS, _LOCAL + "async_wrapper", since="0.6.1"),
    Function(L1_GET, "l1_cache:L1Cache.get"),
    Function(L1_GET, "object_cache:ObjectCache.get", since="0.6.1"),
    Function(L1_GET, "object_cache:ObjectCache.get_with_swr", since="0.14.0"),
    Function(L1_PUT, "l1_cache:L1Cache.put"),
    Function(BACKEND_GET, _HANDLER + "get"),
    Function(BACKEND_GET, _HANDLER + "get_async"),
    Function(BACKEND_GET, _HANDLER + "get_with_freshness", since="0.14.0"),
    Function(BACKEND_GET, _HANDLER + "get_with_freshness_async", since="0.14.0"),
    Function(BACKEND_GET, _FILE + "get", backend="file"),
    Function(BACKEND_GET, "backends.redis.provider:PerRequestRedisBackend.get", backend="redis"),
    Function(BACKEND_GET, "backends.redis.backend:RedisBackend.get", backend="redis"),
    Function(
        BACKEND_GET, "backends.memcached.backend:MemcachedBackend.get", since="0.6.1", backend="memcached"
    ),
    Function(BACKEND_GET, _CACHEKITIO + "get", backend="cachekitio"),
    Function(BACKEND_GET, _CACHEKITIO + "get_async", backend="cachekitio"),
    Function(BACKEND_GET, _CACHEKITIO + "get_with_freshness", since="0.14.0", backend="cachekitio"),
    Function(BACKEND_MAP, _HANDLER + "get_buffer", since="0.10.0"),
    Function(BACKEND_MAP, _FILE + "get_buffer", since="0.10.0", backend="file"),
    Function(HANDOVER, _OPERATION + "get_cached_value"),
    Function(HANDOVER, _OPERATION + "get_cached_value_async"),
    Function(HANDOVER, _OPERATION + "get_cached_value_with_freshness", since="0.14.0"),
    Function(HANDOVER, _OPERATION + "get_cached_value_with_freshness_async", since="0.14.0"),
    Function(UNWRAP, _FRAME + "SerializationWrapper.unwrap", until="0.22.0"),
    Function(UNWRAP, _FRAME + "SerializationWrapper.unwrap_metadata", since="0.22.0"),
    Function(UNWRAP, _FRAME + "_split_frame", since="0.22.0"),
    Function(DECRYPT, _ENCRYPTION + "deserialize"),
    Function(DECRYPT, _ENCRYPTION + "deserialize_without_key_identity", since="0.18.0"),
    Function(DECODE, "cache_handler:CacheSerializationHandler.deserialize_data"),
    Function(DECODE, _ARROW + "deserialize"),
    Function(DECODE, _ARROW + "_read_verified_ipc", since="0.21.0"),
    Function(DECODE, _AUTO + "deserialize"),
    Function(DECODE, _STANDARD + "deserialize"),
    Function(DECODE, "serializers.orjson_serializer:OrjsonSerializer.deserialize"),
    Function(DECODE, "serializers.interop_serializer:InteropSerializer.deserialize", since="0.14.0"),
)

SITES = (
    Site(DECOMPRESS, _STANDARD + "deserialize", "retrieve"),
    Site(DECOMPRESS, _AUTO + "deserialize", "retrieve"),
    Site(DECOMPRESS, _ARROW + "deserialize", "read_all", compressed_only=True),
    Site(DECOMPRESS, _ARROW + "_read_verified_ipc", "read_all", compressed_only=True),
    Site(MATERIALIZE, _ARROW + "deserialize", "to_pandas"),
    Site(MATERIALIZE, _ARROW + "_read_verified_ipc", "to_pandas"),
    Site(MATERIALIZE, _ARROW + "deserialize", "from_arrow"),
    Site(MATERIALIZE, _ARROW + "_read_verified_ipc", "from_arrow"),
)


def functions_of(release: str, backend: str | None = None) -> tuple[Function, ...]:
    """The part of the map that holds for a release of cachekit, and for reads of one ``backend``."""
    key = version_key(release)
    return tuple(
        entry
        for entry in FUNCTIONS
        if version_key(entry.since) <= key
        and (entry.until is None or key < version_key(entry.until))
        and (backend is None or entry.backend in ("", backend))
    )


def sites_of(functions: Iterable[Function]) -> tuple[Site, ...]:
    """The call sites inside the given functions."""
    names = {entry.name for entry in functions}
    return tuple(site for site in SITES if site.function in names)


def required_stages(
    *,
    tier: str,
    route: str,
    serializer: str,
    form: str,
    compression: str = "none",
    return_format: str = "pandas",
    encrypted: bool = False,
    backfill: bool = False,
) -> tuple[str, ...]:
    """The stages that a read of this kind can't avoid: not to have passed one is a failed measurement.

    Args:
        form: of the value: ``table``, ``series``, ``array``, ``objects``.
    """
    if tier == "reference":
        return (L1_GET, STATS)
    entry = {"l1": L1_GET, "l2": BACKEND_MAP if route == "map" else BACKEND_GET}[tier]
    wanted = [STATS, entry, DECODE]
    in_arrow = form == "table" and serializer in ("arrow", "auto")
    in_byte_storage = serializer == "default" or (serializer == "auto" and form in ("series", "objects"))
    if serializer != "interop":  # it stores the bare document
        wanted.append(UNWRAP)
    if encrypted:
        wanted.append(DECRYPT)
    if in_byte_storage or (in_arrow and compression != "none"):
        wanted.append(DECOMPRESS)
    if in_arrow and return_format != "arrow":
        wanted.append(MATERIALIZE)
    if backfill:
        wanted.append(L1_PUT)
    return tuple(stage for stage in STAGES if stage in wanted)
