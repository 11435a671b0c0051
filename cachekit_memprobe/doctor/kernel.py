"""What the kernel tells about a process, and lets it choose."""

import platform as host
import re
from pathlib import Path

from cachekit_memprobe.doctor.check import Check, Subject
from cachekit_memprobe.doctor.children import ask_script

_THP_MODE = Path("/sys/kernel/mm/transparent_hugepage/enabled")


def platform(_subject: Subject) -> Check:
    """RSS is exact on Linux; memray runs on macOS too."""
    name, system = "platform", host.system()
    if system == "Linux":
        return Check(name, "ok", f"Linux {host.release()}, {host.machine()}")
    if system == "Darwin":
        detail = (
            "macOS: no VmHWM and no split into anonymous and file-backed memory, so the rss figures are "
            "not exact; tracemalloc, memray and aliasing are"
        )
        return Check(name, "limited", detail, "Judge rss budgets on Linux, in a container for example.")
    return Check(name, "missing", f"{system}: memray does not run here", "Measure on Linux.")


def peak_reset(subject: Subject) -> Check:
    """Only a peak that was set back belongs to the read alone."""
    name, answer = "RSS peak", ask_script(subject.python, "reset_peak.py")
    if answer.ok:
        return Check(name, "ok", "/proc/self/clear_refs sets VmHWM back")
    remedy = (
        "The read's peak can't be told from an earlier one, so rss.peak is not exact. Measure on a Linux "
        "kernel with CONFIG_PROC_PAGE_MONITOR, outside of sandboxes that emulate /proc."
    )
    return Check(name, "limited", answer.text, remedy)


def huge_pages(subject: Subject) -> Check:
    """A huge page makes 2 MiB resident where one byte was touched."""
    name, mode = "huge pages", _thp_mode()
    if mode in ("never", None):
        return Check(name, "ok", f"transparent huge pages: {mode or 'none in this kernel'}")
    answer = ask_script(subject.python, "disable_huge_pages.py")
    if answer.ok:
        return Check(name, "ok", f"transparent huge pages: {mode}; the measured processes switch them off")
    remedy = "RSS may come in steps of 2 MiB: measure 64 MiB or more, or set the mode to never."
    return Check(name, "limited", f"transparent huge pages: {mode}; {answer.text}", remedy)


def _thp_mode() -> str | None:
    """The mode in brackets of ``always [madvise] never``; ``None`` where there is no such file."""
    try:
        found = re.search(r"\[(\w+)\]", _THP_MODE.read_text())
    except OSError:
        return None
    return found.group(1) if found else None
