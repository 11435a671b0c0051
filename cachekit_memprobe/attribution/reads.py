"""The reads that the staged instruments followed: the first one, and the next, which is as all later ones.

A side cache may copy what it sees for the second time, and a first read may fill what later ones find. A
budget is a promise about each read, so that of every figure the worse one counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cachekit_memprobe.attribution.aftermath import Aftermath, aftermath_of
from cachekit_memprobe.attribution.apart import Captures
from cachekit_memprobe.attribution.figures import Figures, figures_of
from cachekit_memprobe.attribution.stages import ReadUse, stages_of, use_of
from cachekit_memprobe.model import Measurement, Payload
from cachekit_memprobe.result import StageUsage

_TELLING = ("copies.total", "moved.total", "verbatim.total", "peak.heap", "peak.tracemalloc")
"""By which of its figures a read is the worse one."""
_DIFFERENT = 0.05
"""Payloads."""
_DIFFERENT_BYTES = 2 << 20
"""Two of pymalloc's arenas: which read needs the next one is chance."""
_BY_CHANCE = ("peak.", "live.")
"""Of several readers at once, what depends on which of them is where."""


@dataclass(frozen=True)
class Followed:
    """One read that was followed.

    Attributes:
        measurement: with what was seen of this read in the place of the first.
    """

    measurement: Measurement
    use: ReadUse
    stages: tuple[StageUsage, ...]
    figures: Figures


@dataclass(frozen=True)
class Reads:
    """All reads that were followed, the first one first; at least one.

    Attributes:
        figures: of each metric the worse one's.
        number: of the read that is explained: 2 if the second is worse, else 1.
    """

    followed: Sequence[Followed]
    figures: Figures
    number: int

    @property
    def explained(self) -> Followed:
        return self.followed[self.number - 1]

    @property
    def aftermath(self) -> Aftermath | None:
        """Of the read that had the larger one, with what ran when the first read's value was dropped."""
        found = [aftermath_of(one.measurement, one.use.heap) for one in self.followed]
        known = [one for one in found if one is not None]
        if not known:
            return None
        return replace(max(known, key=lambda one: one.peak_bytes), dropped=known[0].dropped)

    @property
    def later_peak(self) -> bool:
        """Whether the resident set was highest in a read after those that are followed."""
        peaks = [[read.peak_bytes for read in seen.reads] for seen in self.followed[0].measurement.seen.rss]
        return any(
            len(process) > len(self.followed)
            and max(process[len(self.followed) :]) - max(process[: len(self.followed)]) > _DIFFERENT_BYTES
            for process in peaks
        )

    def stages_for(self, metric: str) -> tuple[StageUsage, ...]:
        """Of the read whose figure counts."""
        values = [one.figures.values.get(metric) for one in self.followed]
        told = [(value, -index) for index, value in enumerate(values) if value is not None]
        if not told or len(told) < len(self.followed):
            return self.explained.stages
        largest, index = max(told)
        differ = largest - min(value for value, _ in told) > 0.01 * largest
        return self.followed[-index].stages if differ else self.explained.stages


def reads_of(measurement: Measurement, payload: Payload, folder: Path, captures: Captures) -> Reads:
    """Read the captures, attribute each read, and choose the one to explain.

    Args:
        folder: the run folder, which the captures' names are relative to.
        captures: reads them.

    Raises:
        CouldNotMeasure: a capture can't be read, or disagrees with its journal.
    """
    first = _followed(measurement, folder, captures)
    second = measurement.seen.second_read
    if second is None:
        return Reads((first,), first.figures, 1)
    next_one = _followed(replace(measurement, seen=second), folder, captures)
    readers = measurement.scenario.read.readers
    least = max(_DIFFERENT, _DIFFERENT_BYTES / payload.logical_bytes) * readers
    before, after = first.figures.values, _not_by_chance(next_one.figures.values, readers)
    is_worse = any(after.get(name, 0.0) - before[name] > least for name in _TELLING if name in before)
    # What differs by less is one figure, and that of the table.
    values = _worse({**before, **after}, before, least) if is_worse else _worse(before, after, least)
    return Reads((first, next_one), replace(first.figures, values=values), 2 if is_worse else 1)


def _followed(measurement: Measurement, folder: Path, captures: Captures) -> Followed:
    seen = measurement.seen.memray
    use = use_of(measurement, None if seen is None else captures.read(folder / seen.capture, seen))
    stages = stages_of(measurement, use)
    return Followed(measurement, use, stages, figures_of(measurement, stages, use.heap))


def _worse(shown: Mapping[str, float], other: Mapping[str, float], least: float) -> Mapping[str, float]:
    """The figures of the read that is shown, but where the other one's are larger by so much."""
    larger = {
        name: value for name, value in other.items() if name not in shown or value - shown[name] > least
    }
    return {**shown, **larger}


def _not_by_chance(values: Mapping[str, float], readers: int) -> Mapping[str, float]:
    return {name: value for name, value in values.items() if readers == 1 or not name.startswith(_BY_CHANCE)}
