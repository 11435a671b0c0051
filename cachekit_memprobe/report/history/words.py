"""A history in plain rows and phrases, made once, which each renderer only lays out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from cachekit_memprobe.history import (
    Cell,
    History,
    HistoryCheck,
    Point,
    Regression,
    ScenarioHistory,
)
from cachekit_memprobe.report.clean import clean, clean_line
from cachekit_memprobe.report.history.steps import StepWords, step_words
from cachekit_memprobe.report.view import noticeable
from cachekit_memprobe.report.words import HEADLINE_METRICS, allowance_words
from cachekit_memprobe.units import format_payloads

UP, DOWN = "▲", "▼"


@dataclass(frozen=True)
class FigureRow:
    """What is said of one point.

    Attributes:
        changes: for each cell of a figure -1, 0 or 1: whether it is a step down, none, or up.
    """

    label: str
    uploaded: str
    cells: tuple[str, ...]
    changes: tuple[int, ...]


@dataclass(frozen=True)
class ScenarioWords:
    """One scenario for a reader.

    Attributes:
        columns: of the table of figures.
        reasons: why points have no figures, a line each.
        conclusion: how many steps there are, and how the newest stands.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[FigureRow, ...]
    reasons: tuple[str, ...]
    steps: tuple[StepWords, ...]
    conclusion: str


@dataclass(frozen=True)
class HistoryWords:
    """The whole history."""

    title: str
    facts: tuple[str, ...]
    scenarios: tuple[ScenarioWords, ...]
    regressions: tuple[str, ...]
    checks: tuple[tuple[str, str], ...]
    conclusion: str


def history_words(history: History) -> HistoryWords:
    """Everything that any renderer says."""
    regressions = [line for one in history.scenarios if (line := _regression(one, history))]
    return HistoryWords(
        title=_title(history),
        facts=tuple(_facts(history)),
        scenarios=tuple(_scenario(one, history) for one in history.scenarios),
        regressions=tuple(regressions),
        checks=tuple(_checks(history)),
        conclusion=_conclusion(history, len(regressions)),
    )


def _title(history: History) -> str:
    points = history.points
    span = f"{points[0].label} to {points[-1].label}" if len(points) > 1 else points[0].label
    if history.axis in ("release", "revision"):
        return f"cachekit {clean_line(span)}"
    varied = "Python" if history.axis == "python" else history.axis
    return f"cachekit {clean_line(points[-1].spec)} with {varied} {clean_line(span)}"


def _facts(history: History) -> Iterator[str]:
    held = [
        f"{'Python' if name == 'python' else name} {history.held[name]}"
        for name in ("python", "pandas", "pyarrow", "numpy")
        if name in history.held and name != history.axis
    ]
    if held:
        yield clean_line(f"the same at all points: {', '.join(held)}")
    yield from map(clean_line, history.notes)


def columns_of(history: History) -> tuple[str, ...]:
    """The metrics of the tables: those that say most of what was measured."""
    known = {name for one in history.scenarios for cell in one.cells for name in cell.metrics}
    chosen = tuple(name for name in HEADLINE_METRICS if name in known)
    return chosen or tuple(sorted(known))[:3]


def _scenario(scenario: ScenarioHistory, history: History) -> ScenarioWords:
    metrics = columns_of(history)
    steps = tuple(step_words(scenario, history, metrics))
    return ScenarioWords(
        name=clean_line(scenario.name),
        columns=(history.axis, *(("published",) if _has_dates(history) else ()), *metrics),
        rows=tuple(_row(point, number, scenario, metrics) for number, point in enumerate(history.points)),
        reasons=tuple(_reasons(scenario, history)),
        steps=steps,
        conclusion=_of_scenario(steps, scenario),
    )


def _has_dates(history: History) -> bool:
    return history.axis == "release" and any(point.uploaded for point in history.points)


def _row(point: Point, number: int, scenario: ScenarioHistory, metrics: Sequence[str]) -> FigureRow:
    cell, steps = scenario.cells[number], scenario.steps_at(number)
    changes = {step.metric: 1 if step.change > 0 else -1 for step in steps if noticeable(step.change)}
    figures = [cell.metrics.get(name) for name in metrics]
    return FigureRow(
        label=_label(point),
        uploaded=clean_line(point.uploaded) or "-",
        cells=tuple("-" if figure is None else format_payloads(figure) for figure in figures),
        changes=tuple(changes.get(name, 0) for name in metrics),
    )


def _label(point: Point) -> str:
    """With what sets it apart from a release that anybody would install."""
    state = point.versions.get("cachekit_state", "")
    told = [*(["yanked"] if point.is_yanked else []), *([state] if state else [])]
    return clean_line(point.label + (f" ({', '.join(told)})" if told else ""))


def _reasons(scenario: ScenarioHistory, history: History) -> Iterator[str]:
    """What is so at several points is said once."""
    labels: dict[str, list[str]] = {}
    for point, cell in zip(history.points, scenario.cells, strict=True):
        if reason := reason_of(cell, point):
            labels.setdefault(reason, []).append(clean_line(point.label))
    for reason, of in labels.items():
        yield f"{', '.join(of)}: {reason}"


def reason_of(cell: Cell, point: Point) -> str:
    """Why there are no figures; empty if there are some."""
    if cell.metrics:
        return ""
    words = in_one_line(cell.reason or point.reason)
    kind = "does not apply" if cell.verdict == "not_applicable" else "could not be measured"
    return f"{kind}: {words}" if words else kind


def in_one_line(reason: str) -> str:
    """The first line of a reason; if that only introduces what uv said, with what it says of the cause."""
    first, *rest = clean(reason).strip().splitlines() or [""]
    said = list(takewhile(lambda line: line.startswith(" "), rest))
    if not first.endswith(":") or not said:
        return clean_line(first)
    _, _, cause = "\n".join(said).partition("cause:")
    return clean_line(f"{first} {cause or said[0]}")


def _of_scenario(steps: Sequence[StepWords], scenario: ScenarioHistory) -> str:
    if not any(cell.metrics for cell in scenario.cells):
        return "nothing could be measured"
    if not steps:
        return "no step"
    names = ", ".join(
        f"{UP if one.direction > 0 else DOWN if one.direction < 0 else ''}{one.label}" for one in steps
    )
    return f"{len(steps)} step{'s' * (len(steps) > 1)}: {names}"


def _regression(scenario: ScenarioHistory, history: History) -> str:
    """Empty of one that takes no more than before, in figures of a whole read that a reader would see."""
    worse = [one for one in scenario.regressions if is_told(one, history)]
    if not worse:
        return ""
    figures = [
        f"{one.metric} {format_payloads(one.after)} ({format_payloads(one.before)} in "
        f"{history.points[one.best].label})"
        for one in worse
    ]
    since = {history.points[one.since.new].label for one in worse if one.since}
    words = f"{scenario.name} in {history.points[worse[0].newest].label}: {', '.join(figures)}"
    return clean_line(words + (f"; since {', '.join(sorted(since))}" if since else ""))


def _checks(history: History) -> Iterator[tuple[str, str]]:
    """Those that need a look, and how many are kept."""
    for one in history.checks:
        if one.status == "over":
            yield one.status, _check(one, history)
    for one in history.checks:
        if one.status == "unmeasured":
            yield one.status, _check(one, history)
    if kept := sum(one.status == "within" for one in history.checks):
        limits = f"{len(history.checks)} limit{'s' * (len(history.checks) > 1)}"
        yield "within", f"within: {kept} of {limits} on the newest"


def is_told(one: Regression, history: History) -> bool:
    """Whether a reader sees it in payloads, and it is a figure of a whole read."""
    return one.metric in columns_of(history) and noticeable(one.after - one.before)


def _check(one: HistoryCheck, history: History) -> str:
    best = history.points[one.best or 0].label
    return allowance_words(one) + ("" if one.status == "unmeasured" else f" since {clean_line(best)}")


def _conclusion(history: History, regressions: int) -> str:
    measured = sum(
        any(one.cells[number].metrics for one in history.scenarios) for number in range(len(history.points))
    )
    points = len(history.points)
    noun = "release" if history.axis == "release" else "point"
    words = f"{measured} of {points} {noun}{'s' * (points > 1)} measured"
    newest = clean_line(history.points[-1].label)
    if points == 1 or not any(one.cells[-1].metrics for one in history.scenarios):
        return words
    if regressions:
        return f"{words}; {newest} takes more than an earlier one in {_scenarios(regressions)}"
    newest_cells = [one.cells[-1] for one in history.scenarios]
    is_partial = any(one.verdict == "unmeasured" and not one.metrics for one in newest_cells)
    as_far = ", as far as it was measured" if is_partial else ""
    return f"{words}; {newest} takes no more than any before it{as_far}"


def _scenarios(count: int) -> str:
    return f"{count} scenario{'s' * (count > 1)}"
