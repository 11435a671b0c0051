"""How a scenario's memory grows with its payload: the sizes, the fits through them, and predictions."""

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.comparison import figure, heading, short_verdict
from cachekit_memprobe.report.layout import bullets
from cachekit_memprobe.report.styles import HEADING, WARNING
from cachekit_memprobe.result import Report, Result
from cachekit_memprobe.sweep import Estimate, Line, Prediction, Scaling
from cachekit_memprobe.units import format_bytes, format_payloads

_FIGURES = ("copies.total", "peak.heap", "rss.peak")


def scaling_section(report: Report) -> Iterable[RenderableType]:
    """For each scenario its sizes, the fits through them, the predictions and remarks."""
    blocks = [block for scaling in report.scaling for block in _blocks(scaling, report)]
    meaning = _meaning(report.scaling)
    if meaning:
        blocks.append(Group(*bullets(meaning)))
    for number, block in enumerate(blocks):
        yield from (block,) if number == 0 else (Text(), block)


def _blocks(scaling: Scaling, report: Report) -> Iterable[RenderableType]:
    """What belongs together, a blank line between."""
    title = Text(f"{clean_line(scaling.scenario)}: {len(report.run.sweep.sizes)} sizes")
    title.stylize(HEADING, 0, len(clean_line(scaling.scenario)))
    # A matrix has the figures of each size in its own table.
    yield title if report.run.sweep.axes else Group(title, _sizes(_at_sizes(scaling, report)))
    if scaling.lines:
        yield _lines(scaling)
    if scaling.predictions:
        yield _predictions(scaling)
    remarks = [*scaling.notes, *_cautions(scaling)]
    if remarks:
        yield Group(*bullets(remarks))


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


def _sizes(results: Sequence[Result]) -> Table:
    table = _grid("size")
    for metric in (*_FIGURES, "rss.total"):
        table.add_column(heading(metric), justify="right", no_wrap=True)
    table.add_column(Text("verdict", style=HEADING), no_wrap=True)
    like_bytes = max((result.payload.logical_bytes for result in results if result.payload), default=0)
    for result in results:
        figures = (figure(result, metric) for metric in _FIGURES)
        table.add_row(_written(result, like_bytes), *figures, _process(result), short_verdict(result))
    return table


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


def _lines(scaling: Scaling) -> Table:
    table = _grid("fit")
    for column in ("payloads per payload", "fixed", "off by at most"):
        table.add_column(Text(column, style=HEADING), justify="right", no_wrap=True)
    for line in scaling.lines:
        table.add_row(line.metric, _slope(line), _fixed(line, scaling.sizes_bytes[-1]), _residual(line))
    return table


def _slope(line: Line) -> str:
    error = "" if line.slope_error is None else f" ± {line.slope_error:.3f}"
    return f"{line.slope + 0.0:.3f}{error}"


def _fixed(line: Line, like_bytes: int) -> str:
    fixed, error = round(line.intercept_bytes), line.intercept_error_bytes
    return format_bytes(fixed, like_bytes) + (
        "" if error is None else f" ± {format_bytes(error, like_bytes)}"
    )


def _residual(line: Line) -> Text:
    words = format_payloads(line.largest_residual)
    return Text(words) if line.is_line else Text(f"{words}: no fit", style=WARNING)


def _predictions(scaling: Scaling) -> Table:
    table = _grid("predicted")
    for column in ("RSS peak of the read", "whole process", "extrapolated"):
        table.add_column(Text(column, style=HEADING), justify="right", no_wrap=True)
    for entry in scaling.predictions:
        beyond = entry.logical_bytes / scaling.sizes_bytes[-1] if scaling.sizes_bytes else 0
        table.add_row(
            format_bytes(entry.logical_bytes) if entry.rows is None else f"{entry.rows:,} rows",
            _estimate(entry.growth, entry),
            _estimate(entry.process, entry),
            f"{beyond:.1f} times" if beyond > 1 else "-",
        )
    return table


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


def _meaning(scalings: Sequence[Scaling]) -> list[str]:
    """What stands behind a ``±``, if there is one."""
    if not any(line.slope_error is not None for scaling in scalings for line in scaling.lines):
        return []
    predicted = any(entry.growth is not None for scaling in scalings for entry in scaling.predictions)
    return [
        "± beside a fit is its standard error"
        + ("; beside a prediction it is the 95 % interval" if predicted else "")
    ]


def _cautions(scaling: Scaling) -> list[str]:
    return [f"at {_size(entry)}: {caution}" for entry in scaling.predictions for caution in entry.cautions]


def _size(prediction: Prediction) -> str:
    size = format_bytes(prediction.logical_bytes)
    return size if prediction.rows is None else f"{prediction.rows:,} rows, {size}"


def _grid(first: str) -> Table:
    table = Table(box=box.SIMPLE, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(Text(first, style=HEADING), no_wrap=True)
    return table
