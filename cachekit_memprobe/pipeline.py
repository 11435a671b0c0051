"""The whole program: a run in, a finished report out."""

import math
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

from cachekit_memprobe import __version__
from cachekit_memprobe.attribution import (
    AT_ONCE,
    Captures,
    Reads,
    footprint_of,
    notes_of,
    reading_captures,
    reads_of,
)
from cachekit_memprobe.budget import Leads, judge, named_by, verdict_of
from cachekit_memprobe.disks import require_temporary_folder
from cachekit_memprobe.doctor.room import Room, lacking_room, room_here
from cachekit_memprobe.errors import CouldNotMeasure, MemprobeError
from cachekit_memprobe.findings import Beside, Evidence, findings_of, findings_of_frame
from cachekit_memprobe.folders import without_folders
from cachekit_memprobe.metrics import MEMRAY
from cachekit_memprobe.model import Limit, Measurement, Payload, Phase, Run, Scenario, Step
from cachekit_memprobe.replay.lifetime import entries_last_s
from cachekit_memprobe.replay.own_data import OwnData
from cachekit_memprobe.replay.session import Progress, Session
from cachekit_memprobe.replay.supervisor import Cancelled, supervising
from cachekit_memprobe.result import Report, Result, Verdict
from cachekit_memprobe.runstore import RunFolder
from cachekit_memprobe.scaling import scaling_of
from cachekit_memprobe.scenario import Asked, limits_for, why_not
from cachekit_memprobe.scratch import notes_in, scratch_folder, sweep
from cachekit_memprobe.servers import OwnServers, forget_left_behind, serving
from cachekit_memprobe.signals import terminable

_NO_OWN_SERVERS = OwnServers()
_NOTHING_ASKED = Asked()
_SHARE = 0.9
"""Of the memory that is free, what may be taken to load a file."""

_OBJECTS = 24
"""How much longer a byte of Python's small objects takes than one of an array."""


def run(
    planned: Run, folder: RunFolder, progress: Progress, own_servers: OwnServers = _NO_OWN_SERVERS
) -> Report:
    """Measure scenarios, save what was seen, then explain it."""
    folder.save_run(planned)
    with reading_captures() as captures:
        if MEMRAY in planned.options.instruments:
            captures.prepare()
        measure(planned, folder, progress, own_servers)
        return explain(folder, captures=captures)


def measure(
    planned: Run, folder: RunFolder, progress: Progress, own_servers: OwnServers = _NO_OWN_SERVERS
) -> None:
    """Replay each scenario and save its observations as soon as it is done.

    Whatever ends this, a signal included, no child process, no server and no temporary file survives it.
    What is left of a run that was killed outright is removed first.
    """
    sweep(partial(forget_left_behind, own_servers))
    require_temporary_folder()
    room = room_here()
    target, options, fork = planned.target, planned.options, planned.options.isolation == "fork"
    lasting = f"{math.ceil(entries_last_s(options) / 60)} minutes"
    with (
        terminable(),
        scratch_folder() as scratch,
        supervising(scratch / "launchers", fork=fork) as supervisor,
    ):
        most_bytes = round(_SHARE * room.memory_bytes)
        data = OwnData(target, supervisor, scratch / "data", options.timeout_s, most_bytes)
        loaded = _loaded(planned.scenarios, data, folder, progress)
        applicable = [scenario for scenario in loaded if why_not(scenario, target.cachekit) is None]
        with serving(applicable, own_servers, scratch / "servers", notes_in(scratch), lasting) as servers:
            slots = threading.Semaphore(options.jobs)
            session = Session(
                target, options, supervisor, scratch / "replays", servers.connect, progress, slots
            )
            _measure_all(session, loaded, folder, room)


def _loaded(
    scenarios: Sequence[Scenario], data: OwnData, folder: RunFolder, progress: Progress
) -> list[Scenario]:
    """The scenarios with the sizes of the data that they cache; one whose data can't be loaded is done."""
    loaded = []
    for scenario in scenarios:
        if scenario.value.file:
            progress(Step(scenario.name, Phase.LOADING))
        try:
            loaded.append(data.with_size(scenario))
        except CouldNotMeasure as failure:
            folder.save_measurement(Measurement.failed(scenario, str(failure)))
            progress(Step(scenario.name, Phase.DONE))
    return loaded


def _measure_all(session: Session, scenarios: Sequence[Scenario], folder: RunFolder, room: Room) -> None:
    with ThreadPoolExecutor(max_workers=session.options.jobs) as pool:
        pending: list[Future[None]] = []
        try:
            for scenario in longest_first(scenarios):
                pending.append(pool.submit(_measure_one, session, scenario, folder, room))
            for done in pending:
                done.result()
        except BaseException:
            for waiting in pending:
                waiting.cancel()
            session.supervisor.cancel()
            raise


def longest_first(scenarios: Sequence[Scenario]) -> list[Scenario]:
    """In the order in which to begin with them, so that the last one doesn't run alone for long."""

    def cost(scenario: Scenario) -> int:
        weight = _OBJECTS if scenario.value.kind == "nested" else 2 if scenario.caching.encryption else 1
        return weight * scenario.value.logical_bytes * scenario.read.readers

    return sorted(scenarios, key=cost, reverse=True)


def _measure_one(session: Session, scenario: Scenario, folder: RunFolder, room: Room) -> None:
    if inapplicable := why_not(scenario, session.target.cachekit):
        measurement = Measurement.not_applicable(scenario, inapplicable)
    elif lacking := lacking_room(scenario, session.options.jobs, room, session.target.cachekit):
        measurement = Measurement.failed(scenario, lacking)
    else:
        measurement = _measured(session, scenario, folder.capture_of(scenario.name))
    folder.save_measurement(measurement)
    session.progress(Step(scenario.name, Phase.DONE))


def _measured(session: Session, scenario: Scenario, capture: Path) -> Measurement:
    """A fault of this program's own, which a target may find, costs one scenario and not the others."""
    try:
        return session.measure(scenario, capture)
    except (Cancelled, MemprobeError):
        raise
    except Exception as error:
        *_, last = traceback.extract_tb(error.__traceback__)
        where = f"{Path(last.filename).name}:{last.lineno}"
        reason = f"this is a bug in cachekit-memprobe: {type(error).__name__} in {where}: {error}"
        return Measurement.failed(scenario, reason)


def explain(
    folder: RunFolder,
    predict: Asked = _NOTHING_ASKED,
    *,
    sort: str = "",
    workers: int = 0,
    captures: Captures | None = None,
) -> Report:
    """Attribute and judge a saved run; nothing is measured again.

    Args:
        captures: reads the captures; without it one is made for this.
        predict: what to predict from a run at several sizes, besides what it was asked for.
        sort, workers: in place of those that the run was asked for, see :class:`Sweep`.

    Raises:
        UsageError: the run's own file is missing or broken, or what is asked is no size.
    """
    measured, measurements = folder.load()
    sweep = measured.sweep
    sweep = replace(sweep, sort=sort or sweep.sort, workers=workers or sweep.workers)
    measured = replace(measured, sweep=sweep)
    with (
        ThreadPoolExecutor(max_workers=AT_ONCE) as pool,
        nullcontext(captures) if captures else reading_captures() as reading,
    ):
        explained = partial(_result, measured=measured, folder=folder, captures=reading)
        results = tuple(_in_order(pool, explained, measurements))
    measured = replace(measured, scenarios=tuple(result.scenario for result in results))
    predict_bytes, predict_rows = predict.of(measured.scenarios)
    return Report(
        tool_version=__version__,
        run=measured,
        results=results,
        run_folder=folder.path,
        scaling=scaling_of(
            results, {*sweep.predict_bytes, *predict_bytes}, {*sweep.predict_rows, *predict_rows}
        ),
    )


def _in_order(
    pool: ThreadPoolExecutor, explained: Callable[[Measurement], Result], measurements: Iterable[Measurement]
) -> Iterator[Result]:
    """The results of measurements that are loaded one after the other: only a few are there at a time."""
    waiting: deque[Future[Result]] = deque()
    for measurement in measurements:
        waiting.append(pool.submit(explained, measurement))
        if len(waiting) > AT_ONCE:
            yield waiting.popleft().result()
    for pending in waiting:
        yield pending.result()


def _result(measurement: Measurement, measured: Run, folder: RunFolder, captures: Captures) -> Result:
    """One scenario's result: not applicable, not measured, or measured and judged."""
    if not measurement.applies:
        # Of a run folder of schema 1 the reason was left to be said here.
        reason = measurement.reason or f"it is for releases {measurement.scenario.releases}"
        return _unjudged(measurement, "not_applicable", reason)
    if measurement.reason is not None or measurement.payload is None:
        return _unjudged(measurement, "unmeasured", measurement.reason or "nothing was stored")
    try:
        limits = limits_for(measurement.scenario.budget, measured.target.versions)
        reads = reads_of(measurement, measurement.payload, folder.path, captures)
        return _judged(measurement, measurement.payload, limits, measured, reads)
    except CouldNotMeasure as failure:
        return _unjudged(measurement, "unmeasured", str(failure))
    except MemoryError:
        return _unjudged(measurement, "unmeasured", "there is not enough memory to explain what was observed")
    except Exception as error:
        # Whatever it is, the other scenarios were measured. What comes in is validated, so it is ours.
        return _unjudged(measurement, "unmeasured", _as_a_bug(error))


def _as_a_bug(error: Exception) -> str:
    """What to tell of a failure that nobody has thought of, with the line that it comes from."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    return (
        "this is a bug in cachekit-memprobe: what was observed can't be explained: "
        f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"
    )


def _judged(
    measurement: Measurement, payload: Payload, limits: Sequence[Limit], measured: Run, reads: Reads
) -> Result:
    explained, values = reads.explained, reads.figures.values
    aliasing, beside = explained.measurement.seen.aliasing, _beside(reads)
    leads = _leads(reads, beside, measurement)
    budgets = judge(limits, values, payload, measured.options.instruments, leads)
    verdict, reason = verdict_of(budgets, measurement.scenario.budget)
    evidence = Evidence(
        scenario=measurement.scenario,
        payload=payload,
        stages=explained.stages,
        values=values,
        kept=leads.kept,
        cycles=leads.cycles,
        beside=beside,
        retained=measurement.seen.retention,
        blocks=aliasing.blocks if aliasing else (),
        as_deployed=measured.options.as_deployed,
        needs=measurement.needs,
        each_read=tuple(one.stages for one in reads.followed),
    )
    return Result(
        scenario=measurement.scenario,
        verdict=verdict,
        payload=payload,
        metrics=values,
        stages=explained.stages,
        budgets=budgets,
        findings=findings_of(evidence),
        reason=reason,
        spread=reads.figures.spread,
        read=reads.number,
        notes=notes_of(measurement.seen),
        footprint=footprint_of(measurement),
        staircase=explained.use.staircase,
    )


def _beside(reads: Reads) -> Beside:
    after = reads.aftermath
    return Beside() if after is None else Beside(after.lines, after.dropped, after.lasting, after.started)


def _leads(reads: Reads, beside: Beside, measurement: Measurement) -> Leads:
    seen, aftermath = measurement.seen, reads.aftermath
    first = seen.retention.first if seen.retention else None
    peak_is_after = aftermath is not None and aftermath.has_the_peak
    return Leads(
        stages_for=reads.stages_for,
        kept=seen.kept,
        cycles=seen.cycles,
        named=named_by(beside.lines, beside.dropped, first, seen.kept, peak_is_after),
        later_peak=reads.later_peak,
    )


def _unjudged(measurement: Measurement, verdict: Verdict, reason: str) -> Result:
    payload, needs = measurement.payload, measurement.needs
    stored = payload and Evidence(measurement.scenario, payload, (), {}, needs=needs)
    return Result(
        scenario=measurement.scenario,
        verdict=verdict,
        payload=measurement.payload,
        metrics={},
        stages=(),
        budgets=(),
        findings=findings_of_frame(stored) if stored else (),
        reason=without_folders(reason),
    )
