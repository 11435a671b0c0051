"""From two reports to a comparison."""

from collections import Counter
from collections.abc import Container, Iterator, Sequence
from fnmatch import fnmatchcase

from cachekit_memprobe.child.stages import STAGES
from cachekit_memprobe.comparing.changes import changes_of
from cachekit_memprobe.comparing.environment import differences_of
from cachekit_memprobe.comparing.sites import site_changes
from cachekit_memprobe.comparison import Comparison, ScenarioComparison, StageChange
from cachekit_memprobe.result import Finding, Report, Result

_WHY_NOT = {
    "unmeasured": "could not be measured",
    "not_applicable": "does not apply to the release",
}
_OF_A_FIGURE = {"MEM013": "growth.per_read"}
"""The findings that are said from some size of a figure on, which it may have on one side by chance."""


def compare(base: Report, new: Report, patterns: Sequence[str] = ()) -> Comparison:
    """Everything that can be said about the two; no figure is taken for 0 because a side lacks it.

    Args:
        patterns: names of the scenarios to compare, with ``*``; by default all.
    """
    befores = {result.scenario.name: result for result in base.results}
    afters = {result.scenario.name: result for result in new.results}
    names = [name for name in {**befores, **afters} if _is_chosen(name, patterns)]
    return Comparison(
        base=base,
        new=new,
        differences=differences_of(base, new, names),
        scenarios=tuple(_compared(name, befores.get(name), afters.get(name), base, new) for name in names),
    )


def _is_chosen(name: str, patterns: Sequence[str]) -> bool:
    """By the whole name, or by that of the scenario of which it is one at several sizes or of a matrix."""
    of = name.partition("@")[0]
    return not patterns or any(fnmatchcase(one, pattern) for one in (name, of) for pattern in patterns)


def _compared(
    name: str, before: Result | None, after: Result | None, base: Report, new: Report
) -> ScenarioComparison:
    reason = _reason(before, after)
    if before is None or after is None or (reason and not (before.metrics and after.metrics)):
        return ScenarioComparison(name, before, after, reason)
    changes = changes_of(before, after, deployed=(base.run.options.as_deployed, new.run.options.as_deployed))
    same = {change.metric for change in changes if change.answer in ("equal", "within")}
    return ScenarioComparison(
        name=name,
        base=before,
        new=after,
        reason="" if before.metrics and after.metrics else "no figure was measured on both sides",
        in_payloads=_logical_bytes(before) != _logical_bytes(after),
        changes=changes,
        stages=tuple(_stages(before, after)),
        sites=tuple(site_changes(before, after)),
        # What no instrument looked for isn't gone.
        findings_gone=_without(before, after, same) if _instruments(base) <= _instruments(new) else (),
        findings_new=_without(after, before, same) if _instruments(new) <= _instruments(base) else (),
    )


def _reason(before: Result | None, after: Result | None) -> str:
    """Why a side has no figures; what is so on both sides is said once."""
    if before and after and _why_not(before, "") == _why_not(after, ""):
        return _why_not(before, "on both sides")
    whys = (_why_not(before, "in BASE"), _why_not(after, "in NEW"))
    return "; ".join(filter(None, whys))


def _why_not(result: Result | None, where: str) -> str:
    """Empty if it has figures."""
    if result is None:
        return f"{where.removeprefix('in ')} doesn't have it"
    if result.verdict not in _WHY_NOT or result.metrics:
        return ""
    words = (result.reason or "").strip().partition("\n")[0]
    return f"{_WHY_NOT[result.verdict]} {where}" + (f": {words}" if words else "")


def _logical_bytes(result: Result) -> int:
    return result.payload.logical_bytes if result.payload else 0


def _stages(before: Result, after: Result) -> Iterator[StageChange]:
    """In the order of a read, which both have."""
    befores, afters = ({stage.name: stage for stage in one.stages} for one in (before, after))
    for name in STAGES:
        if name in befores or name in afters:
            yield StageChange(name, befores.get(name), afters.get(name))


def _instruments(report: Report) -> set[str]:
    return set(report.run.options.instruments)


def _without(these: Result, those: Result, same: Container[str]) -> tuple[Finding, ...]:
    """The findings that the other side doesn't have, or not as often.

    Args:
        same: metrics that differ by no more than chance, and so does what is said of them.
    """
    known = Counter(map(_key, those.findings))
    left = []
    for finding in these.findings:
        if _OF_A_FIGURE.get(finding.code) in same:
            continue
        if known[_key(finding)] > 0:
            known[_key(finding)] -= 1
        else:
            left.append(finding)
    return tuple(left)


def _key(finding: Finding) -> tuple[str, str, str]:
    """Not by the line, which differs from release to release, nor by its sentence, which has figures."""
    place = finding.place
    return (finding.code, place.stage if place else "", place.file if place else "")
