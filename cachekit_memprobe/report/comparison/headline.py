"""What changed in a scenario, in one line."""

from collections.abc import Iterator

from cachekit_memprobe.child.stages import STAGES
from cachekit_memprobe.comparison import Change, ScenarioComparison
from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.comparison.figures import (
    change_in_bytes,
    counted,
    equal_words,
    is_changed,
    listed,
)
from cachekit_memprobe.report.view import noticeable
from cachekit_memprobe.units import format_payloads

_MOST_STAGES = 2
_TELLING = (
    "copies.total",
    "verbatim.total",
    "moved.total",
    "peak.heap",
    "rss.peak",
    "held.result",
    "held.after",
    "growth.per_read",
)
"""What tells for a whole read whether it takes less or more, whatever its stages do."""

_LEFT = {
    "held.after": "{} stays when the value is dropped",
    "growth.per_read": "each further read leaves {} behind",
}

_PEAKS = {"rss.peak": "peak RSS", "peak.heap": "the heap's peak"}
_NEITHER = ("mapped.file", "rss.file", "rss.total", "rss.resting", "rss.settled")
"""More of them alone is neither better nor worse: a file that is mapped may be one that isn't read, and of
the whole process most is the interpreter's and its libraries'."""


def direction_of(scenario: ScenarioComparison) -> str:
    """``less``, ``more``, ``both`` or ``same``; ``unclear``, or empty if nothing is compared."""
    if not scenario.is_compared:
        return ""
    changed = [one for one in scenario.changes if is_changed(one) and one.metric not in _NEITHER]
    telling = [one for one in changed if one.metric in _TELLING]
    answers = {one.answer for one in telling or changed}
    if answers:
        return "both" if len(answers) > 1 else next(iter(answers))
    is_unclear = any(one.answer == "unclear" and one.metric in _TELLING for one in scenario.changes)
    return "unclear" if is_unclear else "same"


def is_partial(scenario: ScenarioComparison) -> bool:
    """Whether something is compared, and something is not, because one side has not measured it."""
    measured = {one.change is not None for one in scenario.changes}
    return len(measured) == 2


def is_equal(scenario: ScenarioComparison) -> bool:
    """Whether all figures that both sides have are equal."""
    answers = {one.answer for one in scenario.changes if one.change is not None}
    return answers == {"equal"}


def headline_of(scenario: ScenarioComparison) -> str:
    """``unwrap's verbatim copy is gone, and peak RSS is 1.00x less (64.0 MiB)``."""
    if not scenario.is_compared:
        return clean_line(scenario.reason) or "nothing was measured on both sides"
    gone = _gone(scenario)
    phrases = [_gone_words(gone)] if gone else []
    stages = [words for _, words in sorted(_of_stages(scenario, gone), key=lambda one: -one[0])]
    room = max(1, _MOST_STAGES - len(phrases))
    phrases.extend(stages[:room])
    if len(stages) > room:
        phrases.append(f"{counted(len(stages) - room, 'other change')} in stages")
    if peak := _peak(scenario):
        phrases.append(peak)
    phrases.extend(_left(scenario))
    if phrases:
        *others, last = phrases
        return f"{', '.join(others)}, and {last}" if others else last
    return _nothing_in_the_stages(scenario)


def _gone(scenario: ScenarioComparison) -> list[str]:
    """The stages that copy nothing byte for byte any more."""
    changes = {stage: scenario.change_of(f"verbatim.{stage}") for stage in STAGES}
    return [
        stage
        for stage, change in changes.items()
        if change and is_changed(change) and not noticeable(change.new or 0.0)
    ]


def _gone_words(stages: list[str]) -> str:
    if len(stages) == 1:
        return f"{stages[0]}'s verbatim copy is gone"
    return f"the verbatim copies of {listed(stages)} are gone"


def _of_stages(scenario: ScenarioComparison, gone: list[str]) -> Iterator[tuple[float, str]]:
    """How much else changed in each stage, with the phrase for it."""
    for stage in STAGES:
        verbatim, copies = (scenario.change_of(f"{kind}.{stage}") for kind in ("verbatim", "copies"))
        proven = verbatim.change if verbatim and is_changed(verbatim) else None
        if verbatim and proven is not None and stage not in gone:
            yield abs(proven), _phrase(stage, verbatim, proven, verbatim=True)
        if copies and is_changed(copies) and copies.change is not None:
            if proven is not None and not noticeable(copies.change - proven):
                continue  # said already
            yield abs(copies.change), _phrase(stage, copies, copies.change, verbatim=False)


def _phrase(stage: str, change: Change, difference: float, *, verbatim: bool) -> str:
    size = format_payloads(abs(difference))
    if not noticeable(change.new or 0.0):
        return f"{stage}'s copy is gone"
    if not noticeable(change.base or 0.0):
        return f"{stage} now {f'makes a verbatim copy of {size}' if verbatim else f'allocates {size}'}"
    return (
        f"{stage} {'copies' if verbatim else 'allocates'} {size} {change.answer}{' byte for byte' * verbatim}"
    )


def _peak(scenario: ScenarioComparison) -> str:
    for metric, words in _PEAKS.items():
        change = scenario.change_of(metric)
        if change is None or change.change is None or not is_changed(change):
            continue
        size = change_in_bytes(change, scenario).lstrip("+-")
        in_bytes = f" ({size})" if size else ""
        return f"{words} is {format_payloads(abs(change.change))} {change.answer}{in_bytes}"
    return ""


def _left(scenario: ScenarioComparison) -> Iterator[str]:
    """What matters beside whatever the stages do: memory that is not given back."""
    for metric, words in _LEFT.items():
        change = scenario.change_of(metric)
        if change and change.change is not None and is_changed(change):
            yield words.format(f"{format_payloads(abs(change.change))} {change.answer}")


def _nothing_in_the_stages(scenario: ScenarioComparison) -> str:
    """Where a side has fewer instruments, that nothing changed is only said of what both of them saw."""
    compared = [one for one in scenario.changes if one.change is not None]
    of_both = " that both sides measured" if is_partial(scenario) else ""
    if is_equal(scenario):
        count = len(compared)
        figures = f"the one figure{of_both} is" if count == 1 else f"all {count} figures{of_both} are"
        return f"{figures} {equal_words(scenario)}"
    if changed := [one.metric for one in compared if is_changed(one)]:
        return f"only {listed(changed)} changed{of_both and ' of the figures'}{of_both}"
    if small := sum(one.answer in ("less", "more") for one in compared):
        figures = f"{counted(small, 'figure')}{of_both}"
        return f"{figures} changed, by too little to see in payloads"
    if unclear := sum(one.answer == "unclear" for one in compared):
        return f"no figure{of_both} changed, but of {unclear} nothing can be said"
    return f"no figure{of_both} differs by more than chance"
