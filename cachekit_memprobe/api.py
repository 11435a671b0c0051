"""What Python code gets: the same reports that the commands show."""

from os import PathLike
from pathlib import Path

from cachekit_memprobe import pipeline
from cachekit_memprobe.result import Report
from cachekit_memprobe.runstore import RunFolder, run_folder


def load(run: str | PathLike[str]) -> Report:
    """A saved run, attributed and judged; nothing is measured.

    Args:
        run: its folder, or as text also its id, the beginning of that, ``last`` or ``last~1``.

    Raises:
        cachekit_memprobe.errors.UsageError: there is no such run, or its ``run.json`` can't be read. What is
            wrong with the files of one scenario is the ``reason`` of its result.
    """
    return pipeline.explain(RunFolder.open(run_folder(run) if isinstance(run, str) else Path(run)))
