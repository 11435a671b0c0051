"""The map: which cachekit functions are which stage of a read, release by release.

A stage is a place in cachekit's code where a fix would go. It is either a whole function
(:class:`Function`) or the statement in a function that makes a certain call (:class:`Site`), for
work that has no Python function of its own: Rust's ``retrieve``, Arrow's ``read_all``.

The innermost open stage owns an allocation. What a function of the map calls belongs to it, until
another function of the map is entered.

Read from the released wheels 0.4.0 to 0.24.1. An entry without ``until`` is expected in every later
release: if it is missing there, the measurement fails loudly instead of showing no copies.

Importable by the measured child process: standard library only.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

L1_GET = "l1_get"
BACKEND_GET = "backend_get"
BACKEND_MAP = "backend_map"
UNWRAP = "unwrap"
DECRYPT = "decrypt"
DECOMPRESS = "decompress"
DECODE = "decode"
MATERIALIZE = "materialize"
L1_PUT = "l1_put"
STATS = "stats"
OTHER = "other"

STAGES = (
    L1_GET,
    BACKEND_GET,
    BACKEND_MAP,
    UNWRAP,
    DECRYPT,
    DECOMPRESS,
    DECODE,
    MATERIALIZE,
    L1_PUT,
    STATS,
    OTHER,
)
"""In the order in which a read passes them."""

STAGE_MEANINGS = {
    L1_GET: "the lookup in the in-process L1 cache",
    BACKEND_GET: "the backend's read of the stored bytes",
    BACKEND_MAP: "the backend's file mapping of the stored bytes",
    UNWRAP: "taking the payload out of the CK frame",
    DECRYPT: "AES-256-GCM decryption",
    DECOMPRESS: "LZ4 or zstd decompression",
    DECODE: "bytes to an Arrow table, an array, msgpack or JSON objects",
    MATERIALIZE: "Arrow table to pandas or polars",
    L1_PUT: "the backfill of the L1 cache",
    STATS: "what the decorator does around the value: key, statistics, logging",
    OTHER: "outside every stage of the map",
}


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


def version_key(release: str) -> tuple[int, ...]:
    """``0.10.0`` as a comparable tuple of its numbers; a suffix such as ``rc1`` is ignored."""
    numbers = [int(number) for number in re.findall(r"\d+", release)[:3]]
    return (*numbers, 0, 0, 0)[:3]


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
