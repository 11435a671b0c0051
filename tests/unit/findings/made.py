"""Evidence as the releases really give it, in payloads; a test changes what it is about."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cachekit_memprobe.findings import Evidence
from cachekit_memprobe.model import Payload, SiteKind, SiteUsage, StageUsage
from tests.golden.reports import LOGICAL_BYTES, PAYLOAD, SCENARIO, site, size, stage

__all__ = ["LOGICAL_BYTES", "block", "evidence", "line", "size", "stage"]

FRAME = "the frame in L1"


def line(
    where: str,
    copies: float,
    kind: SiteKind = "transformed",
    *,
    verbatim: float | None = None,
    live: float | None = None,
    held: float = 0.0,
    source: str = "",
) -> SiteUsage:
    """A line of the serializers; all of what it allocates is live at the peak if nothing else is said."""
    made = site(f"cachekit/serializers/{where}", copies, kind, source=source, held=held)
    return replace(
        made,
        verbatim_bytes=made.verbatim_bytes if verbatim is None else size(verbatim),
        live_bytes=size(copies if live is None else live),
    )


def block(stage_name: str, where: str, kind: str, payloads: float = 1.0, of: str = "") -> dict[str, Any]:
    """A block of memory as the aliasing instrument saves it."""
    file, _, number = where.partition(":")
    return {
        "stage": stage_name,
        "file": f"cachekit/serializers/{file}",
        "line": int(number),
        "statement": [int(number), int(number)],
        "size_bytes": size(payloads),
        "kind": kind,
        "of": of,
    }


def evidence(
    *stages: StageUsage,
    values: Mapping[str, float] | None = None,
    kept: Sequence[Mapping[str, Any]] = (),
    retained: Mapping[str, Any] | None = None,
    blocks: Sequence[Mapping[str, Any]] = (),
    payload: Payload = PAYLOAD,
    as_deployed: bool = False,
    readers: int = 1,
    backend: str = "file",
    tier: str = "l1",
    backfill: bool = False,
) -> Evidence:
    """Of a read from L1 whose payload is 300 MB."""
    scenario = replace(
        SCENARIO,
        caching=replace(SCENARIO.caching, backend=backend),
        read=replace(SCENARIO.read, readers=readers, tier=tier, backfill=backfill),
    )
    return Evidence(scenario, payload, stages, values or {}, kept, retained, blocks, as_deployed)
