"""Limits against metrics: within, over, not measured, or not judged as the instrument was not to be run."""

from cachekit_memprobe.budget.judge import judge, verdict_of

__all__ = ["judge", "verdict_of"]
