"""What else watches this process: tracers, profilers and timers that the target's environment brings along.

A ``.pth`` file or a ``sitecustomize`` may start them before anything of the target is imported, and so may an
import: coverage, a profiler, tracemalloc for a service's own statistics. What they note down about a read is
memory that the process takes during it, and no user without them has it. So they are turned off before a
window opens, and a read that turns one on again isn't measured.
"""

import gc
import signal
import sys
import threading
import tracemalloc
from collections.abc import Callable

from cachekit_memprobe.child.errors import CouldNotMeasure

_TOOLS = range(6)
"""Numbers that a tool of sys.monitoring can have."""

_TIMERS = ("ITIMER_REAL", "ITIMER_VIRTUAL", "ITIMER_PROF")
_OFTEN = 700
"""Objects after which the garbage collector runs, as it does in an interpreter that nobody has told to."""


def turn_off() -> None:
    """Turn off what watches this process; on its other threads, from Python 3.12 on.

    Raises:
        CouldNotMeasure: memray does, which can't be turned off from outside.
    """
    _refuse_memray()
    tracemalloc.stop()
    sys.settrace(None)
    sys.setprofile(None)
    if sys.version_info >= (3, 12):
        threading.settrace_all_threads(None)
        threading.setprofile_all_threads(None)
        for number in _TOOLS:
            if sys.monitoring.get_tool(number) is not None:
                sys.monitoring.set_events(number, 0)
                sys.monitoring.free_tool_id(number)
    else:
        threading.settrace(None)  # type: ignore[arg-type,unused-ignore]  # which is how to end it
        threading.setprofile(None)  # type: ignore[arg-type,unused-ignore]
    for name in _TIMERS:
        signal.setitimer(getattr(signal, name), 0)


def collect_as_usual() -> None:
    """Have the garbage collector run by itself, which something may have ended before the target came."""
    gc.enable()
    if gc.get_threshold()[0] == 0:
        gc.set_threshold(_OFTEN)


def require_none() -> None:
    """Refuse a read that has turned one on.

    Raises:
        CouldNotMeasure: with its name.
    """
    for name, watches in _WATCHING.items():
        if watches():
            raise CouldNotMeasure(
                f"{name} is on in the measured process, though it was turned off before the read: what it "
                "notes down would be counted as the read's. Something in the target's environment has "
                "turned it on again; measure without that"
            )


def _monitored() -> bool:
    return sys.version_info >= (3, 12) and any(sys.monitoring.get_tool(number) for number in _TOOLS)


def _refuse_memray() -> None:
    """It has threads profiled by itself as long as it tracks."""
    if getattr(threading.getprofile(), "__module__", None) == "memray._memray":
        raise CouldNotMeasure(
            "memray tracks the measured process already: something in the target's environment has started "
            "it; measure without that"
        )


_WATCHING: dict[str, Callable[[], bool]] = {
    "tracemalloc": tracemalloc.is_tracing,
    "a trace function (sys.settrace)": lambda: sys.gettrace() is not None,
    "a profile function (sys.setprofile)": lambda: sys.getprofile() is not None,
    "a trace function (threading.settrace)": lambda: threading.gettrace() is not None,
    "a profile function (threading.setprofile)": lambda: threading.getprofile() is not None,
    "a tool of sys.monitoring": _monitored,
}
