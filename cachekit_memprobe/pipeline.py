"""The whole program: scenarios in, a finished report out."""

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from cachekit_memprobe import __version__
from cachekit_memprobe.attribution import figures_of, heap_of_measurement, stages_of
from cachekit_memprobe.budget import judge, verdict_of
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.findings import Evidence, findings_of
from cachekit_memprobe.model import (
    Measurement,
    Payload,
    Report,
    Result,
    RunOptions,
    Scenario,
    Target,
    Verdict,
)
from cachekit_memprobe.replay.session import Session
from cachekit_memprobe.replay.supervisor import Supervisor
from cachekit_memprobe.runstore import RunFolder
from cachekit_memprobe.scenario import applies_to

Progress = Callable[[str, str], None]
"""Called with a scenario's name and what is happening to it; from several threads."""


def run(
    scenarios: Sequence[Scenario], target: Target, options: RunOptions, folder: RunFolder, progress: Progress
) -> Report:
    """Measure scenarios, save what was seen, then explain it."""
    created = datetime.now(timezone.utc).isoformat(timespec="seconds")
    folder.save_run(target, options, created, scenarios)
    measure(scenarios, target, options, folder, progress)
    return explain(folder)


def measure(
    scenarios: Sequence[Scenario], target: Target, options: RunOptions, folder: RunFolder, progress: Progress
) -> None:
    """Replay each scenario and save its observations as soon as it is done.

    Whatever ends this, a signal included, no child process and no temporary file survives it.
    """
    supervisor = Supervisor()
    with tempfile.TemporaryDirectory(prefix="cachekit-memprobe-") as scratch:
        session = Session(target, options, supervisor, Path(scratch))
        with ThreadPoolExecutor(max_workers=options.jobs) as pool:
            pending = [
                pool.submit(_measure_one, session, scenario, folder, progress) for scenario in scenarios
            ]
            try:
                for done in pending:
                    done.result()
            except BaseException:
                for waiting in pending:
                    waiting.cancel()
                supervisor.cancel()
                raise


def _measure_one(session: Session, scenario: Scenario, folder: RunFolder, progress: Progress) -> None:
    if applies_to(scenario, session.target.cachekit):
        capture = folder.scenario_dir(scenario.name) / "memray.bin"
        measurement = session.measure(scenario, capture, lambda what: progress(scenario.name, what))
        measurement = _relative_to(folder, measurement)
    else:
        measurement = Measurement(scenario, None, (), applies=False)
    folder.save_measurement(measurement)
    progress(scenario.name, "done")


def explain(folder: RunFolder) -> Report:
    """Attribute and judge a saved run; nothing is measured again.

    Raises:
        UsageError: a file of the folder is missing or broken.
    """
    target, options, created, measurements = folder.load()
    return Report(
        tool_version=__version__,
        created=created,
        target=target,
        options=options,
        results=tuple(_result(measurement, options, folder) for measurement in measurements),
        run_folder=folder.path,
    )


def _result(measurement: Measurement, options: RunOptions, folder: RunFolder) -> Result:
    """One scenario's result: not applicable, not measured, or measured and judged."""
    if not measurement.applies:
        return _unjudged(
            measurement, "not_applicable", f"applies to cachekit {measurement.scenario.releases}"
        )
    if measurement.reason is not None or measurement.payload is None:
        return _unjudged(measurement, "unmeasured", measurement.reason or "nothing was stored")
    try:
        return _judged(measurement, measurement.payload, options, folder)
    except CouldNotMeasure as failure:
        return _unjudged(measurement, "unmeasured", str(failure))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        reason = f"the saved observations are incomplete or damaged: {type(error).__name__}: {error}"
        return _unjudged(measurement, "unmeasured", reason)


def _judged(measurement: Measurement, payload: Payload, options: RunOptions, folder: RunFolder) -> Result:
    heap = heap_of_measurement(measurement, folder.path)
    stages = stages_of(measurement, heap)
    figures = figures_of(measurement, stages, heap)
    limits = measurement.scenario.budget
    budgets = judge(limits, figures.values, payload, stages, options.instruments)
    verdict, reason = verdict_of(budgets, limits)
    kept = [entry for seen in measurement.observations for entry in seen.data.get("kept", ())]
    retained = next((seen.data for seen in measurement.observations if "handed" in seen.data), None)
    evidence = Evidence(measurement.scenario, payload, stages, figures.values, kept, retained)
    return Result(
        scenario=measurement.scenario,
        verdict=verdict,
        payload=payload,
        metrics=figures.values,
        stages=stages,
        budgets=budgets,
        findings=findings_of(evidence),
        reason=reason,
        spread=figures.spread,
    )


def _unjudged(measurement: Measurement, verdict: Verdict, reason: str) -> Result:
    return Result(
        scenario=measurement.scenario,
        verdict=verdict,
        payload=measurement.payload,
        metrics={},
        stages=(),
        budgets=(),
        findings=(),
        reason=reason,
    )


def _relative_to(folder: RunFolder, measurement: Measurement) -> Measurement:
    """Captures by their place in the run folder, which may be moved."""
    observations = tuple(
        replace(seen, capture=str(Path(seen.capture).relative_to(folder.path))) if seen.capture else seen
        for seen in measurement.observations
    )
    return replace(measurement, observations=observations)
