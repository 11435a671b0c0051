"""Who keeps memory alive when a read is over, as far as the retention instrument has told."""

from collections.abc import Iterator
from dataclasses import dataclass

from cachekit_memprobe.result import Result
from cachekit_memprobe.units import format_payloads

VALUE, CACHE, ELSEWHERE = "the value", "L1, until evicted", "something else"
CONNECTION = "the connection"
FRAME = "the frame"

_KEPT_BUFFER = "MEM014"

_LEAST = 0.05
"""Payloads. Less is what any process keeps of any read."""

_PARTS = {
    "held.frame": FRAME,
    "held.arrow_pool": "Arrow's pool",
    "held.mapping": "the file map",
    "held.shared": "shared memory",
    "held.heap": "heap memory",
}


@dataclass(frozen=True)
class Keeping:
    """Who keeps what; ``metric`` is empty of what wasn't measured but is known from what was stored."""

    keeper: str
    memory: str
    payloads: float
    metric: str

    @property
    def words(self) -> str:
        return f"{self.memory} {format_payloads(self.payloads)}"


def keeping_of(result: Result) -> tuple[Keeping, ...]:
    """Who keeps what, the value first; empty when nothing that can be seen is kept or nobody looked."""
    return tuple(_keeping(result))


def _keeping(result: Result) -> Iterator[Keeping]:
    held = {metric: result.metrics.get(metric, 0.0) for metric in _PARTS}
    kept = {metric: held[metric] for metric in _PARTS if held[metric] >= _LEAST}
    for metric, payloads in kept.items():
        yield Keeping(VALUE, _PARTS[metric], payloads, metric)
    payload, read = result.payload, result.scenario.read
    if (
        kept
        and payload
        and payload.logical_bytes
        and payload.frame_bytes
        and (read.tier == "l1" or read.backfill)
    ):
        yield Keeping(CACHE, FRAME, payload.frame_bytes * read.keys / payload.logical_bytes, "")
    buffered = _in_a_connection(result)
    if buffered >= _LEAST:
        yield Keeping(CONNECTION, "what it received", buffered, "")
    after = result.metrics.get("held.after", 0.0)
    if after >= _LEAST:
        yield Keeping(ELSEWHERE, "after the drop", after, "held.after")


def _in_a_connection(result: Result) -> float:
    """What a connection still has of what it received last, in payloads: the next receive frees it.

    The retention instrument lets it receive something small, and so sees none of it.
    """
    payload, read = result.payload, result.scenario.read
    places = {finding.place for finding in result.findings if finding.code == _KEPT_BUFFER}
    if payload is None or not places:
        return 0.0
    sites = [site for stage in result.stages for site in stage.sites if site.place in places]
    survived = max((site.survived_bytes for site in sites), default=0) / payload.logical_bytes
    backfilled = payload.frame_bytes * read.keys / payload.logical_bytes if read.backfill else 0.0
    return max(0.0, min(survived, result.metrics.get("rss.settled", 0.0)) - backfilled)
