"""The pipeline of ``history``: points along an axis, each measured as ``run`` would, into a History."""

from cachekit_memprobe.chronicle.making import history_of
from cachekit_memprobe.chronicle.plan import Listener, Plan, Stop
from cachekit_memprobe.chronicle.stops import Along, Asked, along

__all__ = ["Along", "Asked", "Listener", "Plan", "Stop", "along", "history_of"]
