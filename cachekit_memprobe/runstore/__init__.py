"""A run folder: what was measured, saved before it is explained.

::

    run.json                          target, options, the chosen scenarios in their order
    scenarios/NAME/measurement.json   the scenario with its budget, the payload, the observations' files
    scenarios/NAME/NN-INSTRUMENT.json what one process saw, raw
    scenarios/NAME/memray.bin         memray's capture
    scenarios/NAME/result.sealed      what was made of it, see :mod:`.kept`
    scenarios/NAME/SHA256SUMS         the checksums of those, written last
    SHA256SUMS                        that of run.json
    report.json                       the report, as it was when the run ended
    summary.json                      the verdict of then, for a list of runs

Files are JSON and are validated when they are read: a run folder may come from another machine. One that was
saved before there were checksums has none.
"""

from cachekit_memprobe.runstore.files import write_atomically
from cachekit_memprobe.runstore.folder import NOT_MEASURED_YET, RunFolder, check_unused
from cachekit_memprobe.runstore.histories import Histories, IsSame, Measured, histories_folder
from cachekit_memprobe.runstore.kept import KeptResults
from cachekit_memprobe.runstore.loading import costs_s
from cachekit_memprobe.runstore.merging import merge
from cachekit_memprobe.runstore.naming import run_folder, runs_folder, saved_runs
from cachekit_memprobe.runstore.pruning import prune
from cachekit_memprobe.runstore.published import published_report
from cachekit_memprobe.runstore.same import same_run
from cachekit_memprobe.runstore.saved import SCHEMA_VERSION
from cachekit_memprobe.runstore.summaries import Entry, Summary, entry_of

__all__ = [
    "NOT_MEASURED_YET",
    "SCHEMA_VERSION",
    "Entry",
    "Histories",
    "IsSame",
    "KeptResults",
    "Measured",
    "RunFolder",
    "Summary",
    "check_unused",
    "costs_s",
    "entry_of",
    "histories_folder",
    "merge",
    "prune",
    "published_report",
    "run_folder",
    "runs_folder",
    "same_run",
    "saved_runs",
    "write_atomically",
]
