"""Measure what is known of cachekit's read path, and say where the figures differ.

    python benchmarks/readpath/compare.py [--release 0.24.1] [--table 2] [--only arrow]

The expectations, in ``expectations.toml``, were read off the releases with other means than this tool.
Scenarios that are not bundled lie beside it. What is measured runs on the Python that runs this. Exit code 1
when a figure is off by more than 5 % of the expectation, or by more than 0.05 payloads where that is more.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.specifiers import SpecifierSet
from rich.console import Console
from rich.table import Table

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent
RELATIVE, ABSOLUTE = 0.05, 0.05


@dataclass(frozen=True)
class Expectation:
    """One cell of a table: what a metric of a scenario is, in payloads, on a release.

    With ``place``, a file and line of cachekit, the metric is what that line allocates in the stage.
    """

    table: str
    scenario: str
    metric: str
    release: str
    extras: tuple[str, ...]
    payloads: float
    place: str = ""

    @property
    def environment(self) -> tuple[str, tuple[str, ...]]:
        return self.release, self.extras


@dataclass(frozen=True)
class Outcome:
    """An expectation and what was seen; ``reason`` when nothing was."""

    expectation: Expectation
    observed: float | None
    reason: str

    @property
    def agrees(self) -> bool:
        expected = self.expectation.payloads
        return self.observed is not None and abs(self.observed - expected) <= max(
            ABSOLUTE, RELATIVE * expected
        )


def expectations() -> Iterator[Expectation]:
    """The file's rows and sites, one for each release and line."""
    known = tomllib.loads((HERE / "expectations.toml").read_text(encoding="utf-8"))
    for row in known["row"]:
        if platform.python_version() not in SpecifierSet(row.get("python", ""), prereleases=True):
            continue
        for release, payloads in row["expected"].items():
            yield Expectation(
                row["table"], row["scenario"], row["metric"], release, tuple(row.get("with", ())), payloads
            )
    for site in known["site"]:
        for release, places in site["expected"].items():
            for place, payloads in places.items():
                metric = f"copies.{site['stage']}"
                yield Expectation(site["table"], site["scenario"], metric, release, (), payloads, place)


def measure(release: str, extras: Sequence[str], scenarios: Sequence[str], size: str) -> dict[str, Any]:
    """One run; the results by scenario."""
    named = [str(HERE / f"{name}.toml") if (HERE / f"{name}.toml").is_file() else name for name in scenarios]
    with tempfile.TemporaryDirectory(prefix="cachekit-memprobe-readpath-") as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "cachekit_memprobe", "run", *named, "--cachekit", release]
        command += ["--quiet", "--out", f"{folder}/run", "--json", str(report)]
        command += [part for name in ("rss", "memray", "retention") for part in ("--instrument", name)]
        command += [part for extra in extras for part in ("--with", extra)]
        command += ["--size", size] if size else []
        subprocess.run(command, stdout=sys.stderr, check=False)
        return {result["scenario"]: result for result in json.loads(report.read_text())["results"]}


def compare(wanted: Sequence[Expectation], size: str) -> Iterator[Outcome]:
    """Measure each environment once and look its expectations up."""
    for environment in dict.fromkeys(item.environment for item in wanted):
        own = [item for item in wanted if item.environment == environment]
        results = measure(*environment, sorted({item.scenario for item in own}), size)
        for item in own:
            result = results.get(item.scenario, {})
            yield Outcome(item, observed(item, result), result.get("reason") or "")


def observed(item: Expectation, result: dict[str, Any]) -> float | None:
    """The figure of the report that the expectation is about; nothing if the report doesn't have it."""
    if not item.place:
        figure: float | None = result.get("metrics", {}).get(item.metric)
        return figure
    copied = [
        site["copies_bytes"]
        for stage in result.get("stages", ())
        for site in stage["sites"]
        if item.metric == f"copies.{stage['name']}" and f"{site['file']}:{site['line']}".endswith(item.place)
    ]
    return sum(copied) / result["payload"]["logical_bytes"] if copied else None


def table_of(outcomes: Sequence[Outcome]) -> Table:
    """One row a figure."""
    table = Table("table", "scenario", "figure", "release", "expected", "measured", "")
    for outcome in outcomes:
        item = outcome.expectation
        seen = "-" if outcome.observed is None else f"{outcome.observed:.2f}"
        verdict = "" if outcome.agrees else (outcome.reason.splitlines() or ["differs"])[0]
        release = " ".join([item.release, *item.extras])
        figure = f"{item.metric} at {item.place}" if item.place else item.metric
        table.add_row(item.table, item.scenario, figure, release, f"{item.payloads:.2f}", seen, verdict)
    return table


def main() -> int:
    """Compare, print, and say whether all agrees."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--release", action="append", help="only this release; may be given several times")
    parser.add_argument("--table", default="", help="only tables whose name starts so")
    parser.add_argument("--only", default="", help="only scenarios whose name contains this")
    parser.add_argument("--size", default="", help="another logical size for all")
    options = parser.parse_args()
    wanted = [
        item
        for item in expectations()
        if (not options.release or item.release in options.release)
        and item.table.startswith(options.table)
        and options.only in item.scenario
    ]
    outcomes = list(compare(wanted, options.size))
    Console(width=180).print(table_of(outcomes))
    differing = sum(not outcome.agrees for outcome in outcomes)
    print(f"{len(outcomes)} figures, {differing} differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
