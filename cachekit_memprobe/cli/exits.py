"""From a finished report to the exit code that CI acts on."""

from cachekit_memprobe.errors import EXIT_OK, EXIT_OVER_BUDGET, EXIT_UNMEASURED
from cachekit_memprobe.report.view import outcome
from cachekit_memprobe.result import Report, Verdict

_CODES: dict[Verdict, int] = {"pass": EXIT_OK, "fail": EXIT_OVER_BUDGET, "unmeasured": EXIT_UNMEASURED}


def exit_code(report: Report) -> int:
    """0: all measured and within budget; 1: over budget; 3: something, or everything, is unmeasured."""
    return _CODES[outcome(report)]
