"""The scenario of a function that a project names."""

from pathlib import Path

from cachekit_memprobe import scenario
from cachekit_memprobe.checking.schema import CallTable
from cachekit_memprobe.child.task import Call
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.model import Scenario


def scenario_of_call(name: str, table: CallTable, root: Path) -> Scenario:
    """A scenario that reads what the function returns.

    Args:
        root: the folder that its module is imported from.

    Raises:
        UsageError: there can be no such scenario.
    """
    call_scenario = getattr(scenario, "call_scenario", None)
    if call_scenario is None:
        raise UsageError("this version can't measure functions yet; name scenarios only")
    call = Call(
        table.call, tuple(table.args), dict(table.kwargs), setup=table.setup, root=str(root.absolute())
    )
    made: Scenario = call_scenario(call, name=name, tier=table.tier or "")
    return made
