"""What measuring costs: a run with all instruments against the same reads done bare.

Both sides store the value once and read it in as many processes, with as many reads in each, through the
same child with the same warm-up, proof and verification of the value. On the bare side no instrument
runs in the child. All processes are fresh ones on both sides. Rounds alternate, and medians are compared.
CPU time is shown beside wall time: on a machine with other work to do it is the steadier of the two.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import TypeVar
from unittest import mock

from cachekit_memprobe import measuring, metrics, pipeline, target
from cachekit_memprobe.child.task import Task
from cachekit_memprobe.model import Run, RunOptions, Scenario, Step, Target
from cachekit_memprobe.replay.conversation import OnBarrier
from cachekit_memprobe.replay.supervisor import Launch, Supervisor
from cachekit_memprobe.runstore import RunFolder
from cachekit_memprobe.scenario import select, with_overrides
from cachekit_memprobe.units import parse_bytes

_Record = TypeVar("_Record")

AIM = 1.25
BARE = "bare"
READS = {
    metrics.RSS: RunOptions(()).reads,
    metrics.TRACEMALLOC: 2,
    metrics.MEMRAY: 1,
    metrics.ALIASING: 1,
    metrics.RETENTION: 2,
}
"""How many measured reads each instrument's process does."""

PREPARE, STORE, EXPLAIN, TOTAL, READING = "prepare", "store", "explain", "total", "but store"
"""Steps beside the instruments' processes. The store is the same on both sides, and would only dilute."""


@dataclass(frozen=True)
class Cost:
    """Seconds. ``own_s`` is the CPU time of the tool itself, ``children_s`` that of ended children."""

    wall_s: float
    own_s: float
    children_s: float

    @classmethod
    def so_far(cls) -> "Cost":
        own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return cls(time.perf_counter(), own.ru_utime + own.ru_stime, children.ru_utime + children.ru_stime)

    def __sub__(self, earlier: "Cost") -> "Cost":
        return Cost(
            self.wall_s - earlier.wall_s, self.own_s - earlier.own_s, self.children_s - earlier.children_s
        )

    @property
    def cpu_s(self) -> float:
        return self.own_s + self.children_s


@dataclass
class Costs:
    """What one side of one round cost, by step."""

    steps: dict[str, Cost] = field(default_factory=dict)

    def sum_up(self) -> "Costs":
        self.steps[READING] = self.steps[TOTAL] - self.steps[STORE]
        return self

    @contextmanager
    def of(self, step: str) -> Iterator[None]:
        before = Cost.so_far()
        yield
        self.steps[step] = Cost.so_far() - before


class TimedSupervisor(Supervisor):
    """Times each child. The bare children are told which instrument's reads to do."""

    def __init__(self, costs: Costs, bare_for: Sequence[str] = ()) -> None:
        super().__init__()
        self._costs = costs
        self._bare_for = list(bare_for)

    def run(self, launch: Launch, kind: type[_Record], on_barrier: OnBarrier | None = None) -> _Record:
        step = launch.task.instrument or STORE
        if step == BARE:
            step = self._bare_for.pop(0)
            launch = replace(launch, task=replace(launch.task, reads=READS[step]))
        if launch.later is not None:
            return self._run_prepared(launch, launch.later, step, kind, on_barrier)
        with self._costs.of(step):
            return super().run(launch, kind, on_barrier)

    def _run_prepared(
        self,
        launch: Launch,
        later: Callable[[], Task],
        step: str,
        kind: type[_Record],
        on_barrier: OnBarrier | None,
    ) -> _Record:
        """A process that waits for its task while others run: that is no time of its own."""
        began = Cost.so_far()

        def task() -> Task:
            nonlocal began
            self._costs.steps[PREPARE] = Cost.so_far() - began
            told = later()
            began = Cost.so_far()
            return told

        result = super().run(replace(launch, later=task), kind, on_barrier)
        self._costs.steps[step] = Cost.so_far() - began
        return result


def measured(scenario: Scenario, chosen: Target, instruments: tuple[str, ...]) -> Costs:
    """One run with the instruments, from the stored value to the finished report."""
    costs = Costs()
    planned = Run.planned(chosen, RunOptions(instruments, jobs=1, isolation="fresh"), (scenario,))
    with scratch_folder() as folder, using(TimedSupervisor(costs)), costs.of(TOTAL):
        folder.save_run(planned)
        measuring.measure(planned, folder, no_progress)
        with costs.of(EXPLAIN):
            report = pipeline.explain(folder)
    if report.results[0].reason:
        raise SystemExit(f"the run could not measure: {report.results[0].reason}")
    return costs.sum_up()


def bare(scenario: Scenario, chosen: Target, instruments: tuple[str, ...]) -> Costs:
    """The same store and reads, without any instrument."""
    costs = Costs()
    options = RunOptions((BARE,) * len(instruments), jobs=1, isolation="fresh")
    planned = Run.planned(chosen, options, (scenario,))
    with scratch_folder() as folder, using(TimedSupervisor(costs, instruments)), costs.of(TOTAL):
        measuring.measure(planned, folder, no_progress)
    if set(costs.steps) != {STORE, *instruments, TOTAL}:
        raise SystemExit("a bare child failed")
    return costs.sum_up()


@contextmanager
def scratch_folder() -> Iterator[RunFolder]:
    """A run folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="cachekit-memprobe-benchmark-") as path:
        yield RunFolder.create(Path(path) / "run")


@contextmanager
def using(supervisor: Supervisor) -> Iterator[None]:
    """Have the pipeline start its children through this supervisor."""
    with mock.patch.object(measuring, "supervising", return_value=nullcontext(supervisor)):
        yield


def no_progress(_step: Step) -> None:
    """Nothing is shown while children run: it would cost time."""


def show(sides: dict[str, list[Costs]]) -> None:
    """A table of medians, a row for each process and one for the whole, and the ratio that counts."""
    print(f"{'':12}{'wall s':>19}{'':9}{'CPU s':>19}")
    print(f"{'':12}{'bare':>9}{'measured':>10}{'ratio':>9}{'bare':>9}{'measured':>10}{'ratio':>9}")
    for step in sides["measured"][0].steps:
        print(f"{step:12}{_cells(sides, step, 'wall_s')}{_cells(sides, step, 'cpu_s')}")
    own_s = [_median(sides[side], TOTAL, "own_s") for side in ("bare", "measured")]
    print(f"CPU time of the tool itself: bare {own_s[0]:.2f} s, measured {own_s[1]:.2f} s")
    ratios = [_ratio(sides, READING, figure) for figure in ("wall_s", "cpu_s")]
    print(
        f"measured / bare, the store left out: {ratios[0]:.2f} in wall time, {ratios[1]:.2f} in CPU time; "
        f"the aim is {AIM} or less"
    )


def _cells(sides: dict[str, list[Costs]], step: str, figure: str) -> str:
    without, measuring = (_median(sides[side], step, figure) for side in ("bare", "measured"))
    ratio = f"{_ratio(sides, step, figure):.2f}" if without else "-"
    return f"{without:9.2f}{measuring:10.2f}{ratio:>9}"


def _ratio(sides: dict[str, list[Costs]], step: str, figure: str) -> float:
    return _median(sides["measured"], step, figure) / _median(sides["bare"], step, figure)


def _median(rounds: list[Costs], step: str, figure: str) -> float:
    return median(getattr(costs.steps[step], figure) if step in costs.steps else 0.0 for costs in rounds)


def main() -> None:
    """Run the rounds and print the medians."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", type=Path, help="an interpreter with cachekit  [default: the installed]")
    parser.add_argument("--scenario", default="arrow-l1-hit")
    parser.add_argument("--size", default="300MB")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--instrument", action="append", choices=metrics.INSTRUMENTS, default=[])
    options = parser.parse_args()

    instruments = tuple(options.instrument) or metrics.INSTRUMENTS
    chosen = target.resolve(target.INSTALLED, options.python)
    (scenario,) = select((options.scenario,))
    scenario = with_overrides(scenario, size_bytes=parse_bytes(options.size), limits=())

    sides: dict[str, list[Costs]] = {"bare": [], "measured": []}
    for number in range(options.rounds):
        for side, do in [("bare", bare), ("measured", measured)][:: 1 if number % 2 else -1]:
            sides[side].append(do(scenario, chosen, instruments))
    print(f"{scenario.name}, {options.size}, cachekit {chosen.cachekit}: medians of {options.rounds} rounds")
    show(sides)


if __name__ == "__main__":
    main()
