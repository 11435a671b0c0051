"""What is measured of a release beside a saved run: the same, in the same way, as far as the run says it."""

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.model import RunOptions, Scenario
from cachekit_memprobe.result import Report
from cachekit_memprobe.sweep import Sweep
from cachekit_memprobe.variables import UNRECORDED

if TYPE_CHECKING:
    from cachekit_memprobe.scenario import Size


def options_like(saved: Report, options: RunOptions) -> RunOptions:
    """Those of the saved run, but for what the command line gives."""
    given = {one.name: getattr(options, one.name) for one in fields(RunOptions) if _is_given(one.name)}
    return replace(saved.run.options, **given, kept_environment={})


def _is_given(name: str) -> bool:
    """``--quick`` gives the instruments."""
    context = click.get_current_context()
    sources = {
        context.get_parameter_source(one) for one in (name, "quick" if name == "instruments" else name)
    }
    return bool(sources & {ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT})


def scenarios_like(
    saved: Report, patterns: Sequence[str], sizes: "Sequence[Size]"
) -> tuple[tuple[Scenario, ...], Sweep]:
    """Those that the saved run has measured and the patterns choose, as they are defined there.

    Where it has none of them, or sizes are given for what is at several already, they are looked up by name.
    """
    from cachekit_memprobe.scenario import expand, select

    found = [one.scenario for one in saved.results if one.metrics]
    chosen = [scenario for scenario in found if not patterns or _is_named(scenario, patterns)]
    again = tuple(again for scenario in chosen for again in _again(scenario))
    unknown = [pattern for pattern in patterns if not any(_is_named(one, [pattern]) for one in found)]
    if unknown or not again or (sizes and any(one.variant for one in again)):
        return expand(select(patterns), sizes=sizes, axes=(), limits=())
    return expand(again, sizes=sizes, axes=(), limits=()) if sizes else (again, saved.run.sweep)


def _is_named(scenario: Scenario, patterns: Sequence[str]) -> bool:
    names = (scenario.name, scenario.name.partition("@")[0])
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


def _again(scenario: Scenario) -> Iterator[Scenario]:
    """The scenario, unless it needs a file of the user's, or a value that was not recorded."""
    if scenario.value.kind in ("", "file") or UNRECORDED in scenario.environment.values():
        return
    if scenario.source:
        yield scenario
        return
    # A published report has neither its limits nor what it needs.
    from cachekit_memprobe.scenario import select

    try:
        (known,) = select([scenario.name.partition("@")[0]])
    except UsageError:
        return
    yield replace(
        known,
        name=scenario.name,
        value=scenario.value,
        caching=scenario.caching,
        read=scenario.read,
        environment=scenario.environment,
    )
