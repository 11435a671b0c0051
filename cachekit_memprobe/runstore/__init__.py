"""A run folder: what was measured, saved before it is explained.

::

    run.json                          target, options, the chosen scenarios in their order
    scenarios/NAME/measurement.json   the scenario with its budget, the payload, the observations' files
    scenarios/NAME/NN-INSTRUMENT.json what one process saw, raw
    scenarios/NAME/memray.bin         memray's capture
    scenarios/NAME/SHA256SUMS         the checksums of those, written last
    SHA256SUMS                        that of run.json
    report.json                       the report, as it was when the run ended

Files are JSON and are validated when they are read: a run folder may come from another machine. One that was
saved before there were checksums has none.
"""

from cachekit_memprobe.runstore.files import write_atomically
from cachekit_memprobe.runstore.folder import NOT_MEASURED_YET, RunFolder, check_unused
from cachekit_memprobe.runstore.naming import run_folder
from cachekit_memprobe.runstore.published import published_report
from cachekit_memprobe.runstore.same import same_run
from cachekit_memprobe.runstore.saved import SCHEMA_VERSION

__all__ = [
    "NOT_MEASURED_YET",
    "SCHEMA_VERSION",
    "RunFolder",
    "check_unused",
    "published_report",
    "run_folder",
    "same_run",
    "write_atomically",
]
