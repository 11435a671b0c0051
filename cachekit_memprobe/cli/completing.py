"""What a shell offers for a word that isn't finished: what lies on this machine, and no more.

Each is a ``shell_complete`` of click's. One that fails offers nothing: its message would be in the way.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from cachekit_memprobe.child.stages import ROWS
from cachekit_memprobe.metrics import INSTRUMENTS, NAMES, metric_of
from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.sweep import STORED

Items = list[CompletionItem]
Complete = Callable[[click.Context, click.Parameter, str], Items]
Words = Callable[[click.Context, str], Iterable[tuple[str, str]]]

_SCENARIOS = Path(__file__).resolve().parents[1] / "bundled_scenarios"
_MOST_RUNS = 30
_ENVIRONMENT = re.compile(r"cachekit-(\d[\w.]*)-[a-z]+-\d")


def _offering(words: Words, *, files: bool = False) -> Complete:
    """Of pairs of a word and its meaning, those that begin with what is there; or files, where none does."""

    def complete(ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
        found: Items = []
        with suppress(Exception):
            for word, meaning in words(ctx, incomplete):
                if word.startswith(incomplete):
                    found.append(CompletionItem(word, help=meaning))
        return found or ([CompletionItem(incomplete, type="file")] if files else [])

    return complete


def _scenarios(_ctx: click.Context, _incomplete: str) -> Iterator[tuple[str, str]]:
    for name in sorted(file.stem for file in _SCENARIOS.glob("*.toml")):
        yield name, ""


def _measured(ctx: click.Context, _incomplete: str) -> Iterator[tuple[str, str]]:
    from cachekit_memprobe.runstore import RunFolder, run_folder

    for name in RunFolder.open(run_folder(ctx.params["spec"])).names():
        yield name, ""


def _runs(_ctx: click.Context, _incomplete: str) -> Iterator[tuple[str, str]]:
    from cachekit_memprobe.runstore import entry_of, runs_folder, saved_runs

    saved = saved_runs(runs_folder())
    if saved:
        yield "last", "the newest run"
    if len(saved) > 1:
        yield "last~1", "the one before"
    for folder in saved[:_MOST_RUNS]:
        entry = entry_of(folder)
        yield folder.name, clean_line(f"{entry.target}: {entry.verdict_line}")


def _sources(_ctx: click.Context, _incomplete: str) -> Iterator[tuple[str, str]]:
    yield "installed", "the cachekit beside cachekit-memprobe"
    yield "latest", "the newest release"
    for release in _releases():
        yield release, "there is an environment of it"


def _releases() -> list[str]:
    """Those that have an environment here, the newest first."""
    from cachekit_memprobe.child.releases import version_key
    from cachekit_memprobe.target.recipe import environments_root

    found = {
        match[1] for folder in environments_root().iterdir() if (match := _ENVIRONMENT.match(folder.name))
    }
    return sorted(found, key=version_key, reverse=True)


def _sides(ctx: click.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    yield from _runs(ctx, incomplete)
    yield from _sources(ctx, incomplete)


def _explained(_ctx: click.Context, _incomplete: str) -> Iterator[tuple[str, str]]:
    from cachekit_memprobe import pages

    yield from pages.titles().items()
    yield from ((row.name, row.meaning) for row in ROWS)
    yield from ((name, metric_of(name).label) for name in NAMES)


def _metrics(ending: str) -> Words:
    def words(_ctx: click.Context, _incomplete: str) -> Iterator[tuple[str, str]]:
        for name in NAMES:
            yield f"{name}{ending}", metric_of(name).label

    return words


def _orders(_ctx: click.Context, _incomplete: str) -> Iterator[tuple[str, str]]:
    yield STORED, "the size of what the tier holds"
    yield from _metrics("")(_ctx, _incomplete)


def _instruments(_ctx: click.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """After a comma, those that aren't there yet."""
    before, comma, _ = incomplete.rpartition(",")
    for name in INSTRUMENTS:
        if name not in before.split(","):
            yield f"{before}{comma}{name}", ""


def _axes(_ctx: click.Context, _incomplete: str) -> Iterator[tuple[str, str]]:
    from cachekit_memprobe.scenario import axis_names

    for name in axis_names():
        yield f"{name}=", ""


def _stages(_ctx: click.Context, _incomplete: str) -> Iterator[tuple[str, str]]:
    for row in ROWS:
        yield f"{row.name}=", row.meaning


scenarios = _offering(_scenarios, files=True)
measured = _offering(_measured)
runs = _offering(_runs, files=True)
sources = _offering(_sources, files=True)
sides = _offering(_sides, files=True)
explained = _offering(_explained)
limits = _offering(_metrics("="))
allowances = _offering(_metrics(":"))
orders = _offering(_orders)
instruments = _offering(_instruments)
axes = _offering(_axes)
stages = _offering(_stages)
