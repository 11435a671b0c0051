"""How far a history is, on stderr: what is measured now, and a line for each point that is done."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cachekit_memprobe.chronicle import Listener
from cachekit_memprobe.cli.progress import ProgressDisplay
from cachekit_memprobe.history import Point
from cachekit_memprobe.measuring import work_of
from cachekit_memprobe.model import Phase, Scenario, Step
from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.history.words import in_one_line
from cachekit_memprobe.result import Result


class Display(Listener):
    """Tells it to the display of any run."""

    def __init__(self, progress: ProgressDisplay) -> None:
        self._progress = progress

    def planned(self, lacking: Sequence[tuple[Point, Sequence[Scenario]]]) -> None:
        self._progress.planned(
            {_name(point, one.name): work_of(one) for point, several in lacking for one in several}
        )

    def measuring(self, point: Point, step: Step) -> None:
        self._progress.measuring(replace(step, scenario=_name(point, step.scenario)))

    def waiting(self, point: Point) -> None:
        self._progress.preparing(f"the environment of {point.label}")

    def done(self, point: Point, results: Mapping[str, Result], measured: int) -> None:
        for name in results:  # those, too, that turned out to be there, or can't be measured
            self._progress.measuring(Step(_name(point, name), Phase.DONE))
        # One whose budget can't be judged has its figures nevertheless.
        failed = [one for one in results.values() if one.verdict == "unmeasured" and not one.metrics]
        failed_now = len(failed) if measured else 0
        counts = {
            "measured": measured - failed_now,
            "kept": len(results) - measured - len(failed) + failed_now,
        }
        words = [f"{count} {what}" for what, count in counts.items() if count > 0]
        if failed:
            reason = in_one_line(failed[0].reason or "")
            words.append(f"{len(failed)} could not be measured: {reason}")
        self._progress.say(clean_line(f"{point.label}: {'; '.join(words) or 'nothing applies'}"))


def _name(point: Point, scenario: str) -> str:
    return f"{point.label} {scenario}"
