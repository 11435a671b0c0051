"""Who may be to blame for a limit that is exceeded, and when nobody is known to be."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from cachekit_memprobe.budget.suspects import suspects_among
from cachekit_memprobe.child.seen import Cycle, Kept
from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.metrics import metric_of
from cachekit_memprobe.result import StageUsage, Suspect

_RESIDENT = ("rss.peak", "rss.total", "rss.anon", "rss.peak_per_reader")
_UNEXPLAINED = 0.1
"""Payloads by which the resident set may be higher than what is known of it."""


def _no_stages(metric: str) -> Sequence[StageUsage]:
    return ()


@dataclass(frozen=True)
class Leads:
    """What the instruments know.

    Attributes:
        stages_for: by metric, the stages of the read whose figure counts.
        kept, cycles: who was found to keep memory of the read, and what leaves it to the garbage collector.
        named: by metric, the suspect that an instrument names by itself.
        later_peak: the resident set was highest in a read that no other instrument followed.
    """

    stages_for: Callable[[str], Sequence[StageUsage]] = _no_stages
    kept: Sequence[Kept] = ()
    cycles: Sequence[Cycle] = ()
    named: Mapping[str, Place] = field(default_factory=dict)
    later_peak: bool = False

    def suspects(
        self, metric: str, allowed: float, values: Mapping[str, float], payload_bytes: int
    ) -> tuple[Suspect, ...]:
        """Where to look, the first one first; empty when no line is known that explains the figure.

        Args:
            allowed: the limit, in payloads, as ``values`` are.
        """
        if not metric_of(metric).instruments:
            return ()  # no line of the read
        if metric in self.named:
            return (Suspect(self.named[metric]),)
        if metric in _RESIDENT and (self.later_peak or _exceeds_the_known(allowed, values)):
            return ()
        maps_bytes = _unknown_maps(values) * payload_bytes
        return suspects_among(metric, self.stages_for(metric), self.kept, self.cycles, maps_bytes)


def _exceeds_the_known(allowed: float, values: Mapping[str, float]) -> bool:
    """Whether a peak of the resident set is over its limit only by what memray knows nothing of."""
    heap, resident = values.get("peak.heap"), values.get("rss.peak")
    if heap is None or resident is None:
        return False
    known = heap + values.get("mapped.file", 0.0) + values.get("mapped.shared", 0.0)
    return known <= allowed and resident - known > _UNEXPLAINED


def _unknown_maps(values: Mapping[str, float]) -> float:
    """Resident of maps of which no line is known, in payloads."""
    kinds = ("file", "shared")
    return max(values.get(f"rss.{kind}", 0.0) - values.get(f"mapped.{kind}", 0.0) for kind in kinds)
