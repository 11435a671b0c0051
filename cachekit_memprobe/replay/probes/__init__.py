"""The instruments. Each reads the stored value in a process of its own and returns what it saw, raw.

Importable by the measured child process: standard library and target only.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from cachekit_memprobe.replay import wire

_PROBES = {
    "rss": "resident",
    "tracemalloc": "python_heap",
    "memray": "allocations",
    "aliasing": "aliasing",
    "retention": "retention",
    "bare": "bare",
}
"""Modules, not named after the packages that they use. Only the one that is asked for is imported."""


def run_probe(task: wire.Task, channel: wire.Channel) -> dict[str, Any]:
    """Run the task's instrument.

    Returns:
        The observation: ``stage_calls`` and the target's ``release`` where the instrument follows
        stages, and the instrument's own figures in bytes.

    Raises:
        CannotMeasure: with the reason.
    """
    module = import_module(f"{__name__}.{_PROBES[task.instrument]}")
    probe: Callable[[wire.Task, wire.Channel], dict[str, Any]] = module.probe
    return probe(task, channel)
