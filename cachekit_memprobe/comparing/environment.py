"""What besides cachekit isn't the same on both sides, so that it may be why a figure differs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from cachekit_memprobe import variables
from cachekit_memprobe.comparison import Difference
from cachekit_memprobe.fingerprint import fingerprint_of
from cachekit_memprobe.model import RunOptions, Scenario
from cachekit_memprobe.result import Report, Result
from cachekit_memprobe.units import format_exactly

_COMPARED = "cachekit"
"""The part of a fingerprint that is what two runs are compared for."""

_NOT_READ = ("logical_bytes", "file")
"""Of a value: its size is told as it came out, and a file of the user's own is told by what it holds."""


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
    found.extend(_options(base.run.options, new.run.options))
    found.append(Difference("cachekit-memprobe", base.tool_version, new.tool_version))
    found.extend(_scenarios(base.results, new.results, names))
    return tuple(one for one in found if one.base != one.new)


def _options(base: RunOptions, new: RunOptions) -> Iterator[Difference]:
    yield Difference("reads", str(base.reads), str(new.reads))
    yield Difference("processes of rss", str(base.repeat), str(new.repeat))
    yield Difference("isolation", base.isolation, new.isolation)
    yield Difference("stages assigned", ", ".join(base.stages), ", ".join(new.stages))


def _scenarios(base: Sequence[Result], new: Sequence[Result], names: Sequence[str]) -> Iterator[Difference]:
    befores, afters = ({one.scenario.name: one for one in results} for results in (base, new))
    for name in names:
        if name in befores and name in afters:
            yield from _of_scenario(befores[name], afters[name])


def _of_scenario(base: Result, new: Result) -> Iterator[Difference]:
    """What is read, and how; of what a side doesn't tell nothing is said."""
    name = base.scenario.name
    if base.payload and new.payload:
        yield Difference(f"payload of {name}", *(format_exactly(size) for size in _sizes(base, new)))
    before, after = _definition(base.scenario), _definition(new.scenario)
    for key in before:
        if key in after:
            yield Difference(f"{key} of {name}", before[key], after[key])


def _sizes(base: Result, new: Result) -> Iterator[int]:
    for one in (base, new):
        yield one.payload.logical_bytes if one.payload else 0


def _definition(scenario: Scenario) -> Mapping[str, str]:
    """In words; a report of an older version tells only how it is read, and not all of that."""
    read, environment = scenario.read, variables.in_words(scenario.environment)
    known = {"tier": read.tier, "route": read.route, "readers": str(read.readers)} if read.tier else {}
    if not scenario.value.kind:
        return known
    parts = [asdict(scenario.value), asdict(scenario.caching), asdict(scenario.read)]
    words = {key: _words(value) for part in parts for key, value in part.items() if key not in _NOT_READ}
    return {**words, "environment": environment}


def _words(value: object) -> str:
    """As a scenario's file has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
