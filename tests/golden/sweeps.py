"""Hand-built records of runs at several sizes and over a matrix."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cachekit_memprobe.model import Payload, Run
from cachekit_memprobe.result import BudgetResult, Report, Result, Suspect, Verdict
from cachekit_memprobe.scaling import scaling_of
from cachekit_memprobe.sweep import Skipped, Sweep, Variant
from tests.golden.reports import CREATED, L1_HIT, MB, OPTIONS, SCENARIO, TARGET, UNMEASURED, UNWRAP_PLACE

BASELINE_BYTES = 131 * MB
WITHIN = BudgetResult("rss.peak", 1.4, 1.0, "error", "within")
OVER = BudgetResult("rss.peak", 1.4, 2.0, "error", "over", (Suspect(UNWRAP_PLACE),))


def result_of(
    variant: Variant,
    metrics: Mapping[str, float],
    *,
    payload_mb: int = 64,
    verdict: Verdict = "pass",
    budgets: tuple[BudgetResult, ...] = (WITHIN,),
) -> Result:
    """A result without stages, which a sweep doesn't show."""
    parts = [variant.of, ",".join(f"{key}={value}" for key, value in variant.axes.items()), variant.size]
    words = " ".join(f"{key}={value}" for key, value in variant.axes.items())
    summary = f"{variant.of} with {words}" if words else SCENARIO.summary
    name = "@".join(filter(None, parts))
    scenario = replace(SCENARIO, name=name, summary=summary, variant=variant, budget=())
    payload = Payload(payload_mb * MB, payload_mb * MB + 1234)
    return replace(
        L1_HIT,
        scenario=scenario,
        verdict=verdict,
        payload=payload,
        metrics=metrics,
        stages=(),
        budgets=budgets,
        findings=(),
        spread={},
    )


def sized(
    payload_mb: int,
    *,
    slope: float = 1.0,
    fixed_kb: float = 300,
    verdict: Verdict = "pass",
    budgets: tuple[BudgetResult, ...] = (WITHIN,),
    variant: Variant = Variant("arrow-l1-hit"),  # noqa: B008  # frozen
) -> Result:
    """A result at a size, on a line; the process holds the frame, too."""
    bytes_of = payload_mb * MB
    growth = (slope * bytes_of + fixed_kb * 1000) / bytes_of
    metrics = {
        "copies.total": growth,
        "peak.heap": slope,
        "rss.peak": growth,
        "rss.total": growth + 1 + BASELINE_BYTES / bytes_of,
    }
    return result_of(
        replace(variant, size=f"{payload_mb}MB"),
        metrics,
        payload_mb=payload_mb,
        verdict=verdict,
        budgets=budgets,
    )


def sweep_report(*results: Result, sweep: Sweep) -> Report:
    run = Run(CREATED, TARGET, OPTIONS, tuple(result.scenario for result in results), sweep)
    scaling = scaling_of(results, sweep.predict_bytes)
    return Report("0.1.0", run, results, Path("runs/today"), scaling)


NOISE = {64: 300.0, 128: 420.0, 256: 310.0}
SIZES = sweep_report(
    *(sized(size, fixed_kb=fixed) for size, fixed in NOISE.items()),
    sweep=Sweep(sizes=("64MB", "128MB", "256MB"), predict_bytes=(1000 * MB, 2000 * MB)),
)

BENT = sweep_report(
    sized(64),
    sized(128),
    sized(256, slope=2.0, verdict="fail", budgets=(OVER,)),
    sweep=Sweep(sizes=("64MB", "128MB", "256MB"), predict_bytes=(1000 * MB,)),
)

TWO_SIZES = sweep_report(
    sized(64), sized(128), sweep=Sweep(sizes=("64MB", "128MB"), predict_bytes=(1000 * MB,))
)


def combination(compression: str, tier: str, copies: float, rss: float, **more: Any) -> Result:
    followed = {"route": "get", "l1": "off"} if tier == "l2" else {}
    variant = Variant("arrow-l1-hit", axes={"compression": compression, "tier": tier}, followed=followed)
    resting = (BASELINE_BYTES / 64 / MB) + (1 if tier == "l1" else 0)
    metrics = {
        "copies.total": copies,
        "verbatim.total": 0.0,
        "peak.heap": rss - 0.01,
        "rss.peak": rss,
        "rss.total": resting + rss,
        "rss.resting": resting,
    }
    result = result_of(variant, metrics, **{"budgets": (), **more})
    return replace(result, read_us=round(rss * 21_000))


AXES = {"compression": ("none", "zstd"), "tier": ("l1", "l2")}
SKIPPED = tuple(
    Skipped(
        "arrow-l1-hit",
        {"compression": compression, "tier": "reference"},
        '[cache] backend has to be one of "none", "local" because [read] tier is "reference"',
    )
    for compression in AXES["compression"]
)
MATRIX = sweep_report(
    combination("none", "l1", 1.004, 1.0),
    combination("none", "l2", 2.01, 2.0),
    combination("zstd", "l1", 2.03, 1.12),
    replace(
        combination("zstd", "l2", 0, 0),
        verdict="unmeasured",
        metrics={},
        read_us=None,
        reason=UNMEASURED.reason,
        payload=None,
    ),
    sweep=Sweep(
        axes={**AXES, "tier": ("l1", "l2", "reference")},
        skipped=SKIPPED,
        without_budget=("arrow-l1-hit",),
    ),
)

WIDE = sweep_report(
    *(
        result_of(
            Variant(
                "arrow-l1-hit",
                axes={
                    "serializer": "arrow",
                    "compression": compression,
                    "encryption": encryption,
                    "return_format": "pandas",
                },
            ),
            {"copies.total": copies, "peak.heap": copies, "rss.peak": copies},
            budgets=(),
        )
        for compression, encryption, copies in (("none", "on", 13.02), ("zstd", "off", 2.1))
    ),
    sweep=Sweep(
        axes={
            "serializer": ("arrow",),
            "compression": ("none", "zstd"),
            "encryption": ("on", "off"),
            "return_format": ("pandas",),
        },
        without_budget=("arrow-l1-hit",),
    ),
)

MATRIX_AT_SIZES = sweep_report(
    *(
        sized(size, slope=slope, variant=Variant("arrow-l1-hit", axes={"tier": tier}), budgets=())
        for tier, slope in (("l1", 1.0), ("l2", 2.0))
        for size in (64, 128, 256)
    ),
    sweep=Sweep(
        sizes=("64MB", "128MB", "256MB"),
        axes={"tier": ("l1", "l2")},
        without_budget=("arrow-l1-hit",),
        predict_bytes=(1000 * MB,),
    ),
)
