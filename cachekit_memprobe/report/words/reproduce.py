"""The command that measures the same again, as far as a saved run knows it."""

import shlex
from collections.abc import Iterator, Sequence

from cachekit_memprobe.metrics import INSTRUMENTS, QUICK
from cachekit_memprobe.model import RunOptions, Scenario
from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.view import public_spec
from cachekit_memprobe.result import Report
from cachekit_memprobe.variables import UNRECORDED

_DEFAULTS = RunOptions(instruments=INSTRUMENTS)
_BUNDLED = "bundled:"
_MOST_WORDS = 8
"""Of more scenarios the command would be the longest part of a report; a run of all needs none."""


def command_words(report: Report) -> str:
    """``cachekit-memprobe run arrow-l1-hit --cachekit 0.9.1``, quoted for a shell."""
    settings = report.run.options.kept_environment.items()
    kept = [f"{name}={shlex.quote(clean_line(value))}" for name, value in settings if value != UNRECORDED]
    words = ("cachekit-memprobe", "run", *_arguments(report))
    return " ".join([*kept, shlex.join(map(clean_line, words))])


def _arguments(report: Report) -> Iterator[str]:
    run = report.run
    chosen = dict.fromkeys(word for one in run.scenarios for word in _chosen(one))
    if len(chosen) <= _MOST_WORDS:
        yield from chosen
    if run.target.spec != "installed":
        is_path = "/" in run.target.spec or "\\" in run.target.spec
        yield from ("--python" if is_path else "--cachekit", public_spec(run.target))
    if run.sweep.sizes:
        yield from ("--size", ",".join(run.sweep.sizes))
    for axis, values in run.sweep.axes.items():
        yield from ("--matrix", f"{axis}={','.join(values)}")
    yield from _options(run.options)


def _chosen(scenario: Scenario) -> Sequence[str]:
    """How a scenario is named on the command line: a bundled one, a file, or the user's own data."""
    name = scenario.variant.of if scenario.variant else scenario.name
    if scenario.source.startswith(_BUNDLED):
        return (name,)
    if not scenario.value.file or scenario.source.endswith(".toml"):
        return (scenario.source or name,)
    return ("--payload", scenario.value.file, "--tier", scenario.read.tier)


def _options(options: RunOptions) -> Iterator[str]:
    if options.instruments == QUICK:
        yield "--quick"
    elif options.instruments != INSTRUMENTS:
        for instrument in options.instruments:
            yield from ("--instrument", instrument)
    for name in ("reads", "repeat"):
        if getattr(options, name) != getattr(_DEFAULTS, name):
            yield from (f"--{name}", str(getattr(options, name)))
    if options.as_deployed:
        yield "--as-deployed"
    for stage in options.stages:
        yield from ("--stage", stage)
