"""Evidence as the releases really give it, in payloads; a test changes what it is about."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cachekit_memprobe.child.seen import Block, BlockKind, Cycle, Handed, Held, Kept, Origin, RetentionSeen
from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.child.task import Need
from cachekit_memprobe.findings import Beside, Evidence
from cachekit_memprobe.model import Payload
from cachekit_memprobe.result import SiteKind, SiteUsage, StageUsage
from tests.golden.reports import LOGICAL_BYTES, PAYLOAD, SCENARIO, place, site, size, stage

__all__ = [
    "FRAME",
    "LOGICAL_BYTES",
    "NOTHING",
    "at",
    "block",
    "evidence",
    "line",
    "made_of",
    "retained",
    "size",
    "stage",
]

FRAME = Origin("l1_frame", PAYLOAD.frame_bytes)
NOBODY = Beside()
NOTHING = Held(anon_bytes=0, pool_bytes=0, mapped_bytes=0, open_files=0)
_SERIALIZERS = "cachekit/serializers"


def at(stage_name: str, where: str) -> Place:
    """A line of the serializers, in a stage."""
    return place(stage_name, f"{_SERIALIZERS}/{where}")


def line(
    where: str,
    copies: float,
    kind: SiteKind = "transformed",
    *,
    verbatim: float | None = None,
    live: float | None = None,
    survived: float = 0.0,
    source: str = "",
) -> SiteUsage:
    """A line of the serializers; all of what it allocates is live at the peak if nothing else is said."""
    made = site(f"{_SERIALIZERS}/{where}", copies, kind, source=source, survived=survived)
    return replace(
        made,
        verbatim_bytes=made.verbatim_bytes if verbatim is None else size(verbatim),
        live_bytes=size(copies if live is None else live),
    )


def made_of(payloads: float, type_name: str = "bytes") -> Origin:
    """Memory that the read made."""
    return Origin("made", size(payloads), type_name)


def block(
    stage_name: str, where: str, kind: BlockKind, payloads: float = 1.0, of: Origin | None = None
) -> Block:
    """A block of memory as the aliasing instrument sees it, of a statement on one line."""
    where_made = at(stage_name, where)
    return Block(where_made, (where_made.line, where_made.line), size(payloads), kind, of)


def retained(*handed: Handed, result: Held = NOTHING) -> RetentionSeen:
    """What the retention instrument sees of a read that leaves nothing behind."""
    return RetentionSeen("0.9.1", result, handed, after=NOTHING, part=None)


def evidence(
    *stages: StageUsage,
    values: Mapping[str, float] | None = None,
    kept: Sequence[Kept] = (),
    retained: RetentionSeen | None = None,
    blocks: Sequence[Block] = (),
    payload: Payload = PAYLOAD,
    as_deployed: bool = False,
    readers: int = 1,
    backend: str = "file",
    tier: str = "l1",
    backfill: bool = False,
    cycles: Sequence[Cycle] = (),
    needs: Sequence[Need] = (),
    beside: Beside = NOBODY,
    each_read: Sequence[Sequence[StageUsage]] = (),
) -> Evidence:
    """Of a read from L1 whose payload is 300 MB."""
    scenario = replace(
        SCENARIO,
        caching=replace(SCENARIO.caching, backend=backend),
        read=replace(SCENARIO.read, readers=readers, tier=tier, backfill=backfill),
    )
    return Evidence(
        scenario=scenario,
        payload=payload,
        stages=stages,
        values=values or {},
        kept=kept,
        retained=retained,
        blocks=blocks,
        as_deployed=as_deployed,
        cycles=cycles,
        needs=needs,
        beside=beside,
        each_read=each_read,
    )
