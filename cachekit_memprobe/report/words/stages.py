"""The stages of a read in rows: where each allocates, how much, and its peak in tracemalloc."""

from dataclasses import dataclass, replace

from cachekit_memprobe.model import Payload
from cachekit_memprobe.report.view import heap_measured, in_payloads, shown_stages, site_rows, traced
from cachekit_memprobe.result import Result, StageUsage
from cachekit_memprobe.units import format_payloads


@dataclass(frozen=True)
class StageRow:
    """One line of the table; ``stage`` and ``traced`` are empty but in a stage's first row."""

    stage: str
    where: str
    copies: str
    kind: str
    survived: str
    traced: str

    @property
    def is_quiet(self) -> bool:
        """Nothing was allocated: the row is there to say so."""
        return self.copies == format_payloads(0) and not self.kind

    @property
    def is_empty(self) -> bool:
        """A stage of which there is nothing to say at all but its name."""
        nothing = ("", "-", format_payloads(0))
        return self.is_quiet and self.where == "-" and self.survived in nothing and self.traced in nothing


def stage_rows(result: Result) -> tuple[StageRow, ...]:
    """The stages that took part, and ``other``; none when no instrument ran that follows stages."""
    rows = [row for stage in shown_stages(result) for row in _rows(stage, result.payload)]
    return tuple(rows if heap_measured(result) else map(_unmeasured, rows))


def total_row(result: Result) -> StageRow:
    """What the stages come to."""
    copies = sum(stage.copies_bytes for stage in result.stages)
    survived = sum(stage.survived_bytes for stage in result.stages)
    verbatim = sum(stage.verbatim_bytes or 0 for stage in result.stages)
    examined = any(stage.verbatim_bytes is not None for stage in result.stages)
    total = StageRow(
        "total",
        f"verbatim {format_payloads(in_payloads(verbatim, result.payload))}" if examined else "",
        format_payloads(in_payloads(copies, result.payload)),
        "",
        format_payloads(in_payloads(survived, result.payload)),
        "",
    )
    return total if heap_measured(result) else _unmeasured(total)


def _rows(stage: StageUsage, payload: Payload | None) -> list[StageRow]:
    rows = [
        StageRow("", site.where, format_payloads(site.copies), site.kind, format_payloads(site.survived), "")
        for site in site_rows(stage, payload)
    ]
    return [replace(rows[0], stage=stage.name, traced=traced(stage, payload)), *rows[1:]]


def _unmeasured(row: StageRow) -> StageRow:
    """Without memray: a figure of the heap is unknown, not 0."""
    return replace(row, copies="-", survived="-")
