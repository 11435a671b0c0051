"""What so many worker processes need that all read this value, and what is taken for granted there."""

from collections.abc import Iterable, Sequence

from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.words.tables import Column, Section, TextTable
from cachekit_memprobe.result import Footprint, Report, Result
from cachekit_memprobe.units import format_bytes

_IN_TURN = "between reads"


def workers_section(report: Report) -> Section | None:
    """One row a scenario; ``None`` if no number of workers is asked for."""
    count = report.run.sweep.workers
    if not count or not report.results:
        return None
    names = (
        "shared\nonce",
        "each\nat rest",
        "each\nreading",
        f"{count}, between\nreads",
        f"{count}, all\nreading",
    )
    of = _only_scenario(report.results)
    columns = (Column(f"{of}@" if of else "scenario"), *(Column(name, is_figure=True) for name in names))
    rows = tuple(_row(result, result.footprint, count, of) for result in report.results if result.footprint)
    return Section("", "", (TextTable(columns, rows),) if rows else (), tuple(_remarks(report)))


def worker_lines(report: Report) -> list[str]:
    """The same as lines for a log."""
    count = report.run.sweep.workers
    if not count:
        return []
    return [
        f"{clean_line(result.scenario.name)}: {count} workers need "
        f"{_size(result, found.resting_of(count))} {_IN_TURN}, "
        f"{_size(result, found.reading_of(count))} with all reading at once"
        for result in report.results
        if (found := result.footprint)
    ]


def _only_scenario(results: Sequence[Result]) -> str:
    """The scenario that all are combinations or sizes of, which need not stand in each row then."""
    names = {result.scenario.variant.of if result.scenario.variant else "" for result in results}
    return clean_line(min(names)) if len(names) == 1 else ""


def _row(result: Result, found: Footprint, count: int, of: str) -> tuple[str, ...]:
    sizes = (
        found.reading_shared_bytes,
        found.resting_bytes,
        found.reading_bytes,
        found.resting_of(count),
        found.reading_of(count),
    )
    name = clean_line(result.scenario.name)
    return (name.removeprefix(f"{of}@") if of else name, *(_size(result, size) for size in sizes))


def _size(result: Result, size_bytes: int) -> str:
    return format_bytes(size_bytes, result.payload.logical_bytes if result.payload else None)


def _remarks(report: Report) -> Iterable[str]:
    if not any(result.footprint for result in report.results):
        yield "the resident set was not measured in parts, so nothing can be said of several workers"
        return
    yield (
        "shared: pages of files, of libraries and of cache files that are mapped; the kernel keeps them once "
        "for all workers of a machine that use the same files"
    )
    yield (
        "each: anonymous memory, with the frame where it is in L1. Workers that are started one by one share "
        "none of it; those that are forked from one that has imported everything share some, and need less"
    )
    yield (
        "taken for granted: a worker caches this one value and has nothing else in memory. Not counted: "
        "servers, and the page cache of files that are read but not mapped"
    )
    if not report.run.options.as_deployed:
        yield (
            "allocators are pinned and keep little between reads; with --as-deployed they keep what they "
            "keep in production"
        )
