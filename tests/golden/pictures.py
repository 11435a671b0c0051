"""Hand-built results that have all that a page can draw."""

from dataclasses import replace

from cachekit_memprobe.child.seen import ReadFigures, RssSample
from cachekit_memprobe.result import BudgetResult, Finding, HeapStep, Result, StageSpan, Staircase
from tests.golden.reports import L1_HIT, UNWRAP_PLACE, named, size

STAIRCASE = Staircase(
    stages=("unwrap", "materialize", "other"),
    steps=tuple(
        HeapStep((size(unwrap), size(materialize), size(0.001)))
        for unwrap, materialize in (
            (0.0, 0.0),
            (1.0, 0.0),
            (1.0, 0.25),
            (1.0, 0.5),
            (1.0, 1.0),
            (0.0, 1.0),
            (0.4, 1.0),
            (0.0, 1.0),
        )
    ),
    peak=4,
    spans=(StageSpan("other", 0, 0, 1), StageSpan("unwrap", 0, 1, 2), StageSpan("materialize", 0, 2, 8)),
)


def read_of(number: int, *, samples: int = 40, files: float = 0.1) -> ReadFigures:
    """A read whose anonymous part grows to two payloads, of which 0.05 more stays with every read."""
    course = tuple(
        RssSample(at * 1000, size(2.0 * at / samples), size(files * (at % 2)), 0) for at in range(samples)
    )
    return ReadFigures(
        peak_bytes=size(2.1),
        anon_bytes=course[-1].anon_bytes,
        file_bytes=size(files),
        shared_bytes=0,
        samples=samples,
        baseline_bytes=400_000_000 + size(0.05 * number),
        settled_bytes=size(0.05 * (number + 1)),
        settled_anon_bytes=size(0.05 * (number + 1)),
        settled_file_bytes=0,
        baseline_anon_bytes=300_000_000,
        course=course,
    )


HELD = {
    "held.result": 2.0,
    "held.frame": 1.0,
    "held.arrow_pool": 1.0,
    "held.slice": 1.0,
    "held.heap": 0.0,
    "held.after": 0.25,
    "mapped.file": 0.0,
}
FAILING = replace(
    L1_HIT,
    metrics={**L1_HIT.metrics, **HELD},
    staircase=STAIRCASE,
    resident=tuple(read_of(number) for number in range(5)),
)
PASSING = replace(
    FAILING,
    scenario=named("arrow-l1-hit-again", "the same", L1_HIT.scenario.read),
    verdict="pass",
    budgets=(
        BudgetResult("copies.total", 2.5, 2.00143, "error", "within"),
        BudgetResult("peak.heap", 2.4, 2.0013, "error", "within"),
        BudgetResult("held.first", 0.3, None, "error", "not_judged"),
    ),
)
HOSTILE = "</style><script>alert(1)</script>\"'><img src=x onerror=alert(1)>\u202egnp.exe javascript:x &amp;"


def hostile(result: Result = FAILING) -> Result:
    """Every name that comes from outside is one that wants to be markup."""
    place = replace(UNWRAP_PLACE, file=HOSTILE, function=HOSTILE)
    sites = [replace(site, place=place, source=HOSTILE) for stage in result.stages for site in stage.sites]
    stages = tuple(replace(stage, sites=(*sites, *stage.sites)) for stage in result.stages)
    scenario = replace(result.scenario, name=HOSTILE, summary=HOSTILE)
    return replace(
        result,
        scenario=scenario,
        stages=stages,
        findings=(Finding("MEM001", HOSTILE, place),),
        notes=(HOSTILE,),
        staircase=replace(STAIRCASE, stages=(HOSTILE, *STAIRCASE.stages[1:])),
    )


def many(count: int) -> tuple[Result, ...]:
    """As many as a whole run has, with figures and names that differ."""
    return tuple(
        replace(
            PASSING if number % 6 else FAILING,
            scenario=named(
                f"scenario-{number}", "DataFrame of float64, uncompressed Arrow", L1_HIT.scenario.read
            ),
            metrics={name: value + number / 97 for name, value in FAILING.metrics.items()},
            resident=tuple(read_of(read, samples=120, files=0.0) for read in range(5)),
            staircase=replace(STAIRCASE, steps=STAIRCASE.steps[:-1] * 5, peak=4),
            budgets=tuple(
                BudgetResult(name, value + number / 97 + 0.1, value + number / 97, "error", "within")
                for name, value in [*FAILING.metrics.items()][:14]
            ),
        )
        for number in range(count)
    )
