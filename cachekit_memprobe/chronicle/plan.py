"""What a history measures, point by point, and who is told of it meanwhile."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cachekit_memprobe.comparison import Allowance
from cachekit_memprobe.history import Axis, Point
from cachekit_memprobe.model import RunOptions, Scenario, Step, Target
from cachekit_memprobe.request import Request
from cachekit_memprobe.result import Result
from cachekit_memprobe.servers import OwnServers


@dataclass(frozen=True)
class Stop:
    """A point that is to be measured.

    Attributes:
        point: as it is known beforehand.
        release: of cachekit, below whose name its runs are kept.
        find: the target, which may have to be made; raises :class:`CouldNotMeasure`.
        is_same: whether a target that was measured earlier is this one; ``None`` if only the target itself
            can tell.
    """

    point: Point
    release: str
    find: Callable[[], Target]
    is_same: Callable[[Target], bool] | None = None


@dataclass(frozen=True)
class Plan:
    """What a history measures.

    Attributes:
        request: what each run was asked for.
    """

    axis: Axis
    stops: tuple[Stop, ...]
    scenarios: tuple[Scenario, ...]
    options: RunOptions
    request: Request
    own_servers: OwnServers
    allowances: tuple[Allowance, ...] = ()
    notes: tuple[str, ...] = ()


class Listener:
    """What a history tells while it is made; this one is silent."""

    def planned(self, lacking: Sequence[tuple[Point, Sequence[Scenario]]]) -> None:
        """Which scenarios are to be measured; some of them may turn out to be there."""

    def measuring(self, point: Point, step: Step) -> None:
        """A scenario is being measured."""

    def waiting(self, point: Point) -> None:
        """The environment of a point isn't there yet."""

    def done(self, point: Point, results: Mapping[str, Result], measured: int) -> None:
        """A point is done, and so many of its scenarios were measured now."""
