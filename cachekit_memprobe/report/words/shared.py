"""What is said once of many scenarios: those that need no look, and what they have in common."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.view import exceeded, why_not_applicable
from cachekit_memprobe.report.words.scenario import sentence_of
from cachekit_memprobe.result import Finding, Report, Result

_FEW = 2
"""So many scenarios are shown in full, whatever there is to say of them."""


@dataclass(frozen=True)
class Shared:
    """What holds for several scenarios.

    Attributes:
        code: of a finding; empty of anything else.
        sentence: what holds, without the figures, in which the scenarios differ.
        names: of the scenarios, in their order.
        example: what it is in one of them, with its figures; empty where nothing is to be added.
    """

    code: str
    sentence: str
    names: tuple[str, ...]
    example: str = ""


def in_full(report: Report, names: Collection[str] = (), *, full: bool = False) -> tuple[Result, ...]:
    """The results that have a part of their own.

    Args:
        names: of those that are asked for, if any are.
        full: all of them. By default those of a small run, and of a larger one what needs a look. Of the
            combinations of a matrix and of several sizes, which their tables show, it is always what is not
            as it should be; of sizes that miss the same limits, the last.
    """
    if names:
        return tuple(result for result in report.results if result.scenario.name in names)
    if full:
        return report.results
    few = len(report.results) <= _FEW
    alike = {_what_is_wrong(result): result for result in report.results if result.scenario.variant}
    return tuple(
        result
        for result in report.results
        if (needs_a_look(result) or few if result.scenario.variant is None else _is_wrong(result))
        and alike.get(_what_is_wrong(result), result) is result
    )


def _is_wrong(result: Result) -> bool:
    return result.verdict in ("fail", "unmeasured") or bool(exceeded(result, "warn"))


def _what_is_wrong(result: Result) -> tuple[str, ...]:
    """The same of two sizes that miss the same limits; a reason is each result's own."""
    name, variant = result.scenario.name, result.scenario.variant
    if variant is None or result.verdict == "unmeasured":
        return (name,)
    limits = (*exceeded(result), *exceeded(result, "warn"))
    return (name.removesuffix(f"@{variant.size}"), result.verdict, *(limit.metric for limit in limits))


def needs_a_look(result: Result) -> bool:
    """Whether something is not as it should be, or has to be known before the figures are read."""
    return bool(_is_wrong(result) or result.notes or any(finding.leads for finding in result.findings))


def said_first(results: Iterable[Result]) -> tuple[Shared, ...]:
    """What has to be known before the figures of a sweep are read: leading findings, and notes.

    Of a code, the sentence is that of the last, which is of the largest where they differ by their size.
    """
    sentences: dict[str, tuple[str, list[Result]]] = {}
    notes: dict[str, list[Result]] = {}
    for result in results:
        for finding in result.findings:
            if finding.leads:
                found = sentences.get(finding.code, ("", []))[1]
                sentences[finding.code] = (clean_line(sentence_of(finding)), [*found, result])
        for note in result.notes:
            notes.setdefault(clean_line(note), []).append(result)
    return (
        *(Shared(code, sentence, names_of(found)) for code, (sentence, found) in sorted(sentences.items())),
        *(Shared("note", note, names_of(found)) for note, found in notes.items()),
    )


def shared_words(results: Sequence[Result], report: Report, titles: Mapping[str, str]) -> tuple[Shared, ...]:
    """What the findings of some scenarios are, each code once, and why some don't apply.

    Args:
        titles: what each code stands for; of one that isn't there, a scenario's own sentence is given.
    """
    codes: dict[str, list[tuple[Result, Finding]]] = {}
    for result in results:
        for finding in result.findings:
            codes.setdefault(finding.code, []).append((result, finding))
    findings = (
        Shared(code, title_of(code, titles, found[0][1]), names_of(result for result, _ in found))
        for code, found in sorted(codes.items())
    )
    return (*findings, *_not_applicable(results, report))


def title_of(code: str, titles: Mapping[str, str], example: Finding) -> str:
    """What a finding's code stands for; where that isn't known, an example's sentence."""
    return clean_line(titles.get(code) or sentence_of(example))


def _not_applicable(results: Iterable[Result], report: Report) -> Iterator[Shared]:
    reasons: dict[str, list[Result]] = {}
    for result in results:
        if result.verdict == "not_applicable":
            reasons.setdefault(why_not_applicable(result, report), []).append(result)
    for reason, found in reasons.items():
        yield Shared("", reason, names_of(found))


def names_of(results: Iterable[Result]) -> tuple[str, ...]:
    """The scenarios' names, each once."""
    return tuple(dict.fromkeys(clean_line(result.scenario.name) for result in results))
