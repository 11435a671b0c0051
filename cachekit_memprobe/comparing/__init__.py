"""Two reports against each other: each metric by how exact it is, each line of code by what it says."""

from cachekit_memprobe.comparing.allowances import judge_allowances
from cachekit_memprobe.comparing.compare import compare
from cachekit_memprobe.comparing.newest import checks_of, regressions_of
from cachekit_memprobe.comparing.steps import steps_of

__all__ = ["checks_of", "compare", "judge_allowances", "regressions_of", "steps_of"]
