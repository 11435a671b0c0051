"""What ``doctor --canary`` says: of the untouched read, of the one with a copy planted, of this machine."""

from collections.abc import Iterator, Sequence

from cachekit_memprobe.canary import SCENARIO, SIZE_BYTES, STAGES, Canary, Sight
from cachekit_memprobe.metrics import metric_of
from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.result import BudgetResult
from cachekit_memprobe.units import format_bytes, format_payloads

Row = tuple[str, str, str]


def rows_of(canary: Canary) -> list[Row]:
    """A name, a status and a sentence each; the last one is the verdict."""
    where = f"{canary.planted.file}:{canary.planted.line}"
    before, after = _judged(canary.before), _judged(canary.budget)
    as_it_is = f"{clean_line(canary.target.words)}, {SCENARIO}: {before}"
    clean = "" if canary.planted.stage == STAGES[0] else f" ({STAGES[0]} copies by itself here)"
    with_copy = f"one copy more in {canary.planted.stage}{clean}, {where}: {after}"
    rows = [
        ("untouched", "green" if canary.is_green_before else "red", as_it_is),
        ("planted", "red" if canary.is_red_after else "green", with_copy),
    ]
    if canary.sees:
        size = format_bytes(SIZE_BYTES)
        found = f"the copy of {size} was found in its stage and on its line, by every instrument"
        return [*rows, ("canary", "seen", found)]
    problems = "\n".join(_problems(canary))
    remedy = "Don't trust a green run on this machine; the rows above may say why."
    return [*rows, ("canary", "not seen", f"{problems}\n{remedy}")]


def _judged(results: Sequence[BudgetResult]) -> str:
    return ", ".join(
        f"{one.metric} {_payloads(one.observed)} of {format_payloads(one.limit)}" for one in results
    )


def _problems(canary: Canary) -> Iterator[str]:
    if not canary.is_green_before:
        yield "the untouched read exceeds the limits that only a copy should exceed"
    for sight in canary.sights:
        if not sight.is_right:
            yield _wrong(sight)
    if not canary.on_line:
        yield f"the copy is not on its line, {canary.planted.file}:{canary.planted.line}"
    if not canary.is_red_after:
        yield "the read with the copy is within limits that it should exceed"


def _wrong(sight: Sight) -> str:
    instrument, more = metric_of(sight.metric).instrument, _payloads(sight.more)
    return f"{sight.metric} rose by {more} and not by 1.00x: {instrument} can't be relied on here"


def _payloads(payloads: float | None) -> str:
    return "unknown" if payloads is None else format_payloads(payloads)
