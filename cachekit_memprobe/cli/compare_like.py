"""What is measured of a release beside a saved run: the same, in the same way, as far as the run says it."""

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from cachekit_memprobe.child.task import CALL
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

    What it hasn't is looked up by its name.

    Raises:
        UsageError: nothing of it can be measured again; or sizes are given for what is at several already.
    """
    from cachekit_memprobe.scenario import expand, select

    found = [one.scenario for one in saved.results if one.metrics]
    chosen = [scenario for scenario in found if not patterns or _is_named(scenario, patterns)]
    again = tuple(again for scenario in chosen for again in _again(scenario))
    unknown = [pattern for pattern in patterns if not any(_is_named(one, [pattern]) for one in found)]
    others = select(unknown) if unknown else ()
    if not again and not others:
        raise UsageError(
            "nothing of the saved run can be measured again: it wasn't measured there, it needs your own "
            "data, or a variable whose value wasn't recorded"
        )
    if not sizes:
        return (*again, *others), saved.run.sweep
    if any(one.variant for one in again):
        raise UsageError(
            "--size: the saved run has a matrix or several sizes, which are measured as they are"
        )
    return expand((*again, *others), sizes=sizes, axes=(), limits=())


def _is_named(scenario: Scenario, patterns: Sequence[str]) -> bool:
    names = (scenario.name, scenario.name.partition("@")[0])
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


def _again(scenario: Scenario) -> Iterator[Scenario]:
    """The scenario, unless it needs a file or code of the user's, or a value that was not recorded.

    What a run folder names is never run.
    """
    if scenario.value.kind in ("", "file", CALL) or UNRECORDED in scenario.environment.values():
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
