"""The figures of both sides in rows: metrics, stages and lines of code."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cachekit_memprobe.child.stages import STAGES
from cachekit_memprobe.comparison import Answer, Change, ScenarioComparison, SiteChange, StageChange
from cachekit_memprobe.model import Payload
from cachekit_memprobe.report.clean import clean, clean_line
from cachekit_memprobe.report.view import in_payloads, noticeable, site_location
from cachekit_memprobe.report.words import HEADLINE_METRICS
from cachekit_memprobe.result import Result, SiteUsage
from cachekit_memprobe.units import format_bytes, format_payloads, signed

ANSWERS: dict[Answer, str] = {
    "equal": "equal",
    "within": "by chance",
    "less": "less",
    "more": "more",
    "unclear": "unclear",
    "unmeasured": "not measured",
}
_OF_STAGES = ("copies", "verbatim")
"""What the table of the stages shows."""

_MOST_NAMED = 6
"""Of differences of a few bytes."""


@dataclass(frozen=True)
class Row:
    """A row of a table, and whether NEW has ``less`` or ``more`` in it."""

    cells: tuple[str, ...]
    answer: str


@dataclass(frozen=True)
class LineWords:
    """A line of code that is gone, new, changed or moved; ``source`` is its text, which may be unknown."""

    kind: str
    words: str
    source: str


def is_changed(change: Change) -> bool:
    """Whether NEW has less or more, and a reader sees it in payloads."""
    return change.answer in ("less", "more") and noticeable(change.change or 0.0)


def is_per_stage(metric: str) -> bool:
    """Whether a metric is of one stage."""
    return metric.rpartition(".")[2] in STAGES


def counted(count: int, noun: str) -> str:
    """``3 figures``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def listed(names: Sequence[str]) -> str:
    """``a, b and c``."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def equal_words(scenario: ScenarioComparison) -> str:
    """How equal a figure is that is equal; bytes of two sizes aren't compared."""
    return "equal in payloads" if scenario.in_payloads else "equal to the byte"


def metric_rows(scenario: ScenarioComparison) -> tuple[Row, ...]:
    """The three that say most, and of the others that are of no stage those that changed."""
    chosen = [
        change
        for change in scenario.changes
        if change.metric in HEADLINE_METRICS or (is_changed(change) and not is_per_stage(change.metric))
    ]
    return tuple(
        Row(
            (
                change.metric,
                _figure(change.base),
                _figure(change.new),
                "-" if change.change is None else signed(format_payloads(change.change)),
                change_in_bytes(change, scenario),
                _answer(change),
            ),
            change.answer,
        )
        for change in chosen
    )


def change_in_bytes(change: Change, scenario: ScenarioComparison) -> str:
    """``-64.0 MiB``, or ``-`` where bytes aren't compared."""
    if change.change_bytes is None or scenario.new is None or scenario.new.payload is None:
        return "-"
    return signed(format_bytes(change.change_bytes, scenario.new.payload.logical_bytes))


def stage_columns(scenario: ScenarioComparison) -> tuple[str, ...]:
    """Those of what a side measured."""
    return ("stage", *(name for kind in _kinds(scenario) for name in (f"{kind}: BASE", "NEW", "change")))


def stage_rows(scenario: ScenarioComparison) -> tuple[Row, ...]:
    """The stages that copy something on a side, with both figures that the table shows."""
    kinds = _kinds(scenario)
    return tuple(row for stage in scenario.stages if (row := _stage(stage, scenario, kinds)) is not None)


def _kinds(scenario: ScenarioComparison) -> list[str]:
    return [kind for kind in _OF_STAGES if scenario.change_of(f"{kind}.total")]


def _stage(stage: StageChange, scenario: ScenarioComparison, kinds: Iterable[str]) -> Row | None:
    changes = [scenario.change_of(f"{kind}.{stage.name}") for kind in kinds]
    if not any(noticeable(figure or 0.0) for one in changes if one for figure in (one.base, one.new)):
        return None
    cells = [stage.name]
    for change in changes:
        figures = ("-", "-") if change is None else (_figure(change.base), _figure(change.new))
        difference = None if change is None else change.change
        cells.extend((*figures, "-" if difference is None else signed(format_payloads(difference))))
    answers = {change.answer for change in changes if change and is_changed(change)}
    return Row(tuple(cells), answers.pop() if len(answers) == 1 else "")


def line_words(scenario: ScenarioComparison) -> tuple[LineWords, ...]:
    """What is gone, new and changed; of lines that only moved, where they went."""
    return tuple(_line(change, scenario) for change in scenario.sites)


def _line(change: SiteChange, scenario: ScenarioComparison) -> LineWords:
    base, new = change.base, change.new
    present = new or base
    assert present is not None
    before, after = _usage(base, scenario.base), _usage(new, scenario.new)
    is_one = before == after or change.kind == "moved"
    size = after if is_one else f"{before}, now {after}" if base and new else before or after
    return LineWords(change.kind, f"{_where(base, new)}: {size}", clean(present.source).strip())


def _where(base: SiteUsage | None, new: SiteUsage | None) -> str:
    """``materialize x.py:306 -> x.py:309``: what is the same on both sides is said once."""
    stages = dict.fromkeys(site.place.stage for site in (base, new) if site)
    places = dict.fromkeys(site_location(site) for site in (base, new) if site)
    if len(stages) == 1:
        return f"{next(iter(stages))} {' -> '.join(places)}"
    return " -> ".join(f"{site.place.stage} {site_location(site)}" for site in (base, new) if site)


def _usage(site: SiteUsage | None, result: Result | None) -> str:
    """``verbatim 1.00x``: what a line's new memory is, and how much."""
    if site is None or result is None:
        return ""
    size = max(site.moved_bytes, site.mapped_bytes, site.shared_bytes)
    kind = "" if site.kind == "unproven" else f"{site.kind} "
    return f"{kind}{format_payloads(in_payloads(size, _payload(result)))}"


def _payload(result: Result) -> Payload | None:
    return result.payload


def _changed_elsewhere(scenario: ScenarioComparison) -> Iterator[str]:
    """The changes of stages that no table shows."""
    others = [
        f"{change.metric} {signed(format_payloads(change.change or 0.0))}"
        for change in scenario.changes
        if is_changed(change)
        and is_per_stage(change.metric)
        and change.metric.partition(".")[0] not in _OF_STAGES
    ]
    if others:
        yield f"also: {', '.join(others)}"


def remarks_of(scenario: ScenarioComparison) -> Iterator[str]:
    """What no table shows: what else changed, what is equal, and of what nothing can be said."""
    yield from _changed_elsewhere(scenario)
    if scenario.in_payloads:
        yield "the payloads are of two sizes, so figures are compared in payloads"
    by_answer = {answer: [one for one in scenario.changes if one.answer == answer] for answer in ANSWERS}
    if equal := by_answer["equal"]:
        is_or_are = "is" if len(equal) == 1 else "are"
        yield f"{counted(len(equal), 'figure')} {is_or_are} {equal_words(scenario)}"
    if within := by_answer["within"]:
        yield f"{counted(len(within), 'figure')} differ{'s' * (len(within) == 1)} by no more than chance"
    small = [one for one in (*by_answer["less"], *by_answer["more"]) if not is_changed(one)]
    if small:
        words = [f"{one.metric} {change_in_bytes(one, scenario)}" for one in small[:_MOST_NAMED]]
        more = f" and {len(small) - _MOST_NAMED} more" if len(small) > _MOST_NAMED else ""
        yield f"too small to see in payloads: {', '.join(words)}{more}"
    for reason, changes in _by_reason(by_answer["unclear"]):
        yield f"unclear: {_names(changes)}; {reason}"
    for reason, changes in _by_reason(by_answer["unmeasured"]):
        yield f"{reason}: {_names(changes)}"
    if scenario.reason and scenario.changes:
        yield clean_line(scenario.reason)


def _by_reason(changes: Iterable[Change]) -> Iterator[tuple[str, list[Change]]]:
    reasons: dict[str, list[Change]] = {}
    for change in changes:
        reasons.setdefault(change.reason, []).append(change)
    yield from reasons.items()


def _names(changes: Iterable[Change]) -> str:
    """Of the metrics; those of many stages by their kind."""
    names = dict.fromkeys(
        f"{one.metric.rpartition('.')[0]}.<stage>" if is_per_stage(one.metric) else one.metric
        for one in changes
    )
    return ", ".join(names)


def _answer(change: Change) -> str:
    p = "" if change.p_value is None else f" (p = {change.p_value:.2f})"
    return ANSWERS[change.answer] + p


def _figure(payloads: float | None) -> str:
    return "-" if payloads is None else format_payloads(payloads)
