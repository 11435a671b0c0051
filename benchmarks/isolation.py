"""What forking saves, and that it changes no figure: each scenario with fresh and with forked processes.

    python benchmarks/isolation.py [SCENARIO...] [--cachekit 0.9.1] [--against PYTHON]

Each scenario is a run of its own, as a user starts it, by turns with each kind of processes. ``--against``
adds another installation of cachekit-memprobe, an older one, as a column: the interpreter of its environment.
At the end stand the sums, and what fresh and forked processes disagree in: the verdict, the lines of the
proven copies, the stages that hand on a view, and the metrics that differ by more than 0.005 payloads, for
heap and held memory by more than one of pymalloc's arenas besides. The rss process is a fresh one in both,
and of several readers it is chance how many are in one stage: neither is compared.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from cachekit_memprobe import metrics
from cachekit_memprobe.errors import EXIT_OK, EXIT_OVER_BUDGET
from cachekit_memprobe.scenario import select

ARENA_BYTES = 1 << 20
TOLERANCE = 0.005
ARENAS = {metrics.MEMRAY: 1, metrics.RETENTION: 1}
HELD_OF_OBJECTS = 3
"""Arenas: in which of them an object is left is chance, and fresh processes differ by as many."""

KINDS = ("fresh", "fork")


@dataclass(frozen=True)
class Timed:
    """One run: seconds, and of its only scenario the metrics, in payloads, and what else must agree."""

    wall_s: float
    cpu_s: float
    values: Mapping[str, float]
    payload_bytes: int
    words: frozenset[str]


def timed_run(python: str, scenario: str, options: Sequence[str]) -> Timed | None:
    """Run one scenario; ``None`` if it wasn't measured, which is no work to be timed."""
    with tempfile.TemporaryDirectory(prefix="cachekit-memprobe-benchmark-") as folder:
        report = Path(folder, "report.json")
        # Isolated: the current folder may be a checkout of another version.
        command = [python, "-I", "-m", "cachekit_memprobe", "run", scenario, "--quiet", *options]
        started, cpu_before = time.perf_counter(), _children_cpu_s()
        ended = subprocess.run(
            [*command, "--out", f"{folder}/run", "--json", str(report)],
            stdout=subprocess.DEVNULL,
            check=False,
        )
        wall_s, cpu_s = time.perf_counter() - started, _children_cpu_s() - cpu_before
        if ended.returncode not in (EXIT_OK, EXIT_OVER_BUDGET):
            return None
        (result,) = json.loads(report.read_text())["results"]
    return Timed(
        wall_s, cpu_s, result["metrics"], result["payload"]["logical_bytes"], frozenset(_words(result))
    )


def _words(result: Mapping[str, Any]) -> Iterator[str]:
    """The verdict, the lines of the proven copies, and the stages that hand on a view."""
    yield f"verdict {result['verdict']}"
    for stage in result["stages"]:
        if stage["view_of"]:
            yield f"{stage['name']} hands on {stage['view_of']}"
        for site in stage["sites"]:
            if site["kind"] == "verbatim":
                yield f"{stage['name']} copies at {site['file']}:{site['line']}"


def _children_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def differences(fresh: Timed, forked: Timed, *, objects: bool) -> Iterator[str]:
    """What only one of them says, and the metrics that differ by more than the tolerance.

    Args:
        objects: the value is many small objects.
    """
    for kind, only in zip(KINDS, (fresh.words - forked.words, forked.words - fresh.words), strict=True):
        yield from (f"only {kind}: {words}" for words in sorted(only))
    for name in sorted(fresh.values.keys() | forked.values.keys()):
        pair = [timed.values.get(name) for timed in (fresh, forked)]
        if None in pair:
            yield f"{name}: {pair[0]} and {pair[1]}"
            continue
        one, other = (float(value or 0) for value in pair)
        instrument = metrics.metric_of(name).instrument
        count = HELD_OF_OBJECTS if objects and instrument == metrics.RETENTION else ARENAS.get(instrument, 0)
        arenas = 1.01 * count * ARENA_BYTES / fresh.payload_bytes
        if instrument != metrics.RSS and abs(one - other) > TOLERANCE + arenas:
            yield f"{name}: {one:.4f} and {other:.4f}"


def main() -> int:
    """Run, print, and say whether all agrees."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("scenarios", nargs="*", help="names or patterns  [default: all that need nothing]")
    parser.add_argument("--cachekit", default="installed", help="the release to measure")
    parser.add_argument("--against", help="the interpreter of another installation of cachekit-memprobe")
    options = parser.parse_args()
    columns = {kind: (sys.executable, ("--isolation", kind)) for kind in KINDS}
    if options.against:
        columns = {"before": (options.against, ()), **columns}

    table = Table("scenario", *(f"{name} {what}" for name in columns for what in ("wall s", "CPU s")))
    sums = dict.fromkeys(columns, (0.0, 0.0))
    apart: list[str] = []
    for scenario in select(options.scenarios):
        runs = {
            name: timed_run(python, scenario.name, ["--cachekit", options.cachekit, *more])
            for name, (python, more) in columns.items()
        }
        cells = []
        for name, run in runs.items():
            cells += [f"{run.wall_s:.2f}", f"{run.cpu_s:.2f}"] if run else ["-", "-"]
            if run:
                sums[name] = (sums[name][0] + run.wall_s, sums[name][1] + run.cpu_s)
        table.add_row(scenario.name, *cells)
        fresh, forked = runs["fresh"], runs["fork"]
        if fresh and forked and scenario.read.readers == 1:
            objects = scenario.value.kind == "nested"
            apart += [f"{scenario.name} {words}" for words in differences(fresh, forked, objects=objects)]
    table.add_row("all", *(f"{figure:.1f}" for both in sums.values() for figure in both))
    Console(width=140).print(table)
    print(
        "fresh and forked processes differ in:" if apart else "fresh and forked processes agree",
        *apart,
        sep="\n  ",
    )
    return 1 if apart else 0


if __name__ == "__main__":
    sys.exit(main())
