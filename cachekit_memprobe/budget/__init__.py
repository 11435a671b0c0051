"""Limits against metrics: within, over, not measured, or not judged as the instrument was not to be run."""

from cachekit_memprobe.budget.judge import judge, verdict_of
from cachekit_memprobe.budget.leads import Leads
from cachekit_memprobe.budget.named import named_by

__all__ = ["Leads", "judge", "named_by", "verdict_of"]
