"""What every renderer needs to say about a Report, so that all of them say the same."""

from collections.abc import Sequence
from dataclasses import dataclass

from cachekit_memprobe.child import stages
from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.metrics import INSTRUMENTS, QUICK, RSS, metric_of
from cachekit_memprobe.model import Payload, RunOptions, Target
from cachekit_memprobe.report.clean import clean, clean_line
from cachekit_memprobe.result import (
    BudgetResult,
    BudgetStatus,
    Report,
    Result,
    SiteUsage,
    StageUsage,
    Verdict,
)
from cachekit_memprobe.units import format_bytes, format_exactly, format_payloads
from cachekit_memprobe.variables import in_words

NOTICEABLE_PAYLOADS = 0.005
"""Less than this is written ``0.00x``."""

AS_DEPLOYED = "as deployed: allocators not pinned"
"""Said wherever RSS is shown that was measured with the target's own allocators."""

VERDICT_WORDS: dict[Verdict, str] = {
    "pass": "PASS",
    "fail": "FAIL",
    "unmeasured": "COULD NOT MEASURE",
    "not_applicable": "does not apply",
}


def as_deployed_words(options: RunOptions) -> str:
    """Which allocators RSS was measured with, for a run as deployed."""
    kept = clean_line(in_words(options.kept_environment))
    return f"{AS_DEPLOYED}; {f'kept {kept}' if kept else 'the environment sets nothing for them'}"


def environment_words(result: Result) -> str:
    """The variables that the scenario gives its processes; empty if there are none."""
    given = result.scenario.environment
    return f"environment: {clean_line(in_words(given))}" if given else ""


def verdict_word(result: Result) -> str:
    """The verdict; of what has no budget it is no more than that it was measured."""
    return "MEASURED" if result.verdict == "pass" and not result.budgets else VERDICT_WORDS[result.verdict]


@dataclass(frozen=True)
class SiteRow:
    """One line of a stage table: a site, or what the stage's smaller sites come to.

    Attributes:
        where: ``serializers/wrapper.py:126``, or words when it isn't one place.
        kind: of the site, ``mapped 1.00x`` or ``shared 1.00x`` of a map, ``verbatim 1.00x`` of a copy into
            memory that the read didn't allocate; ``view`` of a stage that allocates nothing and whose output
            was there before; empty when there is no single one.
    """

    where: str
    copies: float
    survived: float
    kind: str


def rounded(payloads: float) -> float:
    """A figure in payloads as reports publish it: four decimals, and never ``-0.0``."""
    return round(payloads, 4) + 0.0


def in_payloads(size_bytes: int, payload: Payload | None) -> float:
    """Bytes as a multiple of the payload, rounded; 0 when there is no payload to compare with."""
    return rounded(size_bytes / payload.logical_bytes) if payload and payload.logical_bytes else 0.0


def apart(limit: BudgetResult, payload: Payload | None) -> tuple[str, str, str]:
    """Of a limit that is exceeded what was observed, the limit, and the excess; in payloads.

    Where these don't tell the first two apart, as of a limit of ``0x``, in bytes.
    """
    figures = (limit.observed or 0.0, limit.limit, limit.excess)
    observed, allowed, excess = map(format_payloads, figures)
    if observed == allowed and payload is not None:
        sizes = [figure * payload.logical_bytes for figure in figures]
        observed, allowed, excess = (format_bytes(size, payload.logical_bytes) for size in sizes)
        if observed == allowed:
            observed, allowed, excess = (format_exactly(round(size)) for size in sizes)
    return observed, allowed, excess


def noticeable(payloads: float) -> bool:
    """Whether a figure is written as more than ``0.00x``."""
    return abs(payloads) >= NOTICEABLE_PAYLOADS


def figure(payloads: float, payload: Payload | None) -> str:
    """``1.00x 300.0 MB``: a metric in payloads and, where it is noticeable, in bytes."""
    if payload is None or not noticeable(payloads):
        return format_payloads(payloads)
    size_bytes = payloads * payload.logical_bytes
    return f"{format_payloads(payloads)} {format_bytes(size_bytes, payload.logical_bytes)}"


def location(place: Place) -> str:
    """``serializers/wrapper.py:126``: below the package ``cachekit``, other packages by their name."""
    path = clean_line(place.file).removeprefix("cachekit/")
    return f"{path}:{place.line}" if place.line > 0 else path


def suspect_words(place: Place) -> str:
    """``unwrap at cachekit/serializers/wrapper.py:126``, or the stage alone."""
    if not place.file:
        return clean_line(place.stage)
    line = f":{place.line}" if place.line else ""
    return clean_line(f"{place.stage} at {place.file}{line}")


def site_location(site: SiteUsage) -> str:
    """A site's file and line, or its function when it has no file, such as a native one."""
    return location(site.place) if site.place.file else clean_line(site.place.function) or "unknown"


def heap_measured(result: Result) -> bool:
    """Whether memray ran, without which a stage's copies are unknown rather than 0."""
    return "copies.total" in result.metrics


def shown_stages(result: Result) -> tuple[StageUsage, ...]:
    """The stages that the read passed or that allocated, and always ``other``."""
    if not result.stages:
        return ()
    known = {stage.name for stage in result.stages}
    nothing = () if stages.OTHER in known else (StageUsage(stages.OTHER, 0, 0, None, 0, 0, 0, None, ()),)
    return tuple(
        stage for stage in result.stages + nothing if stage.name == stages.OTHER or _took_part(stage)
    )


def site_rows(stage: StageUsage, payload: Payload | None) -> tuple[SiteRow, ...]:
    """The rows of one stage, at least one; they add up to what the stage allocated."""
    large = tuple(site for site in stage.sites if _is_noticeable(site, payload))
    rows = tuple(
        SiteRow(
            site_location(site),
            in_payloads(site.copies_bytes, payload),
            in_payloads(site.survived_bytes, payload),
            _kind(site, payload),
        )
        for site in large
    )
    copies = in_payloads(stage.copies_bytes - sum(site.copies_bytes for site in large), payload)
    survived = in_payloads(stage.survived_bytes - sum(site.survived_bytes for site in large), payload)
    matters = noticeable(copies) or noticeable(survived)
    if rows and not matters:
        return rows
    if matters:
        return (*rows, SiteRow(_small_sites(len(stage.sites) - len(large)), copies, survived, ""))
    return (SiteRow("-", copies, survived, "view" if stage.view_of else ""),)


def traced(stage: StageUsage, payload: Payload | None) -> str:
    """By how much tracemalloc's peak in a stage exceeded what was there on entry: ``1.00x``.

    ``no`` when the stage allocates and tracemalloc sees nothing of it, ``-`` when it wasn't asked.
    """
    if stage.tracemalloc_bytes is None:
        return "-"
    seen = in_payloads(stage.tracemalloc_bytes, payload)
    copies = in_payloads(stage.copies_bytes, payload)
    return "no" if noticeable(copies) and not noticeable(seen) else format_payloads(seen)


def metric_label(name: str) -> str:
    """``copies, unwrap`` for ``copies.unwrap``: what it is called in words."""
    metric = metric_of(name)
    return f"{metric.label}, {name.rpartition('.')[2]}" if metric.per_stage else metric.label


def with_status(result: Result, status: BudgetStatus) -> tuple[str, ...]:
    """The metrics of the limits that have a status."""
    return tuple(limit.metric for limit in result.budgets if limit.status == status)


def why_not_judged(names: Sequence[str], options: RunOptions) -> str:
    """Which instruments the limits on these metrics lacked, and what to do: never empty."""
    needed = {
        instrument
        for name in names
        for instrument in metric_of(name).instruments
        if instrument not in options.instruments
    }
    *others, last = [instrument for instrument in INSTRUMENTS if instrument in needed]
    which = f"the instruments {', '.join(others)} and {last} were" if others else f"the {last} instrument was"
    option = "--quick" if options.instruments == QUICK else "--instrument"
    return f"{which} not run; run without {option} to judge {'them' if len(names) > 1 else 'it'}"


def is_rss(name: str) -> bool:
    """Whether a metric is measured in the rss process, and so depends on the allocators."""
    return metric_of(name).instrument == RSS


def public_spec(target: Target) -> str:
    """What the user asked for; of an interpreter's path only the name, as reports are passed on."""
    return target.spec.replace("\\", "/").rstrip("/").rpartition("/")[2]


def exceeded(result: Result, level: str = "error") -> tuple[BudgetResult, ...]:
    """The limits of a level that the read went over."""
    return tuple(limit for limit in result.budgets if limit.status == "over" and limit.level == level)


def why_unmeasured(result: Result) -> str:
    """The reason of an unmeasured result, never empty."""
    if result.reason:
        return clean(result.reason)
    missing = [limit.metric for limit in result.budgets if limit.status == "unmeasured"]
    return f"nothing measured for {', '.join(missing)}" if missing else "no reason was given"


def why_not_applicable(result: Result, report: Report) -> str:
    """``does not apply to cachekit 0.9.1: it is for releases >=0.10.0``."""
    sentence = f"does not apply to cachekit {clean_line(report.run.target.versions.get('cachekit', '?'))}"
    return f"{sentence}: {clean_line(result.reason)}" if result.reason else sentence


def outcome(report: Report) -> Verdict:
    """The verdict on a whole run: ``pass``, ``fail`` or ``unmeasured``.

    A scenario that could not be measured outweighs one that is over its budget, as its budget is not
    known to hold. A scenario that doesn't apply counts neither way, but a run of nothing else has
    measured nothing.
    """
    verdicts = {result.verdict for result in report.results} - {"not_applicable"}
    if not verdicts or "unmeasured" in verdicts:
        return "unmeasured"
    return "fail" if "fail" in verdicts else "pass"


def _took_part(stage: StageUsage) -> bool:
    return any((stage.calls, stage.moved_bytes, stage.survived_bytes, stage.mapped_bytes, stage.shared_bytes))


def _kind(site: SiteUsage, payload: Payload | None) -> str:
    """A map's size stands with its kind, since it is neither copied nor held on the heap."""
    if site.kind == "unproven" and site.verbatim_bytes is None:
        return "-"  # nobody looked
    if site.kind not in ("mapped", "shared"):
        elsewhere = in_payloads(site.elsewhere_bytes, payload)
        # What is copied without being allocated has no figure of its own in the table.
        return f"{site.kind} {format_payloads(elsewhere)}" if noticeable(elsewhere) else site.kind
    size_bytes = site.mapped_bytes if site.kind == "mapped" else site.shared_bytes
    return f"{site.kind} {format_payloads(in_payloads(size_bytes, payload))}"


def _is_noticeable(site: SiteUsage, payload: Payload | None) -> bool:
    largest_bytes = max(site.moved_bytes, site.survived_bytes, site.mapped_bytes, site.shared_bytes)
    return noticeable(in_payloads(largest_bytes, payload))


def _small_sites(count: int) -> str:
    if count == 0:
        return "-"
    return f"{count} small site{'s' if count > 1 else ''}"
