"""A report for a job on GitHub: workflow commands that become annotations, and the job's summary."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cachekit_memprobe.checkout import Checkout, Spot
from cachekit_memprobe.report.markdown import render_markdown
from cachekit_memprobe.report.remarks import Remark, remarks
from cachekit_memprobe.result import Report

SUMMARY_BYTES = 1 << 20
"""GitHub refuses the whole summary of a step that is larger."""

_MOST = 9
"""GitHub drops what comes after ten annotations of a step, and doesn't say so: nine, and one that does."""
_LEAST_SUMMARY = 2_000
_NAMED = 5
_ENOUGH_WORDS = 4_000
_COMMANDS = {"error": "error", "warn": "warning"}


@dataclass(frozen=True)
class Annotation:
    """One note, mostly on a line of a file.

    Attributes:
        command: ``error``, ``warning`` or ``notice``.
        spot: ``None`` for a note on the job as a whole.
    """

    command: str
    title: str
    message: str
    spot: Spot | None = None


def to_github(report: Report, checkout: Checkout) -> str:
    """The workflow commands, a line each; empty if there is nothing to say."""
    return "".join(f"{_command(one)}\n" for one in annotations(report, checkout))


def annotations(report: Report, checkout: Checkout) -> tuple[Annotation, ...]:
    """The worst of a run, ten at most.

    A limit that several scenarios exceed has one annotation on its line, and so has a line of source that
    is to blame for several.
    """
    every = list(_annotations(remarks(report), checkout))
    if len(every) <= _MOST + 1:
        return tuple(every)
    more = len(every) - _MOST
    pointer = Annotation(
        "notice",
        f"{more} more annotations",
        f"GitHub shows ten of a step, so these are the worst {_MOST}. The job's summary has all.",
    )
    return (*every[:_MOST], pointer)


def step_summary(report: Report, there_bytes: int = 0) -> str:
    """The Markdown to append to a step's summary of this size; empty if there is no room for any."""
    room = SUMMARY_BYTES - there_bytes
    longest = room
    while longest >= _LEAST_SUMMARY:
        text = render_markdown(report, longest=longest)
        size = len(text.encode("utf-8", "replace"))
        if size <= room:
            return text
        longest = min(longest * room // size, longest - 1)
    return ""


def _annotations(found: Sequence[Remark], checkout: Checkout) -> Iterator[Annotation]:
    """One for each limit, and one for each line of the checkout after the first limit that it breaks."""
    spots = {id(remark): remark.source_spot(checkout) for remark in found}
    told: set[Spot] = set()
    for spot, remarked in _by_limit(found, checkout):
        worst, *others = remarked
        yield Annotation(_COMMANDS[worst.level], worst.title, _message(worst.text, others), spot)
        for source in dict.fromkeys(spots[id(one)] for one in remarked):
            if source and source not in told:
                told.add(source)
                yield _of_source(source, [one for one in found if spots[id(one)] == source])


def _by_limit(found: Sequence[Remark], checkout: Checkout) -> list[tuple[Spot | None, list[Remark]]]:
    """Those of one limit together; the ones that no file has set are each by themselves."""
    of: dict[object, tuple[Spot | None, list[Remark]]] = {}
    for number, remark in enumerate(found):
        spot = checkout.spot_of(remark.origin) if remark.origin else None
        key = (spot, remark.level, remark.measured) if spot else number
        of.setdefault(key, (spot, []))[1].append(remark)
    return list(of.values())


def _of_source(spot: Spot, found: Sequence[Remark]) -> Annotation:
    worst, *others = found
    stage = worst.suspect.stage if worst.suspect else ""
    title = f"over budget by what {stage} does here"
    return Annotation(_COMMANDS[worst.level], title, _message(f"{worst.title}:\n{worst.text}", others), spot)


def _message(text: str, others: Sequence[Remark]) -> str:
    return "\n".join((text, *_also(others)))


def _also(others: Sequence[Remark]) -> Iterator[str]:
    if others:
        names = "; ".join(one.title for one in others[:_NAMED])
        more = len(others) - _NAMED
        yield f"likewise {names}" + (f"; and {more} more" if more > 0 else "")


def _command(annotation: Annotation) -> str:
    properties: Mapping[str, str] = {"title": annotation.title}
    if annotation.spot:
        place = {"file": annotation.spot.file, "line": str(annotation.spot.line)}
        properties = {**place, **properties}
    words = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{annotation.command} {words}::{_data(annotation.message[:_ENOUGH_WORDS])}"


def _data(text: str) -> str:
    """As the toolkit's ``escapeData``."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """As the toolkit's ``escapeProperty``."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
