"""What besides cachekit isn't the same on both sides, so that it may be why a figure differs."""

from collections.abc import Iterator, Mapping, Sequence

from cachekit_memprobe.comparison import Difference
from cachekit_memprobe.result import Report, Result
from cachekit_memprobe.units import format_exactly
from cachekit_memprobe.variables import in_words

_OF_THE_TARGET = ("cachekit", "cachekit_state")
"""What is compared, and so may differ."""


def differences_of(base: Report, new: Report, names: Sequence[str]) -> tuple[Difference, ...]:
    """By what it is called; payloads by scenario.

    Args:
        names: of the scenarios that are compared.
    """
    sides = _facts(base), _facts(new)
    environment = [
        Difference(what, sides[0].get(what, ""), sides[1].get(what, "")) for what in {**sides[0], **sides[1]}
    ]
    return tuple(one for one in (*environment, *_payloads(base, new, names)) if one.base != one.new)


def _facts(report: Report) -> Mapping[str, str]:
    options, versions = report.run.options, report.run.target.versions
    return {
        **{name: version for name, version in versions.items() if name not in _OF_THE_TARGET},
        "instruments": ", ".join(options.instruments),
        "allocators": f"as deployed {in_words(options.kept_environment)}".strip()
        if options.as_deployed
        else "pinned",
        "isolation": options.isolation,
        "reads": str(options.reads),
        "cachekit-memprobe": report.tool_version,
    }


def _payloads(base: Report, new: Report, names: Sequence[str]) -> Iterator[Difference]:
    befores, afters = _sizes(base.results), _sizes(new.results)
    for name in names:
        if name in befores and name in afters:
            yield Difference(f"payload of {name}", befores[name], afters[name])


def _sizes(results: Sequence[Result]) -> Mapping[str, str]:
    return {one.scenario.name: format_exactly(one.payload.logical_bytes) for one in results if one.payload}
