"""Hand-built histories, with the figures that releases really show."""

from dataclasses import replace

from cachekit_memprobe.chronicle.assembling import Done, assembled
from cachekit_memprobe.chronicle.plan import Plan
from cachekit_memprobe.comparison import Allowance
from cachekit_memprobe.history import Axis, History, Point
from cachekit_memprobe.metrics import QUICK
from cachekit_memprobe.model import RunOptions
from cachekit_memprobe.request import Request
from cachekit_memprobe.result import Result, Verdict
from cachekit_memprobe.servers import OwnServers
from tests.golden.comparisons import AFTER, BEFORE
from tests.golden.reports import FILE_GET, TARGET

NAME = BEFORE.scenario.name
NOT_INSTALLED = "cachekit 0.10.1 can't be installed; uv said:\n  no wheel for this platform"


def result(figures: Result, *, reason: str = "", applies: bool = True) -> Result:
    """One without figures where there is a reason."""
    if not reason:
        return figures
    verdict: Verdict = "unmeasured" if applies else "not_applicable"
    return Result(figures.scenario, verdict, None, {}, (), (), (), reason=reason)


def point(release: str, *, uploaded: str = "", reason: str = "") -> Point:
    versions = {} if reason else {**TARGET.versions, "cachekit": release}
    return Point(release, release, uploaded=uploaded, versions=versions, reason=reason)


def history_of(
    *done: tuple[Point, tuple[Result, ...]],
    allowances: tuple[Allowance, ...] = (),
    notes: tuple[str, ...] = (),
    axis: Axis = "release",
) -> History:
    """The history of points with their results, the same scenarios at each."""
    scenarios = tuple(one.scenario for one in done[0][1])
    options = RunOptions(QUICK, reads=2)
    plan = Plan(axis, (), scenarios, options, Request(), OwnServers(), allowances, notes)
    points = [
        Done(
            at,
            {one.scenario.name: one for one in results},
            {one.scenario.name: f"{at.label}/20261126T051200Z-0f3a9c" for one in results if one.metrics},
        )
        for at, results in done
    ]
    return replace(assembled(plan, points), created="2026-11-26T05:12:00+00:00", tool_version="0.1.0")


_LATER = replace(
    FILE_GET, metrics={**FILE_GET.metrics, "copies.total": 2.0, "peak.heap": 2.0, "rss.peak": 2.0}
)
_EARLIER = replace(
    FILE_GET, metrics={**FILE_GET.metrics, "copies.total": 3.0, "peak.heap": 2.0, "rss.peak": 2.0}
)
MENDED = history_of(
    (
        point("0.8.0", uploaded="2026-06-03"),
        (result(BEFORE, reason="it needs Arrow, which cachekit has since 0.9.0", applies=False), _EARLIER),
    ),
    (point("0.9.0", uploaded="2026-06-11"), (BEFORE, _EARLIER)),
    (point("0.9.1", uploaded="2026-06-15"), (BEFORE, _EARLIER)),
    (point("0.10.0", uploaded="2026-06-18"), (AFTER, _EARLIER)),
    (
        point("0.10.1", uploaded="2026-06-19", reason=NOT_INSTALLED),
        (result(BEFORE, reason=NOT_INSTALLED), result(_EARLIER, reason=NOT_INSTALLED)),
    ),
    (point("0.11.0", uploaded="2026-06-21"), (AFTER, _LATER)),
    allowances=(Allowance("peak.heap", None, 1 << 20),),
)
"""unwrap's copy goes in 0.10.0, and one release can't be installed."""

BROKEN = history_of(
    (point("1.0.0"), (AFTER,)),
    (point("1.1.0"), (AFTER,)),
    (point("1.2.0"), (BEFORE,)),
    (point("1.3.0"), (BEFORE,)),
    allowances=(Allowance("rss.peak", 0.1, None), Allowance("held.result", None, 1 << 20)),
    notes=("only releases that have an environment here were looked at: uv is not to use the network",),
)
"""unwrap's copy comes in 1.2.0, and stays."""

SAME = history_of((point("1.0.0"), (AFTER,)), (point("1.1.0"), (AFTER,)))
PANDAS = history_of(
    (replace(point("2.2.3"), spec="0.24.1", extras=("pandas==2.2.3",)), (AFTER,)),
    (replace(point("3.1.1"), spec="0.24.1", extras=("pandas==3.1.1",)), (BEFORE,)),
    axis="pandas",
)
NOTHING = history_of(
    (point("0.10.1", reason=NOT_INSTALLED), (result(BEFORE, reason=NOT_INSTALLED),)),
)
HISTORIES = {
    "history-mended": MENDED,
    "history-broken": BROKEN,
    "history-same": SAME,
    "history-pandas": PANDAS,
    "history-nothing": NOTHING,
}
