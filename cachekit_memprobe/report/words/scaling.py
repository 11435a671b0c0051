"""How a scenario's memory grows with its payload: the sizes, the fits through them, and predictions."""

from collections.abc import Sequence

from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.words.matrix import figure, short_verdict
from cachekit_memprobe.report.words.tables import Column, Section, TextTable
from cachekit_memprobe.result import Report, Result
from cachekit_memprobe.sweep import Estimate, Line, Prediction, Scaling
from cachekit_memprobe.units import format_bytes, format_payloads

NO_FIT = "no fit"

_FIGURES = ("copies.total", "peak.heap", "rss.peak")


def scaling_sections(report: Report) -> tuple[Section, ...]:
    """For each scenario its sizes, the fits through them, the predictions and remarks."""
    return tuple(_section(scaling, report) for scaling in report.scaling)


def scaling_meaning(report: Report) -> tuple[str, ...]:
    """What stands behind a ``±``, if there is one."""
    lines = [line for scaling in report.scaling for line in scaling.lines]
    if not any(line.slope_error is not None for line in lines):
        return ()
    predicted = any(entry.growth is not None for scaling in report.scaling for entry in scaling.predictions)
    return (
        "± beside a fit is its standard error"
        + ("; beside a prediction it is the 95 % interval" if predicted else ""),
    )


def _section(scaling: Scaling, report: Report) -> Section:
    # A matrix has the figures of each size in its own table.
    tables = [] if report.run.sweep.axes else [_sizes(_at_sizes(scaling, report))]
    if scaling.lines:
        tables.append(_lines(scaling))
    if scaling.predictions:
        tables.append(_predictions(scaling))
    remarks = (*scaling.notes, *_cautions(scaling))
    title = f"{len(report.run.sweep.sizes)} sizes"
    return Section(clean_line(scaling.scenario), title, tuple(tables), remarks)


def prediction_lines(scaling: Scaling) -> list[str]:
    """Each prediction as a line for a log."""
    return [
        f"{clean_line(scaling.scenario)} at {_size(entry)}: {_words(entry)}" for entry in scaling.predictions
    ]


def _at_sizes(scaling: Scaling, report: Report) -> list[Result]:
    return [
        result
        for result in report.results
        if result.scenario.variant
        and result.scenario.name == f"{scaling.scenario}@{result.scenario.variant.size}"
    ]


def _sizes(results: Sequence[Result]) -> TextTable:
    figures = [Column(metric, is_figure=True) for metric in (*_FIGURES, "rss.total")]
    like_bytes = max((result.payload.logical_bytes for result in results if result.payload), default=0)
    rows = tuple(
        (
            _written(result, like_bytes),
            *(figure(result, metric) for metric in _FIGURES),
            _process(result),
            short_verdict(result),
        )
        for result in results
    )
    return TextTable((Column("size"), *figures, Column("verdict")), rows)


def _written(result: Result, like_bytes: int) -> str:
    """A size as it was asked for; of a percentage also what that is."""
    size = clean_line(result.scenario.variant.size) if result.scenario.variant else ""
    payload = result.payload
    if payload is None or not size.endswith("%"):
        return size
    rows = f"{payload.rows:,} rows, " if payload.rows and result.scenario.value.file else ""
    return f"{size}: {rows}{format_bytes(payload.logical_bytes, like_bytes)}"


def _process(result: Result) -> str:
    """The whole process, which is of interest in bytes rather than in payloads."""
    if result.payload is None or "rss.total" not in result.metrics:
        return "-"
    payload_bytes = result.payload.logical_bytes
    return format_bytes(result.metrics["rss.total"] * payload_bytes, payload_bytes)


def _lines(scaling: Scaling) -> TextTable:
    names = ("payloads per payload", "fixed", "off by at most")
    rows = tuple(
        (line.metric, _slope(line), _fixed(line, scaling.sizes_bytes[-1]), _residual(line))
        for line in scaling.lines
    )
    return TextTable((Column("fit"), *(Column(name, is_figure=True) for name in names)), rows)


def _slope(line: Line) -> str:
    error = "" if line.slope_error is None else f" ± {line.slope_error:.3f}"
    return f"{line.slope + 0.0:.3f}{error}"


def _fixed(line: Line, like_bytes: int) -> str:
    fixed, error = round(line.intercept_bytes), line.intercept_error_bytes
    return format_bytes(fixed, like_bytes) + (
        "" if error is None else f" ± {format_bytes(error, like_bytes)}"
    )


def _residual(line: Line) -> str:
    words = format_payloads(line.largest_residual)
    return words if line.is_line else f"{words}: {NO_FIT}"


def _predictions(scaling: Scaling) -> TextTable:
    names = ("RSS peak of the read", "whole process", "extrapolated")
    rows = []
    for entry in scaling.predictions:
        beyond = entry.logical_bytes / scaling.sizes_bytes[-1] if scaling.sizes_bytes else 0
        rows.append(
            (
                format_bytes(entry.logical_bytes) if entry.rows is None else f"{entry.rows:,} rows",
                _estimate(entry.growth, entry),
                _estimate(entry.process, entry),
                f"{beyond:.1f} times" if beyond > 1 else "-",
            )
        )
    return TextTable((Column("predicted"), *(Column(name, is_figure=True) for name in names)), tuple(rows))


def _estimate(estimate: Estimate | None, prediction: Prediction) -> str:
    if estimate is None:
        return "-"
    like_bytes = prediction.logical_bytes
    size = (
        f"{format_payloads(estimate.size_bytes / like_bytes)} {format_bytes(estimate.size_bytes, like_bytes)}"
    )
    margin = estimate.margin_bytes
    return size if margin is None else f"{size} ± {format_bytes(margin, like_bytes)}"


def _words(prediction: Prediction) -> str:
    if prediction.growth is None:
        return "no prediction" + "".join(f", because {caution}" for caution in prediction.cautions)
    phrases = [f"RSS peak {_estimate(prediction.growth, prediction)}"]
    if prediction.process is not None:
        phrases.append(f"whole process {_estimate(prediction.process, prediction)}")
    return "; ".join((", ".join(phrases), *prediction.cautions))


def _cautions(scaling: Scaling) -> list[str]:
    return [f"at {_size(entry)}: {caution}" for entry in scaling.predictions for caution in entry.cautions]


def _size(prediction: Prediction) -> str:
    size = format_bytes(prediction.logical_bytes)
    return size if prediction.rows is None else f"{prediction.rows:,} rows, {size}"
