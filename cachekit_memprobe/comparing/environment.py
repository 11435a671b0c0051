"""What besides cachekit isn't the same on both sides, so that it may be why a figure differs."""

from collections.abc import Iterator, Mapping, Sequence

from cachekit_memprobe.comparison import Difference
from cachekit_memprobe.fingerprint import fingerprint_of
from cachekit_memprobe.result import Report, Result
from cachekit_memprobe.units import format_exactly

_COMPARED = "cachekit"
"""The part of a fingerprint that is what two runs are compared for."""


def differences_of(base: Report, new: Report, names: Sequence[str]) -> tuple[Difference, ...]:
    """Those of the environment, of how it was measured, and of the payloads.

    Args:
        names: of the scenarios that are compared.
    """
    parts = fingerprint_of(base.run).differences(fingerprint_of(new.run))
    found = [
        Difference(name, before or "", after or "")
        for name, (before, after) in parts.items()
        if name != _COMPARED
    ]
    found.append(Difference("reads", str(base.run.options.reads), str(new.run.options.reads)))
    found.append(Difference("cachekit-memprobe", base.tool_version, new.tool_version))
    return tuple(one for one in (*found, *_payloads(base, new, names)) if one.base != one.new)


def _payloads(base: Report, new: Report, names: Sequence[str]) -> Iterator[Difference]:
    befores, afters = _sizes(base.results), _sizes(new.results)
    for name in names:
        if name in befores and name in afters:
            yield Difference(f"payload of {name}", befores[name], afters[name])


def _sizes(results: Sequence[Result]) -> Mapping[str, str]:
    return {one.scenario.name: format_exactly(one.payload.logical_bytes) for one in results if one.payload}
