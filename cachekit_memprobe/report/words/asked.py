"""What a run was asked for that an earlier cachekit-memprobe has saved, as far as its scenarios tell."""

from collections.abc import Iterator, Mapping

from cachekit_memprobe.child.task import Value
from cachekit_memprobe.model import Run, Scenario
from cachekit_memprobe.request import Request
from cachekit_memprobe.units import format_exactly, format_limit


def asked_for(run: Run) -> Request:
    """The request that makes these scenarios; of limits and variables, only what can be no scenario's own."""
    own = next(filter(_is_own_data, run.scenarios), None)
    first = run.scenarios[0] if own or (run.sweep.axes and run.scenarios) else None
    return Request(
        size=_size(run),
        limits=tuple(_limits(first)) if first else (),
        environment=_left(own.environment, own) if own else {},
        payload=own.value.file if own else "",
        caching=_left(dict(_caching(own)), own) if own else {},
    )


def _is_own_data(scenario: Scenario) -> bool:
    """Whether it is of ``--payload``, and of no scenario file."""
    return bool(scenario.value.file) and not scenario.source.endswith(".toml")


def _size(run: Run) -> str:
    """The one that all have, which may be their own; of a file, a share of its rows."""
    sizes = {_written(scenario.value) for scenario in run.scenarios}
    return sizes.pop() if len(sizes) == 1 and not run.sweep.sizes else ""


def _written(value: Value) -> str:
    if value.file:
        return f"{100 * value.share:g}%" if value.share != 1 else ""
    return format_exactly(value.logical_bytes) if value.logical_bytes else ""


def _limits(scenario: Scenario) -> Iterator[str]:
    """Of own data, and over a matrix, a scenario has no others than those of the command line."""
    for limit in scenario.budget:
        if limit.level == "error" and not limit.when:
            yield f"{limit.metric}={format_limit(limit.payloads, limit.size_bytes)}"


def _left(settings: Mapping[str, str], scenario: Scenario) -> Mapping[str, str]:
    """Without those of a matrix, and what followed from them."""
    varied = {**scenario.variant.axes, **scenario.variant.followed} if scenario.variant else {}
    return {name: value for name, value in settings.items() if name not in varied}


def _caching(scenario: Scenario) -> Iterator[tuple[str, str]]:
    caching, read = scenario.caching, scenario.read
    yield "serializer", caching.serializer
    yield "tier", read.tier
    if read.tier == "l2":
        yield "route", read.route
    if caching.backend != "file":
        yield "backend", caching.backend
    if caching.compression != "none":
        yield "compression", caching.compression
    if caching.encryption:
        yield "encryption", "on"
