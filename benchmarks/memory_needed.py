"""How much memory a run of each bundled scenario takes in all, against what is asked for before it begins.

python benchmarks/memory_needed.py [SCENARIO...] [--sizes 16MiB,64MiB] [--jobs 1]

Every 20 ms what the kernel can't drop of the run's processes is added up, servers and launchers included.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cachekit_memprobe.doctor.room import memory_needed
from cachekit_memprobe.errors import EXIT_OK, EXIT_OVER_BUDGET
from cachekit_memprobe.scenario import bundled_names, load_bundled, with_overrides
from cachekit_memprobe.units import parse_bytes

MIB = 1 << 20
EVERY_S = 0.02


def peak_bytes(name: str, size: str, jobs: int) -> int:
    """The most that all processes of one run held at a time.

    Raises:
        SystemExit: something was not measured.
    """
    with tempfile.TemporaryDirectory(prefix="cachekit-memprobe-benchmark-") as folder:
        command = [sys.executable, "-m", "cachekit_memprobe", "run", name, "--size", size, "--quiet"]
        command += ["--jobs", str(jobs), "--out", f"{folder}/run"]
        peak = 0
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            while process.poll() is None:
                peak = max(peak, _held_bytes(process.pid))
                time.sleep(EVERY_S)
    if process.returncode not in (EXIT_OK, EXIT_OVER_BUDGET):
        raise SystemExit(f"{name}: the run ended with exit code {process.returncode}")
    return peak


def _held_bytes(pid: int) -> int:
    """Of a process and all below it."""
    held = _held_by(pid)
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            held += sum(_held_bytes(int(child)) for child in children.read_text().split())
        except OSError:
            continue
    return held


def _held_by(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (OSError, ValueError):
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(("Pss_Anon:", "Pss_Shmem:")))


def main() -> None:
    """Measure each scenario at each size, and print a line for it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("scenarios", nargs="*", help="names  [default: all that need nothing]")
    parser.add_argument("--sizes", default="16MiB,64MiB")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()

    names = options.scenarios or [name for name in bundled_names() if not load_bundled(name).needs]
    sizes = options.sizes.split(",")
    heads = "".join(f"{f'{size}: MiB':>16}{'asked for':>11}" for size in sizes)
    print(f"--jobs {options.jobs}\n{'':32}{heads}{'payloads':>10}")
    for name in names:
        row, peaks = "", []
        for size in sizes:
            scenario = with_overrides(load_bundled(name), size_bytes=parse_bytes(size))
            peaks.append(peak_bytes(name, size, options.jobs))
            needed = memory_needed(scenario, options.jobs)
            row += f"{peaks[-1] / MIB:16.0f}{needed / MIB:11.0f}{'' if peaks[-1] <= needed else '!'}"
        slope = (peaks[-1] - peaks[0]) / (parse_bytes(sizes[-1]) - parse_bytes(sizes[0])) if peaks[1:] else 0
        print(f"{name:32}{row}{slope:10.1f}", flush=True)


if __name__ == "__main__":
    main()
