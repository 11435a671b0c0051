"""Two reports against each other: each metric by how exact it is, each line of code by what it says."""

from cachekit_memprobe.comparing.allowances import judge_allowances
from cachekit_memprobe.comparing.compare import compare

__all__ = ["compare", "judge_allowances"]
