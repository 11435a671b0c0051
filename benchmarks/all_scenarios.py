"""How long ``cachekit-memprobe run`` takes for all bundled scenarios, as a user starts it.

python benchmarks/all_scenarios.py [SCENARIO...] [--python PATH_OF_AN_INTERPRETER_WITH_CACHEKIT]
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from cachekit_memprobe.errors import EXIT_OK, EXIT_OVER_BUDGET

CORES = 2


def timed_run(arguments: list[str]) -> tuple[float, float]:
    """Wall and CPU seconds of one run, its children included; its lines go to stderr.

    Raises:
        SystemExit: something was not measured, which is no work to be timed.
    """
    with tempfile.TemporaryDirectory(prefix="cachekit-memprobe-benchmark-") as folder:
        command = [sys.executable, "-m", "cachekit_memprobe", "run", "--quiet", "--out", f"{folder}/run"]
        started, cpu_before = time.perf_counter(), _children_cpu_s()
        ended = subprocess.run([*command, *arguments], stdout=sys.stderr, check=False)
        wall_s, cpu_s = time.perf_counter() - started, _children_cpu_s() - cpu_before
    if ended.returncode not in (EXIT_OK, EXIT_OVER_BUDGET):
        raise SystemExit(f"the run ended with exit code {ended.returncode}")
    return wall_s, cpu_s


def _children_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Run several rounds and print each, and the medians."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--python", type=Path, help="an interpreter with cachekit; default: the installed one"
    )
    parser.add_argument("scenarios", nargs="*", help="names or patterns  [default: all that need nothing]")
    parser.add_argument("--size", help="of every value  [default: each scenario's own, 64 MiB as a rule]")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()

    arguments = [*options.scenarios, "--jobs", str(options.jobs)]
    if options.size:
        arguments += ["--size", options.size]
    if options.python:
        arguments += ["--python", str(options.python)]
    what = " ".join(options.scenarios) or "all scenarios"
    print(f"{what} at {options.size or 'their own sizes'}, --jobs {options.jobs}, {os.cpu_count()} cores")
    rounds = []
    for number in range(1, options.rounds + 1):
        wall_s, cpu_s = timed_run(arguments)
        rounds.append((wall_s, cpu_s))
        print(f"round {number}: {wall_s:6.1f} s wall, {cpu_s:6.1f} s CPU", flush=True)
    wall_s, cpu_s = (median(figures) for figures in zip(*rounds, strict=True))
    print(
        f"median:  {wall_s:6.1f} s wall, {cpu_s:6.1f} s CPU, which {CORES} idle cores can do in "
        f"{cpu_s / CORES:.1f} s"
    )


if __name__ == "__main__":
    main()
