"""``show``: one scenario, complete."""

import json
from pathlib import Path

import click
from rich.console import Group
from rich.table import Table
from rich.text import Text

from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.child.task import Call, Value
from cachekit_memprobe.cli import completing
from cachekit_memprobe.cli.boundary import exits
from cachekit_memprobe.cli.console import stdout_console
from cachekit_memprobe.cli.help import command
from cachekit_memprobe.errors import EXIT_OK, UsageError
from cachekit_memprobe.guesses import some
from cachekit_memprobe.metrics import metric_of
from cachekit_memprobe.model import Limit, Scenario
from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.layout import Trimmed
from cachekit_memprobe.units import format_bytes, format_payloads


@command(
    "show",
    examples=(
        "cachekit-memprobe show arrow-l1-hit",
        "cachekit-memprobe show ./memprobe.toml",
    ),
)
@click.argument("scenario", metavar="NAME|FILE", shell_complete=completing.scenarios)
@exits
def show_command(scenario: str) -> int:
    """Show one scenario: the value, how it is cached, the read, and its budget.

    Its budget names the metrics as --budget does.
    """
    from cachekit_memprobe.scenario import select

    chosen = select((scenario,), allow_code=True)
    if len(chosen) != 1:
        raise UsageError(
            f"{printable(scenario)} names {len(chosen)} scenarios, {some([one.name for one in chosen])}; "
            "name one of them"
        )
    stdout_console().print(Trimmed(_complete(chosen[0])))
    return EXIT_OK


def _complete(scenario: Scenario) -> Group:
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_column(no_wrap=True, style="dim")
    facts.add_column(overflow="fold")
    for name, fact in _facts(scenario):
        facts.add_row(name, Text(clean_line(fact)))
    title = Text(clean_line(scenario.name), style="bold")
    return Group(title, Text(clean_line(scenario.summary)), Text(), facts, Text(), *_budget(scenario))


def _facts(scenario: Scenario) -> list[tuple[str, str]]:
    if scenario.value.call is not None:
        return _facts_of_call(scenario, scenario.value.call)
    caching = scenario.caching
    l1 = "with L1" if caching.l1 else "without L1"
    encryption = "encrypted" if caching.encryption else "not encrypted"
    return [
        ("from", scenario.source),
        ("value", _value(scenario.value)),
        ("serializer", f"{caching.serializer}, compression {caching.compression}, {encryption}"),
        ("backend", f"{caching.backend}, {l1}"),
        ("read", _read(scenario)),
        ("releases", scenario.releases or "all"),
        ("needs", ", ".join(scenario.needs) or "nothing"),
    ]


def _facts_of_call(scenario: Scenario, call: Call) -> list[tuple[str, str]]:
    """What it runs comes first: whoever trusts the file has it run their machine."""
    return [
        ("from", scenario.source),
        ("runs code", f"{call.function}, imported from {printable(call.root)}"),
        ("arguments", ", ".join([*map(json.dumps, call.args), *_keywords(call)]) or "none"),
        ("set up by", call.setup or "nothing"),
        ("cached", "as its code says" + (f", in a private {call.backend} backend" if call.backend else "")),
        ("read", f"tier {scenario.read.tier or 'as later calls are read'}"),
        ("releases", scenario.releases or "all"),
        ("needs", ", ".join(scenario.needs) or "nothing"),
    ]


def _keywords(call: Call) -> list[str]:
    return [f"{name}={json.dumps(value)}" for name, value in call.kwargs.items()]


def _value(value: Value) -> str:
    if value.file:
        return f"{value.kind} {printable(Path(value.file).name)}, {format_bytes(value.logical_bytes)} on disk"
    columns = f", {value.columns} columns" if value.columns else ""
    return f"{value.kind}, {format_bytes(value.logical_bytes)}{columns}, seed {value.seed}"


def _read(scenario: Scenario) -> str:
    read, phrases = scenario.read, [f"tier {scenario.read.tier}, route {scenario.read.route}"]
    if scenario.caching.return_format != "pandas":
        phrases.append(f"as {scenario.caching.return_format}")
    if read.asynchronous:
        phrases.append("asynchronous")
    if read.backfill:
        phrases.append("puts the frame into L1")
    if read.readers > 1:
        phrases.append(f"{read.readers} readers of {read.keys} value{'s' if read.keys > 1 else ''}")
    return ", ".join(phrases)


def _budget(scenario: Scenario) -> list[Table | Text]:
    if not scenario.budget:
        return [Text("budget: none, so nothing that is measured can fail")]
    table = Table(box=None, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("budget", no_wrap=True)
    table.add_column("limit", justify="right", no_wrap=True)
    table.add_column("level", no_wrap=True)
    table.add_column("meaning", overflow="fold")
    for limit in scenario.budget:
        meaning = metric_of(limit.metric).meaning
        where = f"with {clean_line(limit.when)}: " if limit.when else ""
        table.add_row(limit.metric, _amount(limit), limit.level, Text(where + meaning))
    return [table]


def _amount(limit: Limit) -> str:
    if limit.payloads is not None:
        return format_payloads(limit.payloads)
    return format_bytes(limit.size_bytes or 0)
