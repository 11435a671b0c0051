"""Hand-built reports of two releases, with the figures that they really show, for comparisons."""

from dataclasses import replace

from cachekit_memprobe.comparing import compare, judge_allowances
from cachekit_memprobe.comparison import Allowance, Comparison
from cachekit_memprobe.metrics import QUICK
from cachekit_memprobe.result import HeapStep, Report, Result, Staircase
from tests.golden.reports import (
    FILE_GET,
    FILE_MAP,
    L1_HIT,
    L1_HIT_METRICS,
    LOGICAL_BYTES,
    MATERIALIZE_SITE,
    NOT_APPLICABLE,
    OPTIONS,
    TARGET,
    UNMEASURED,
    report_of,
    stage,
)

FOUND = {"verbatim.unwrap": 1.0, "verbatim.total": 1.0, "copies.materialize": 1.0, "live.unwrap": 1.0}
GONE = {"verbatim.unwrap": 0.0, "verbatim.total": 0.0, "copies.materialize": 1.0, "live.unwrap": 0.0}

BEFORE = replace(
    L1_HIT,
    metrics={**L1_HIT_METRICS, **FOUND},
    staircase=Staircase(
        ("unwrap", "materialize"),
        (
            HeapStep((0, 0)),
            HeapStep((LOGICAL_BYTES, 0)),
            HeapStep((LOGICAL_BYTES, LOGICAL_BYTES)),
            HeapStep((0, LOGICAL_BYTES)),
        ),
        2,
        (),
    ),
)
AFTER = replace(
    L1_HIT,
    verdict="pass",
    metrics={
        **L1_HIT_METRICS,
        **GONE,
        "copies.unwrap": 0.0,
        "copies.total": 1.00143,
        "peak.heap": 1.0013,
        "peak.tracemalloc": 1.0008,
        "rss.peak": 1.004,
        "rss.anon": 1.004,
        "rss.settled": 0.0022,
    },
    stages=(
        stage("l1_get", view_of="the frame in L1"),
        stage("unwrap", view_of="the frame in L1"),
        stage(
            "materialize",
            replace(MATERIALIZE_SITE, place=replace(MATERIALIZE_SITE.place, line=309)),
            live=1.0,
        ),
        stage("other", calls=0, extra=0.001),
    ),
    budgets=(replace(L1_HIT.budgets[0], observed=0.0, status="within", suspects=()),),
    findings=(),
    staircase=Staircase(("materialize",), (HeapStep((0,)), HeapStep((LOGICAL_BYTES,))), 1, ()),
)


def released(cachekit: str, *results: Result) -> Report:
    """The report of a release."""
    report = report_of(*results)
    versions = {**TARGET.versions, "cachekit": cachekit}
    return replace(report, run=replace(report.run, target=replace(TARGET, spec=cachekit, versions=versions)))


OLD = released("0.9.1", BEFORE)
NEW = released("0.10.0", AFTER)

GROWN = replace(FILE_GET, metrics={**FILE_GET.metrics, "copies.total": 5.0, "peak.heap": 3.5})
QUICK_RUN = released(
    "0.10.0", replace(AFTER, metrics={"copies.total": 1.00143, "rss.peak": 1.004}), GROWN, FILE_MAP
)
SEVERAL = compare(
    released("0.9.1", BEFORE, FILE_GET, NOT_APPLICABLE, UNMEASURED),
    replace(
        QUICK_RUN,
        run=replace(
            QUICK_RUN.run,
            options=replace(OPTIONS, instruments=QUICK),
            target=replace(
                QUICK_RUN.run.target, versions={**TARGET.versions, "cachekit": "0.10.0", "pandas": "2.3.3"}
            ),
        ),
    ),
)

COMPARISONS: dict[str, Comparison] = {
    "compared": judge_allowances(compare(OLD, NEW), (Allowance("rss.peak", 0.1, None),)),
    "compared-back": judge_allowances(
        compare(NEW, OLD), (Allowance("rss.peak", None, 10_000_000), Allowance("held.result", 0.1, None))
    ),
    "compared-several": SEVERAL,
    "compared-same": compare(OLD, OLD),
}
