"""The whole program: scenarios in, a finished report out."""

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from cachekit_memprobe import __version__
from cachekit_memprobe.attribution import figures_of, heap_of_measurement, stages_of
from cachekit_memprobe.budget import judge, verdict_of
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.findings import Evidence, findings_of
from cachekit_memprobe.model import (
    Limit,
    Measurement,
    Payload,
    Report,
    Result,
    RunOptions,
    Scenario,
    Target,
    Verdict,
)
from cachekit_memprobe.replay.own_data import OwnData
from cachekit_memprobe.replay.session import Session
from cachekit_memprobe.replay.supervisor import Supervisor
from cachekit_memprobe.runstore import RunFolder
from cachekit_memprobe.scaling import scaling_of
from cachekit_memprobe.scenario import applies_to, limits_for
from cachekit_memprobe.servers import OwnServers, serving
from cachekit_memprobe.sweep import Sweep
from cachekit_memprobe.target.signals import terminable

Progress = Callable[[str, str], None]
"""Called with a scenario's name and what is happening to it; from several threads."""

_NO_OWN_SERVERS = OwnServers()
_NO_SWEEP = Sweep()


def run(
    scenarios: Sequence[Scenario],
    target: Target,
    options: RunOptions,
    folder: RunFolder,
    progress: Progress,
    own_servers: OwnServers = _NO_OWN_SERVERS,
    sweep: Sweep = _NO_SWEEP,
) -> Report:
    """Measure scenarios, save what was seen, then explain it."""
    created = datetime.now(timezone.utc).isoformat(timespec="seconds")
    folder.save_run(target, options, created, scenarios, sweep)
    measure(scenarios, target, options, folder, progress, own_servers)
    return explain(folder)


def measure(
    scenarios: Sequence[Scenario],
    target: Target,
    options: RunOptions,
    folder: RunFolder,
    progress: Progress,
    own_servers: OwnServers = _NO_OWN_SERVERS,
) -> None:
    """Replay each scenario and save its observations as soon as it is done.

    Whatever ends this, a signal included, no child process, no server and no temporary file survives it.
    """
    supervisor = Supervisor()
    with terminable(), tempfile.TemporaryDirectory(prefix="cachekit-memprobe-") as scratch:
        data = OwnData(target, supervisor, Path(scratch, "data"), options.timeout_s)
        loaded = _loaded(scenarios, data, folder, progress)
        applicable = [scenario for scenario in loaded if applies_to(scenario, target.cachekit)]
        with serving(applicable, own_servers, Path(scratch, "servers")) as servers:
            session = Session(target, options, supervisor, Path(scratch), servers.connect)
            _measure_all(session, loaded, folder, progress)


def _loaded(
    scenarios: Sequence[Scenario], data: OwnData, folder: RunFolder, progress: Progress
) -> list[Scenario]:
    """The scenarios with the sizes of the data that they cache; one whose data can't be loaded is done."""
    loaded = []
    for scenario in scenarios:
        if scenario.value.file:
            progress(scenario.name, "loading the data")
        try:
            loaded.append(data.with_size(scenario))
        except CouldNotMeasure as failure:
            folder.save_measurement(Measurement(scenario, None, (), str(failure)))
            progress(scenario.name, "done")
    return loaded


def _measure_all(
    session: Session, scenarios: Sequence[Scenario], folder: RunFolder, progress: Progress
) -> None:
    with ThreadPoolExecutor(max_workers=session.options.jobs) as pool:
        pending: list[Future[None]] = []
        try:
            for scenario in scenarios:
                pending.append(pool.submit(_measure_one, session, scenario, folder, progress))
            for done in pending:
                done.result()
        except BaseException:
            for waiting in pending:
                waiting.cancel()
            session.supervisor.cancel()
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


def explain(folder: RunFolder, predict_bytes: Sequence[int] = ()) -> Report:
    """Attribute and judge a saved run; nothing is measured again.

    Args:
        predict_bytes: sizes to predict from a run at several sizes, besides those that it was asked for.

    Raises:
        UsageError: a file of the folder is missing or broken.
    """
    target, options, created, measurements = folder.load()
    sweep = folder.load_sweep()
    results = tuple(_result(measurement, target, options, folder) for measurement in measurements)
    return Report(
        tool_version=__version__,
        created=created,
        target=target,
        options=options,
        results=results,
        run_folder=folder.path,
        sweep=sweep,
        scaling=scaling_of(results, {*sweep.predict_bytes, *predict_bytes}),
    )


def _result(measurement: Measurement, target: Target, options: RunOptions, folder: RunFolder) -> Result:
    """One scenario's result: not applicable, not measured, or measured and judged."""
    if not measurement.applies:
        return _unjudged(
            measurement, "not_applicable", f"applies to cachekit {measurement.scenario.releases}"
        )
    if measurement.reason is not None or measurement.payload is None:
        return _unjudged(measurement, "unmeasured", measurement.reason or "nothing was stored")
    try:
        limits = limits_for(measurement.scenario.budget, target.versions)
        return _judged(measurement, measurement.payload, limits, options, folder)
    except CouldNotMeasure as failure:
        return _unjudged(measurement, "unmeasured", str(failure))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        reason = f"the saved observations are incomplete or damaged: {type(error).__name__}: {error}"
        return _unjudged(measurement, "unmeasured", reason)


def _judged(
    measurement: Measurement,
    payload: Payload,
    limits: Sequence[Limit],
    options: RunOptions,
    folder: RunFolder,
) -> Result:
    heap = heap_of_measurement(measurement, folder.path)
    stages = stages_of(measurement, heap)
    figures = figures_of(measurement, stages, heap)
    kept = [entry for seen in measurement.observations for entry in seen.data.get("kept", ())]
    budgets = judge(limits, figures.values, payload, stages, options.instruments, kept)
    verdict, reason = verdict_of(budgets, measurement.scenario.budget)
    retained = next((seen.data for seen in measurement.observations if "handed" in seen.data), None)
    blocks = [block for seen in measurement.observations for block in seen.data.get("blocks", ())]
    evidence = Evidence(
        scenario=measurement.scenario,
        payload=payload,
        stages=stages,
        values=figures.values,
        kept=kept,
        retained=retained,
        blocks=blocks,
        as_deployed=options.as_deployed,
    )
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
