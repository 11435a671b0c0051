"""Whether the figures of a baseline can be held against those of a run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cachekit_memprobe.checking.baseline import Baseline, BaselineFile, Figures
from cachekit_memprobe.checking.configuration import Configuration, ConfigurationError
from cachekit_memprobe.checking.limits import ProjectLimit
from cachekit_memprobe.child.task import CALL
from cachekit_memprobe.fingerprint import Fingerprint, fingerprint_of
from cachekit_memprobe.metrics import ALIASING, metric_of
from cachekit_memprobe.model import Run, Scenario
from cachekit_memprobe.result import Report, Result
from cachekit_memprobe.scenario.problems import listed
from cachekit_memprobe.units import format_bytes

_TOLERANCE = 0.1
"""By which a value may have grown or shrunk: figures are in payloads, but for what any read takes besides."""

_OF_UNKNOWN_SIZE = ("file", CALL)
_NO_DIFFERENCE = ("cachekit", "allocators", "instruments", "modified")
"""Parts of an environment that are judged, or of which something else is said."""


@dataclass(frozen=True)
class Relative:
    """The limits over a baseline that hold for a scenario."""

    scenario: Scenario
    limits: tuple[ProjectLimit, ...]

    def judged_by(self, instruments: Sequence[str]) -> tuple[ProjectLimit, ...]:
        """Those whose metric these instruments measure."""
        return tuple(one for one in self.limits if {*metric_of(one.metric).instruments} <= {*instruments})


def refuse_incomparable(
    relatives: Sequence[Relative],
    baseline: Baseline | None,
    file: BaselineFile,
    run: Run,
    configuration: Configuration,
) -> None:
    """Refuse a baseline that says nothing of a run that is planned, before that is measured.

    Raises:
        ConfigurationError: with the reason for each scenario, of the first twenty, and the remedy.
    """
    reasons: list[str] = []
    fingerprint = fingerprint_of(run)
    for one in relatives:
        limits = one.judged_by(run.options.instruments)
        if limits and baseline is None:
            raise ConfigurationError(
                f"{configuration.where(limits[0].path)}: {limits[0].amount.text} is over a baseline, and "
                f"there is no {file.name} beside the configuration; measure one and commit it: {file.update}"
            )
        if limits and baseline is not None:
            reasons.extend(
                f"{one.scenario.name}: {why}" for why in _reasons(one, limits, baseline, fingerprint)
            )
    if reasons:
        lines = [f"{file.name}: {reason}" for reason in listed(reasons)]
        raise ConfigurationError("\n".join([*lines, f"measure it anew: {file.update}"]))


def _reasons(
    one: Relative, limits: Sequence[ProjectLimit], baseline: Baseline, now: Fingerprint
) -> Iterator[str]:
    figures = baseline.scenarios.get(one.scenario.name)
    if figures is None:
        yield "it has no figures of this scenario"
        return
    then = baseline.environment_of(figures)
    of_then, of_now = ({*_instruments(each)} for each in (then, now))
    lacking = [limit.metric for limit in limits if limit.metric not in figures.metrics_bytes]
    if lacking:
        yield f"it has no figure of {', '.join(dict.fromkeys(lacking))}; it was measured by {_words(then)}"
    by_stage = [limit.metric for limit in limits if metric_of(limit.metric).per_stage]
    if by_stage and (ALIASING in of_then) != (ALIASING in of_now):
        yield (
            f"{by_stage[0]}: what a stage is booked with depends on whether the {ALIASING} instrument is "
            f"run; the baseline was measured by {_words(then)}, and this run uses {_words(now)}"
        )
    before, after = then.parts.get("allocators"), now.parts.get("allocators")
    if before != after:
        yield f"its allocators were {before or 'unknown'}, and those of this run are {after}"
    size_bytes = one.scenario.value.logical_bytes
    if one.scenario.value.kind not in _OF_UNKNOWN_SIZE and not _is_close(figures, size_bytes):
        yield _of_another_size(figures, size_bytes)


def _instruments(fingerprint: Fingerprint) -> list[str]:
    return [name.strip() for name in fingerprint.parts.get("instruments", "").split(",")]


def _words(fingerprint: Fingerprint) -> str:
    return fingerprint.parts.get("instruments", "nothing")


def _is_close(figures: Figures, payload_bytes: int) -> bool:
    return abs(payload_bytes - figures.payload_bytes) <= _TOLERANCE * figures.payload_bytes


def _of_another_size(figures: Figures, payload_bytes: int) -> str:
    before = format_bytes(figures.payload_bytes, payload_bytes)
    return f"its value had {before}, and has {format_bytes(payload_bytes)} now"


def with_comparable(
    report: Report, relatives: Sequence[Relative], baseline: Baseline | None, file: BaselineFile
) -> Report:
    """The report, in which a scenario is unmeasured if its value turned out to be of another size."""
    held = {one.scenario.name for one in relatives if one.judged_by(report.run.options.instruments)}
    figures = baseline.scenarios if baseline else {}
    results = tuple(
        _comparable(result, figures[result.scenario.name], file)
        if result.scenario.name in held and result.scenario.name in figures
        else result
        for result in report.results
    )
    return replace(report, results=results)


def _comparable(result: Result, figures: Figures, file: BaselineFile) -> Result:
    if result.payload is None or result.verdict not in ("pass", "fail"):
        return result
    if _is_close(figures, result.payload.logical_bytes):
        return result
    why = _of_another_size(figures, result.payload.logical_bytes)
    reason = f"{file.name}: {why}; measure it anew: {file.update}"
    return replace(result, verdict="unmeasured", reason=reason)


def differences(relatives: Sequence[Relative], baseline: Baseline | None, run: Run) -> tuple[str, ...]:
    """What else sets the baseline's environment apart, a phrase each: ``pandas 2.3.3, now 3.1.1``."""
    found: dict[str, None] = {}
    now = fingerprint_of(run)
    for one in relatives:
        figures = baseline.scenarios.get(one.scenario.name) if baseline else None
        if baseline and figures and one.judged_by(run.options.instruments):
            for name, (then, today) in baseline.environment_of(figures).differences(now).items():
                if name not in _NO_DIFFERENCE:
                    found[f"{name} {then or 'none'}, now {today or 'none'}"] = None
    return tuple(found)
