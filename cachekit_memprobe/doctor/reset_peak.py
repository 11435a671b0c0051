"""Prove that VmHWM can be set back: touch memory, give it back, ask the kernel to forget the peak.

Run by path in the target's interpreter, standard library only. Prints by how many KiB VmHWM fell, or
fails with one line.
"""

import mmap
import re
import sys
from pathlib import Path

BLOCK_BYTES = 32 << 20


def peak_kib() -> int:
    """VmHWM of this process."""
    found = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())
    if found is None:
        sys.exit("/proc/self/status does not tell VmHWM")
    return int(found.group(1))


def touch_and_return() -> None:
    """Make a block resident and unmap it, so that only the peak remembers it."""
    with mmap.mmap(-1, BLOCK_BYTES) as block:
        for offset in range(0, BLOCK_BYTES, mmap.PAGESIZE):
            block[offset] = 1


def main() -> None:
    """Fail unless most of the block disappears from VmHWM."""
    try:
        touch_and_return()
        high_kib = peak_kib()
        Path("/proc/self/clear_refs").write_text("5")
        fallen_kib = high_kib - peak_kib()
    except OSError as error:
        sys.exit(f"{error.filename or 'memory'}: {error.strerror}")
    if fallen_kib * 1024 < BLOCK_BYTES / 2:
        sys.exit("/proc/self/clear_refs was written, but VmHWM did not fall")
    print(fallen_kib)


if __name__ == "__main__":
    main()
