"""How long each bundled scenario takes beside the others: ``benchmarks/scenario_costs.py`` measures it."""

from collections.abc import Mapping

from cachekit_memprobe.model import Scenario
from cachekit_memprobe.scenario.expansion import BUNDLED
from cachekit_memprobe.scenario.selection import load_bundled

_LEAST_S = 2.0
"""What doesn't grow with the value: processes start, and import."""

SECONDS: Mapping[str, float] = {
    "arrow-file-get": 2.2,
    "arrow-file-get-8-keys": 6.7,
    "arrow-file-get-encrypted": 5.1,
    "arrow-file-mmap": 3.0,
    "arrow-l1-hit": 3.2,
    "arrow-l1-hit-8-readers": 2.7,
    "arrow-l1-hit-encrypted": 5.2,
    "arrow-l1-hit-lz4": 4.5,
    "arrow-l1-hit-zstd": 4.7,
    "arrow-mixed-l1-hit": 2.2,
    "arrow-nullable-l1-hit": 3.9,
    "arrow-polars-l1-hit": 3.0,
    "arrow-single-batch-l1-hit": 3.5,
    "arrow-strings-file-mmap": 20.1,
    "arrow-strings-l1-hit": 2.3,
    "arrow-table-file-get": 3.3,
    "arrow-table-l1-hit": 2.8,
    "arrow-wide-l1-hit": 4.5,
    "async-file-get": 2.6,
    "async-file-get-backfill": 4.0,
    "async-l1-hit": 3.2,
    "auto-dataframe-l1-hit": 4.3,
    "auto-series-l1-hit": 7.4,
    "bytes-file-get": 4.0,
    "bytes-file-get-encrypted": 4.1,
    "bytes-l1-hit-encrypted": 3.8,
    "cachekitio-l2-hit": 10.0,
    "default-nested-l1-hit": 9.6,
    "file-get-backfill": 3.8,
    "interop-nested-l1-hit": 12.2,
    "json-l1-hit": 5.4,
    "memcached-l2-hit": 5.7,
    "ndarray-l1-hit": 3.3,
    "orjson-nested-l1-hit": 9.7,
    "redis-l2-backfill": 11.1,
    "redis-l2-hit": 11.6,
    "redis-l2-hit-bytes": 10.8,
    "redis-l2-hit-encrypted": 5.9,
    "reference-local": 2.8,
    "reference-none": 2.6,
}
"""With all instruments, one after the other, at its own size."""


def recorded_cost_s(scenario: Scenario) -> float | None:
    """For the size that the scenario has; ``None`` if it comes from no bundled one."""
    name = scenario.source.removeprefix(BUNDLED)
    if not scenario.source.startswith(BUNDLED) or name not in SECONDS:
        return None
    payloads = scenario.value.logical_bytes / load_bundled(name).value.logical_bytes
    return _LEAST_S + payloads * max(0.0, SECONDS[name] - _LEAST_S)
