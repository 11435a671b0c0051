"""The read is one that the release never does with its own settings."""

from collections.abc import Iterator

from cachekit_memprobe.child.task import Need
from cachekit_memprobe.findings.evidence import Evidence
from cachekit_memprobe.result import Finding
from cachekit_memprobe.units import format_bytes

CODE = "MEM017"

_MB = 1 << 20
_USUAL_FILE_CACHE_MB = 1024
_WAYS = {
    "l1": "a second call reads from L1",
    "get": "a second call reads the backend's file as bytes",
    "map": "a second call maps the backend's file",
    "other": "a second call goes another way",
}


def find(evidence: Evidence) -> Iterator[Finding]:
    """At most one finding, which names every setting that the read needs."""
    unknown = [need.instead for need in evidence.needs if need.what == "unknown"]
    if unknown:
        yield Finding(CODE, f"whether the release's own settings allow this read isn't known: {unknown[0]}")
    elif evidence.needs:
        needs = "; ".join(_words(need, evidence) for need in evidence.needs)
        yield Finding(CODE, f"with its own settings, this release doesn't do this read: {needs}")


def _words(need: Need, evidence: Evidence) -> str:
    if need.what in ("async", "backend"):
        return _way(need, evidence)
    if need.what == "compression":
        return _compression(need, evidence)
    return _LIMITS[need.what].format(
        limit=format_bytes(need.limit_bytes, evidence.payload.logical_bytes),
        needed=need.needed_bytes,
        needed_mb=-(-need.needed_bytes // _MB),
        file_size=_file_size(need),
    )


_LIMITS = {
    "l1_size": "L1 takes frames of up to {limit}, so set L1CacheConfig(max_size_mb={needed_mb})",
    "l1_attribute": (
        "L1 takes frames of up to {limit}, whatever its configuration says, so set "
        "get_l1_cache(namespace).max_memory_bytes = {needed} before the first call"
    ),
    "max_value_size": "frames of more than {limit} aren't stored, so set CACHEKIT_MAX_VALUE_SIZE={needed}",
    "file_value": (
        "the File backend stores frames of up to {limit}, so set "
        "FileBackendConfig(max_value_mb={needed_mb}{file_size})"
    ),
    "memcached_item": (
        "the Memcached backend stores frames of up to {limit}, so set "
        "MemcachedBackendConfig(max_item_size_bytes={needed}), and the server's -I"
    ),
}


def _way(need: Need, evidence: Evidence) -> str:
    streamed = evidence.scenario.read.tier == "l1" and need.instead == "map"
    why = "the File backend is written to in a stream, past L1, and " if streamed else ""
    otherwise = "in an async function" if need.what == "async" else "with a backend that can't be mapped"
    return f"{why}{_WAYS.get(need.instead, _WAYS['other'])}, except {otherwise}"


def _compression(need: Need, evidence: Evidence) -> str:
    wanted = evidence.scenario.caching.compression
    setting = (
        f'ArrowSerializer(compression="{wanted}")'
        if evidence.scenario.caching.serializer == "arrow"
        else f"CACHEKIT_ARROW_COMPRESSION={wanted}"
    )
    return f"Arrow is compressed with {need.instead}, so set {setting}"


def _file_size(need: Need) -> str:
    """A value may take half of the whole cache."""
    whole_mb = 2 * -(-need.needed_bytes // _MB)
    return f", max_size_mb={whole_mb}" if whole_mb > _USUAL_FILE_CACHE_MB else ""
