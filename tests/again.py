"""A report made of what was observed, though its results are kept."""

from pathlib import Path

from cachekit_memprobe import pipeline
from cachekit_memprobe.result import Report
from cachekit_memprobe.runstore import RunFolder


def forget_results(folder: Path) -> None:
    """Leave nothing of a run but its observations."""
    for kept in folder.rglob("result.sealed"):
        kept.unlink()


def attributed_again(folder: Path) -> Report:
    """The report of a run folder, of whose results none is kept."""
    forget_results(folder)
    return pipeline.explain(RunFolder.open(folder))
