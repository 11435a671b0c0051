"""``init --call``: the scenario of the user's own function, with a budget that was measured."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cachekit_memprobe.child.printable import pasted, printable
from cachekit_memprobe.cli.call_options import CallOptions
from cachekit_memprobe.cli.gathered import gathered
from cachekit_memprobe.cli.help import Group, option
from cachekit_memprobe.cli.new_file import refuse_existing, write_new
from cachekit_memprobe.cli.options import parsed_variables
from cachekit_memprobe.cli.progress import ProgressDisplay
from cachekit_memprobe.cli.requests import called_words
from cachekit_memprobe.errors import EXIT_OK, CouldNotMeasure, UsageError
from cachekit_memprobe.metrics import INSTRUMENTS, QUICK
from cachekit_memprobe.model import Run, RunOptions, Scenario
from cachekit_memprobe.report.json import to_json
from cachekit_memprobe.report.words import verdict_line
from cachekit_memprobe.request import Request
from cachekit_memprobe.result import Report
from cachekit_memprobe.runstore import RunFolder, Summary
from cachekit_memprobe.units import format_bytes

if TYPE_CHECKING:
    from cachekit_memprobe.scenario import Reached

_INSTALLED = "installed"
_REMEDY = "give --force, or another name"


@dataclass(frozen=True)
class Measuring:
    """How the budget is measured.

    Attributes:
        given: variables, which the file names as well.
        quick: by the fast instruments only.
        spec, python, extras: which cachekit, see :func:`.options.target_options`.
    """

    tier: str | None
    given: Mapping[str, str]
    quick: bool
    spec: str
    python: Path | None
    extras: tuple[str, ...]


measuring_options = gathered(
    "measuring",
    Measuring,
    option(
        "--tier",
        type=click.Choice(("l1", "l2")),
        help="Where the value is read from: l1, the process's own cache, or l2, the backend.  [default: as "
        "later calls are read]",
    ),
    option(
        "--env",
        "given",
        callback=parsed_variables,
        metavar="NAME=VALUE",
        multiple=True,
        help="Give the function this environment variable; the file has it, too. May be given several times.",
    ),
    option(
        "--quick",
        is_flag=True,
        help=f"Measure with the instruments {' and '.join(QUICK)} only, so that the budget has no other "
        "limits.",
    ),
    group=Group.OWN_CALL,
)


def refuse_without_call(own: CallOptions, measuring: Measuring) -> None:
    """Refuse what is nothing without a function.

    Raises:
        UsageError: with the option's name.
    """
    own.check()
    given = {
        "--tier": measuring.tier,
        "--env": measuring.given,
        "--quick": measuring.quick,
        "--cachekit": measuring.spec != _INSTALLED,
        "--python": measuring.python,
        "--with": measuring.extras,
    }
    for name, value in given.items():
        if value and own.function is None:
            raise UsageError(f"{name} is for the function of --call; give --call as well")


def init_call(file: Path, own: CallOptions, measuring: Measuring, *, force: bool) -> int:
    """Measure the function as the file will call it, and write the file with what it may use.

    Raises:
        UsageError: there is such a file, or a scenario can't be written there.
        CouldNotMeasure: nothing is written.
    """
    from cachekit_memprobe.scenario import call_text, parse_scenario

    call = own.call
    assert call is not None
    refuse_existing(file, overwrite=force, remedy=_REMEDY)
    tier = measuring.tier or ""
    draft = parse_scenario(call_text(call, file, tier=tier, environment=measuring.given), file)
    report = _measured(draft, own, measuring)
    reached = _reached(report)
    text = call_text(call, file, tier=_tier(report), environment=measuring.given, reached=reached)
    write_new(file, text, overwrite=force, remedy=_REMEDY)
    click.echo(
        f"{printable(file)} is written, with a budget over what was reached with {reached.measured}; run it "
        f"with: cachekit-memprobe run {pasted(file)}"
    )
    return EXIT_OK


def _measured(scenario: Scenario, own: CallOptions, measuring: Measuring) -> Report:
    from cachekit_memprobe import pipeline, target

    options = RunOptions(QUICK if measuring.quick else INSTRUMENTS)
    with ProgressDisplay(silent=False) as progress:
        resolved = target.resolve(measuring.spec, measuring.python, progress.preparing, measuring.extras)
        folder = RunFolder.create(None)
        request = Request(
            caching={"tier": measuring.tier} if measuring.tier else {},
            environment=measuring.given,
            called=called_words(own),
            extras=measuring.extras,
        )
        planned = replace(Run.planned(resolved, options, [scenario]), request=request)
        progress.planned({scenario.name: 0})
        report = pipeline.run(planned, folder, progress.measuring)
    folder.save_report(to_json(report), Summary.of(report.run, verdict_line(report)))
    return report


def _reached(report: Report) -> "Reached":
    """What was reached, if everything was measured: a budget with gaps would hide what has none."""
    from cachekit_memprobe.scenario import Reached

    (result,) = report.results
    if result.payload is None or result.reason is not None:
        raise CouldNotMeasure(f"nothing is written: {result.reason or 'nothing was measured'}")
    payload_bytes = result.payload.logical_bytes
    release = report.run.target.versions["cachekit"]
    size = format_bytes(payload_bytes)
    return Reached(result.metrics, payload_bytes, f"cachekit {release} and a payload of {size}")


def _tier(report: Report) -> str:
    """The tier that was measured: the file names it, so that another one is noticed."""
    (result,) = report.results
    tier = result.scenario.read.tier
    return tier if tier in ("l1", "l2") else ""
