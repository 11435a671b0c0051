"""Limits against metrics: within, over, or not measured; never a fourth."""

from cachekit_memprobe.budget.judge import judge, verdict_of

__all__ = ["judge", "verdict_of"]
