"""From the results of a sweep over sizes to its lines and predictions."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from cachekit_memprobe import metrics
from cachekit_memprobe.fit import Fit, can_be_fitted, fit_line
from cachekit_memprobe.result import Result
from cachekit_memprobe.scaling.cautions import cautions_of, repetition_notes
from cachekit_memprobe.sweep import Estimate, Line, Prediction, Scaling

METRICS = ("copies.total", "peak.heap", "rss.peak", "rss.total")
"""What is fitted."""

TOLERATED = 0.02
"""How far a point may be from its line, in payloads of that point."""

_FEWEST_FOR_AN_ERROR = 3


def scaling_of(
    results: Iterable[Result], predict_bytes: Collection[int] = (), predict_rows: Collection[int] = ()
) -> tuple[Scaling, ...]:
    """One for each scenario that was measured at several sizes, in the order of the results.

    Args:
        predict_bytes: the sizes at which the lines of the resident set are asked for.
        predict_rows: the rows at which they are asked for, of the data of a file.
    """
    groups: dict[str, list[Result]] = {}
    for result in results:
        if result.scenario.variant is not None and result.scenario.variant.size:
            groups.setdefault(_without_size(result), []).append(result)
    return tuple(_scaling(name, group, predict_bytes, predict_rows) for name, group in groups.items())


def _scaling(
    name: str, group: list[Result], predict_bytes: Collection[int], predict_rows: Collection[int]
) -> Scaling:
    measured = [result for result in group if result.metrics and result.payload]
    sizes = sorted({result.payload.logical_bytes for result in measured if result.payload})
    fits = {metric: fit for metric in METRICS if (fit := _fit(metric, measured)) is not None}
    lines = {metric: _line(metric, fit, measured) for metric, fit in fits.items()}
    return Scaling(
        scenario=name,
        sizes_bytes=tuple(sizes),
        lines=tuple(lines.values()),
        predictions=(
            *(_prediction(size, fits, lines, measured) for size in sorted(predict_bytes)),
            *_of_rows(sorted(predict_rows), fits, lines, measured),
        ),
        notes=(*_notes(len(group), len(sizes), lines.values()), *repetition_notes(group)),
    )


def _without_size(result: Result) -> str:
    variant = result.scenario.variant
    return result.scenario.name.removesuffix(f"@{variant.size}") if variant else result.scenario.name


def _points(metric: str, measured: Iterable[Result]) -> list[tuple[float, float]]:
    return [
        (result.payload.logical_bytes, result.metrics[metric] * result.payload.logical_bytes)
        for result in measured
        if result.payload and metric in result.metrics
    ]


def _fit(metric: str, measured: Iterable[Result]) -> Fit | None:
    points = _points(metric, measured)
    return fit_line(points) if can_be_fitted(size for size, _ in points) else None


def _line(metric: str, fit: Fit, measured: Iterable[Result]) -> Line:
    distances = [
        (abs(residual), size)
        for residual, (size, _) in zip(fit.residuals, _points(metric, measured), strict=True)
    ]
    noise = metrics.noise_bytes(metric)
    return Line(
        metric=metric,
        slope=fit.slope,
        intercept_bytes=fit.intercept,
        slope_error=fit.slope_error,
        intercept_error_bytes=fit.intercept_error,
        largest_residual=max(distance / size for distance, size in distances),
        is_line=all(distance <= max(TOLERATED * size, noise) for distance, size in distances),
    )


def _of_rows(
    asked: Sequence[int], fits: dict[str, Fit], lines: dict[str, Line], measured: Sequence[Result]
) -> Iterable[Prediction]:
    """Predictions for numbers of rows, whose size is that of the measured ones, continued."""
    points = [
        (result.payload.rows, result.payload.logical_bytes)
        for result in measured
        if result.payload and result.payload.rows
    ]
    if not can_be_fitted(rows for rows, _ in points):
        return
    size_of = fit_line(points)
    for rows in asked:
        prediction = _prediction(max(1, round(size_of.at(rows))), fits, lines, measured)
        yield replace(prediction, rows=rows)


def _prediction(
    logical_bytes: int, fits: dict[str, Fit], lines: dict[str, Line], measured: Sequence[Result]
) -> Prediction:
    growth = fits.get("rss.peak")
    if growth is None:
        return Prediction(logical_bytes, None, None, ("the RSS peak was measured at fewer than two sizes",))
    if not lines["rss.peak"].is_line:
        return Prediction(logical_bytes, None, None, ("the measured RSS peaks don't fit a straight line",))
    largest_bytes = max(result.payload.logical_bytes for result in measured if result.payload)
    cautions = cautions_of(measured[-1].scenario, logical_bytes, largest_bytes)
    process = fits.get("rss.total")
    return Prediction(
        logical_bytes=logical_bytes,
        growth=_estimate("rss.peak", growth, logical_bytes),
        process=_estimate("rss.total", process, logical_bytes)
        if process and lines["rss.total"].is_line
        else None,
        cautions=cautions,
    )


def _estimate(metric: str, fit: Fit, logical_bytes: int) -> Estimate:
    margin = fit.margin_at(logical_bytes)
    # Points that happen to lie on a line don't make the next measurement better than it can be.
    margin = None if margin is None else max(margin, float(metrics.noise_bytes(metric)))
    return Estimate(max(0.0, fit.at(logical_bytes)), margin)


def _notes(asked: int, measured: int, lines: Iterable[Line]) -> Iterable[str]:
    if measured < asked:
        yield f"{measured} of {asked} sizes could be measured"
    if measured < 2:
        yield "a fit needs two sizes or more"
    elif measured < _FEWEST_FOR_AN_ERROR:
        yield "two sizes always fit exactly, so there is no error to give; measure a third size"
    bent = [line for line in lines if not line.is_line]
    if bent:
        names = ", ".join(line.metric for line in bent)
        worst = max(line.largest_residual for line in bent)
        yield (
            f"no straight fit: {names}; one size is {worst:.2f} payloads away from it, so the slope says "
            "little, and other sizes can't be predicted"
        )
