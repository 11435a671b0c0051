"""What a fuzzer calls a hang: two seconds of the processor, however busy the machine is."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

LONGEST_S = 2.0


class Hung(BaseException):
    """No error of the tool's, so that nothing handles it."""


@contextmanager
def no_hang() -> Iterator[None]:
    """Interrupt what takes longer."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise Hung(f"not done after {LONGEST_S:g} s of the processor")

    before = signal.signal(signal.SIGPROF, interrupt)
    signal.setitimer(signal.ITIMER_PROF, LONGEST_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
