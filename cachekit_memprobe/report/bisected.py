"""A bisection as text: the commit that did it, its line, and what was tried."""

from collections.abc import Iterator

from cachekit_memprobe.bisected import Bisected, Commit, Trial
from cachekit_memprobe.model import Limit
from cachekit_memprobe.report.clean import clean, clean_line
from cachekit_memprobe.report.comparison.figures import LineWords, line_words
from cachekit_memprobe.units import format_exactly, format_payloads

_SHOWN = 12
_LONGEST_REASON = 200


def bisected_text(found: Bisected) -> str:
    """All lines, without a line break at the end."""
    return "\n".join(("\n".join(_answer(found)), "", *_trials(found)))


def trial_line(trial: Trial) -> str:
    """``0123456789ab  bad   1.00x  2026-06-18 Copy the frame``."""
    if trial.figure is None:
        return f"{_named(trial.commit)}\n  skipped: {_brief(trial.reason)}"
    figure = format_payloads(trial.figure)
    return f"{trial.commit.hash[:_SHOWN]}  {trial.answer:<4}  {figure:>6}  {_said(trial.commit)}"


def _brief(reason: str) -> str:
    """What could not be done, and the last that was said of it; what to do instead is left out."""
    first, *others = clean(reason).strip().split("\n")
    said = [line for line in others if line.startswith("  ")]
    words = f"{first} {said[-1]}" if first.endswith(":") and said else first
    return clean_line(words)[:_LONGEST_REASON]


def _answer(found: Bisected) -> Iterator[str]:
    limit = limit_words(found.limit)
    way = "over" if found.sought == "bad" else "below"
    if not found.is_found:
        yield (
            f"{found.metric} of {found.scenario} went {way} {limit} in one of {len(found.suspects)} commits, "
            "which can't be told apart, since those between could not be measured:"
        )
        yield from (f"  {_named(commit)}" for commit in found.suspects)
        return
    (commit,) = found.suspects
    yield f"the first {found.sought} commit is {_named(commit)}"
    yield f"  {found.metric} of {found.scenario}: {_figures(found)}; bad is more than {limit}"
    for line in _lines(found):
        yield f"  {line.kind}: {line.words}"
        if line.source:
            yield f"      {line.source}"


def limit_words(limit: Limit) -> str:
    """As one reads it; a limit half way between two figures has many digits."""
    return (
        format_payloads(limit.payloads)
        if limit.payloads is not None
        else format_exactly(limit.size_bytes or 0)
    )


def _figures(found: Bisected) -> str:
    """Before and since; where the commit before could not be measured, of the ends."""
    change = found.comparison.change_of(found.metric) if found.comparison else None
    if change and change.base is not None and change.new is not None:
        return f"{format_payloads(change.base)} before it, {format_payloads(change.new)} since"
    ends = (found.old.figure or 0.0, found.new.figure or 0.0)
    return f"{format_payloads(ends[0])} at the older end, {format_payloads(ends[1])} at the newer one"


def _lines(found: Bisected) -> list[LineWords]:
    """What is gone, new or changed; lines that only moved say nothing."""
    lines = line_words(found.comparison) if found.comparison else ()
    return [line for line in lines if line.kind != "moved"]


def _trials(found: Bisected) -> Iterator[str]:
    count = len(found.trials)
    skipped = sum(trial.answer == "skipped" for trial in found.trials)
    yield f"{count} commits of {found.repository} tried" + (f", {skipped} of them skipped" if skipped else "")
    for trial in found.trials:
        yield from (f"  {line}" for line in trial_line(trial).splitlines())


def _named(commit: Commit) -> str:
    return f"{commit.hash[:_SHOWN]}  {_said(commit)}"


def _said(commit: Commit) -> str:
    return clean_line(f"{commit.date} {commit.subject}".strip())
