"""What ``explain`` says of a stage and of a metric, in Markdown, from the map and the vocabulary."""

import re
from collections.abc import Iterator

from cachekit_memprobe.child.stages import (
    FUNCTIONS,
    SITES,
    STAGES,
    UNWRAP,
    Function,
    Site,
    Stage,
    stage_of,
)
from cachekit_memprobe.metrics import METRICS, RSS, RSS_NOISE_BYTES, Metric, metric_of

_EARLIEST = min((entry.since for entry in FUNCTIONS), key=lambda release: tuple(map(int, release.split("."))))
_PER_STAGE = tuple(metric for metric in METRICS if metric.per_stage)


def stage_page(name: str) -> str:
    """The page of a stage: what it is, which code of cachekit, and the metrics about it.

    Raises:
        KeyError: there is no such stage.
    """
    stage = stage_of(name)
    code = [
        *map(_function, (entry for entry in FUNCTIONS if entry.stage == name)),
        *map(_site, (entry for entry in SITES if entry.stage == name)),
    ]
    metrics = [
        f"- `{_named(metric, name)}`: {_meaning(metric, name)} ({_instruments(metric)})"
        for metric in _PER_STAGE
    ]
    lines = [
        f"# {name}: {stage.meaning}",
        "",
        *_remarks(stage),
        "## The code of cachekit",
        "",
        *(code or ["None of its own: it has what no other stage has."]),
        "",
        "## The metrics",
        "",
        *metrics,
    ]
    return "\n".join(lines) + "\n"


def metric_page(name: str) -> str:
    """The page of a metric, by its concrete name or by one such as ``copies.<stage>``.

    Raises:
        KeyError: the vocabulary hasn't got it.
    """
    metric = next((entry for entry in METRICS if entry.name == name), None) or metric_of(name)
    stage = name.rpartition(".")[2] if metric.per_stage and name != metric.name else ""
    example = _named(metric, stage or UNWRAP)
    lines = [
        f"# {_quoted(name)}: {metric.label}{f', {stage}' if stage else ''}",
        "",
        f"{_sentence(_quoted(_meaning(metric, stage)))}.",
        "",
        *([f"- stage: `{stage}`, {stage_of(stage).meaning}"] if stage else []),
        *(
            [f"- stages: {', '.join(f'`{each}`' for each in STAGES)}"]
            if metric.per_stage and not stage
            else []
        ),
        "- unit: payloads; `1.00x` is the logical size of the cached value. The JSON report also has it "
        "in bytes",
        f"- {_instruments(metric).replace(' ', ': ', 1)}",
        f'- as a limit: `--budget {example}=1.3x`, or `{example} = "1.3x"` below `[budget]` in a scenario; '
        "a size such as `10MB` is allowed as well",
        *_tolerance(metric),
    ]
    return "\n".join(lines) + "\n"


def _instruments(metric: Metric) -> str:
    """``instrument `rss```, or all that it takes."""
    if not metric.instruments:
        return "instrument none; the process that stores the value tells it"
    names = [f"`{name}`" for name in metric.instruments]
    return f"instrument{'s' if len(names) > 1 else ''} {' and '.join(names)}"


def _remarks(stage: Stage) -> Iterator[str]:
    remarks = []
    if stage.light:
        remarks.append("It needs no heap of the value's size, so what it allocates can be avoided.")
    if stage.receives:
        remarks.append("What it makes came from outside the process.")
    if stage.around:
        remarks.append("The read comes back to it after each other stage.")
    if remarks:
        yield from (" ".join(remarks), "")


def _function(entry: Function) -> str:
    reads = f", of the {entry.backend} backend" if entry.backend else ""
    return f"- `cachekit.{entry.name}`{reads}: {_releases(entry)}"


def _site(entry: Site) -> str:
    """A call has the releases of the function that it is in."""
    function = next(each for each in FUNCTIONS if each.name == entry.function)
    when = ", of a compressed value" if entry.compressed_only else ""
    return f"- the call of `{entry.call}` in `cachekit.{entry.function}`{when}: {_releases(function)}"


def _releases(entry: Function) -> str:
    if entry.until:
        return f"{entry.since} up to, but not including, {entry.until}"
    return "all releases" if entry.since == _EARLIEST else f"since {entry.since}"


def _named(metric: Metric, stage: str) -> str:
    return metric.name.replace("<stage>", stage)


def _meaning(metric: Metric, stage: str) -> str:
    return metric.meaning.replace("<stage>", stage) if stage else metric.meaning


def _quoted(words: str) -> str:
    """A name with ``<stage>`` as code, since Markdown would take that for a tag."""
    return re.sub(r"\w+\.<stage>", r"`\g<0>`", words)


def _sentence(words: str) -> str:
    """With a capital, unless a metric's name comes first."""
    return words if re.match(r"\w+\.\w", words) else words[:1].upper() + words[1:]


def _tolerance(metric: Metric) -> Iterator[str]:
    if metric.instrument == RSS:
        yield f"- tolerance: {RSS_NOISE_BYTES >> 20} MiB, since the kernel counts resident memory in batches"
