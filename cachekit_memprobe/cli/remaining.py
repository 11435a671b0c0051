"""How long a run still takes, from how long it took so far."""

import threading
import time
from collections.abc import Callable, Mapping

_EACH_BYTES = 100 << 20
"""What any scenario takes, in bytes of a payload that take as long: processes start, and import."""
_ENOUGH = 0.1
"""Of the work; before so much of it is done, nobody knows how fast it goes."""
_LEAST_DONE = 2


class Remaining:
    """An estimate, made anew whenever a scenario has ended, and counted down until the next one has.

    Threads may tell it at the same time.
    """

    def __init__(self, work: Mapping[str, int], clock: Callable[[], float] = time.monotonic) -> None:
        """``work`` is how much each scenario is beside the others, in bytes of its payload."""
        self._work = {name: size + _EACH_BYTES for name, size in work.items()}
        self._clock = clock
        self._began = clock()
        self._begun: set[str] = set()
        self._done: set[str] = set()
        self._ends: float | None = None
        self._lock = threading.Lock()

    @property
    def words(self) -> str:
        """``17/38 done, about 40 s left``; without the time as long as it isn't known."""
        with self._lock:
            counted = f"{len(self._done)}/{len(self._work)} done"
            if self._ends is None or len(self._done) == len(self._work):
                return counted
            return f"{counted}, {_in_words(self._ends - self._clock())}"

    def begun(self, name: str) -> None:
        """A scenario has begun; one that isn't part of the work is none of it."""
        with self._lock:
            self._begun |= {name} & self._work.keys()

    def done(self, name: str) -> None:
        """Likewise when it has ended; to be told again changes nothing."""
        with self._lock:
            if name in self._work and name not in self._done:
                self._done.add(name)
                self._ends = self._estimated()

    def _estimated(self) -> float | None:
        total, done = sum(self._work.values()), self._sum(self._done)
        if len(self._done) < _LEAST_DONE or done < _ENOUGH * total:
            return None
        # Of those that run, it isn't known how far they are: half is the best guess.
        behind = done + self._sum(self._begun - self._done) / 2
        now = self._clock()
        return now + (now - self._began) * (total - behind) / behind

    def _sum(self, names: set[str]) -> int:
        return sum(self._work[name] for name in names)


def _in_words(seconds: float) -> str:
    if seconds < 10:
        return "a few seconds left"
    if seconds < 90:
        return f"about {round(seconds, -1):.0f} s left"
    return f"about {seconds / 60:.0f} min left"
