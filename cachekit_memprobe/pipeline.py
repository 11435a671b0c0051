"""The whole program: a run in, a finished report out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

from cachekit_memprobe import __version__, runstore
from cachekit_memprobe.attribution import Captures, flames_of, reading_captures
from cachekit_memprobe.explaining import results_of
from cachekit_memprobe.flames import Flames
from cachekit_memprobe.meanwhile import Ended, Meanwhile, explaining_meanwhile
from cachekit_memprobe.measuring import NO_OWN_SERVERS, Together, measure
from cachekit_memprobe.metrics import MEMRAY
from cachekit_memprobe.model import Phase, Run, RunOptions, Step
from cachekit_memprobe.replay.launcher import Launcher
from cachekit_memprobe.replay.sharing import Progress
from cachekit_memprobe.result import Report, Result
from cachekit_memprobe.runstore import KeptResults, RunFolder
from cachekit_memprobe.scaling import scaling_of
from cachekit_memprobe.scenario import Asked
from cachekit_memprobe.servers import OwnServers
from cachekit_memprobe.signals import terminable

_NOTHING_ASKED = Asked()
_FEW = 2
"""So many end too soon after each other for a process that explains one meanwhile to be worth it."""
_NOTHING_KNOWN: Mapping[str, Result] = MappingProxyType({})


@dataclass(frozen=True)
class SideBySide:
    """What runs share that are measured at the same time.

    Attributes:
        together: what they measure with.
        meanwhile: explains what they have measured.
    """

    together: Together
    meanwhile: Meanwhile

    def cancel(self) -> None:
        """End them all, from any thread."""
        self.together.cancel()


@contextmanager
def side_by_side(options: RunOptions) -> Iterator[SideBySide]:
    """For runs in several threads, with as many measured processes at a time as one of them would have."""
    with terminable(), explaining_meanwhile(options.instruments) as meanwhile:
        yield SideBySide(Together(options.jobs), meanwhile)


def run(
    planned: Run,
    folder: RunFolder,
    progress: Progress,
    own_servers: OwnServers = NO_OWN_SERVERS,
    ended: Ended | None = None,
    here: Launcher | None = None,
    shared: SideBySide | None = None,
) -> Report:
    """Measure scenarios, save what was seen, then explain it.

    Args:
        here: forks the processes of functions that only exist in this one.
        ended: is told each result as soon as there is one, mostly while others are still measured.
        shared: with other runs that are measured at the same time.
    """
    folder.save_run(planned)
    with reading_captures() as captures:
        known = _NOTHING_KNOWN
        if shared or (ended is not None and len(planned.scenarios) > _FEW):
            known = _measured_and_explained(planned, folder, progress, own_servers, ended, here, shared)
        else:
            if MEMRAY in planned.options.instruments:
                captures.prepare()
            measure(planned, folder, progress, own_servers, here)
        report = explain(folder, captures=captures, known=known)
    for result in report.results:
        if ended is not None and result.scenario.name not in known:
            ended(result)
    KeptResults(folder.path).keep(report.results)
    return report


def _measured_and_explained(
    planned: Run,
    folder: RunFolder,
    progress: Progress,
    own_servers: OwnServers,
    ended: Ended | None,
    here: Launcher | None,
    shared: SideBySide | None,
) -> Mapping[str, Result]:
    """The results that could be made while it was measured, by the names of their scenarios."""
    explained: dict[str, Future[Result | None]] = {}
    with nullcontext(shared) if shared else side_by_side(planned.options) as beside:

        def step(told: Step) -> None:
            progress(told)
            if told.phase is Phase.DONE:
                result = beside.meanwhile.explain(folder.path, told.scenario, ended or _ignore)
                explained[told.scenario] = result

        measure(planned, folder, step, own_servers, here, beside.together)
        results = {name: one.result() for name, one in explained.items()}
    return {name: result for name, result in results.items() if result is not None}


def _ignore(_result: Result) -> None:
    """Nobody wants to know."""


def merge(folders: Sequence[RunFolder], out: Path | None) -> tuple[RunFolder, Report]:
    """The run folders of shards as one, explained and judged as a whole.

    Raises:
        UsageError: they don't belong together, one of them is broken, or ``out`` can't be used.
    """
    merged = runstore.merge(folders, out)
    report = explain(merged)
    KeptResults(merged.path).keep(report.results)
    return merged, report


@contextmanager
def explaining() -> Iterator[Callable[[RunFolder], Report]]:
    """:func:`explain` for many runs, whose captures are read by the same processes."""
    with reading_captures() as captures:
        yield partial(explain, captures=captures)


@contextmanager
def flaming(folder: RunFolder) -> Iterator[Callable[[Result], Flames]]:
    """What the stacks of a saved read have on the heap at its peak, of one result after the other.

    Each call raises :class:`CouldNotMeasure` if the capture can't be read.
    """

    def flames(result: Result) -> Flames:
        (measurement,) = folder.measurements([result.scenario.name])
        return flames_of(measurement, result.read, folder.path, captures)

    with reading_captures() as captures:
        yield flames


def explain(
    folder: RunFolder,
    predict: Asked = _NOTHING_ASKED,
    *,
    sort: str = "",
    workers: int = 0,
    captures: Captures | None = None,
    known: Mapping[str, Result] = _NOTHING_KNOWN,
) -> Report:
    """Attribute and judge a saved run; nothing is measured again.

    Args:
        captures: reads the captures; without it one is made for this.
        known: results of some of its scenarios, by their names, which aren't explained again.
        predict: what to predict from a run at several sizes, besides what it was asked for.
        sort, workers: in place of those that the run was asked for, see :class:`Sweep`.

    Raises:
        UsageError: the run's own file is missing or broken, or what is asked is no size.
    """
    measured, _ = folder.load()
    names = folder.names()
    sweep = measured.sweep
    sweep = replace(sweep, sort=sort or sweep.sort, workers=workers or sweep.workers)
    measured = replace(measured, sweep=sweep)
    with nullcontext(captures) if captures else reading_captures() as reading:
        unknown = folder.measurements([name for name in names if name not in known])
        explained = results_of(unknown, measured, folder.path, reading, KeptResults(folder.path))
        made = {one.scenario.name: one for one in explained}
    results = tuple({**made, **known}[name] for name in names)
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
