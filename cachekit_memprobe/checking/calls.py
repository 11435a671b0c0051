"""The scenario of a function that a project names."""

from pathlib import Path

from cachekit_memprobe.model import Scenario
from cachekit_memprobe.scenario.calls import CallReadTable
from cachekit_memprobe.scenario.calls import CallTable as CalledTable
from cachekit_memprobe.scenario.loader import scenario_of


class CallTable(CalledTable, CallReadTable):
    """``[calls.NAME]``: a cached function of the project's own, as a scenario has it, and how it is read."""


def scenario_of_call(name: str, table: CallTable, source: str, folder: Path) -> Scenario:
    """A scenario that reads what the function returns.

    Args:
        source: the configuration's file, for reports.
        folder: of the configuration, from which on the function is imported.

    Raises:
        ScenarioError: there can be no such scenario.
    """
    given = table.model_dump(exclude_unset=True)
    read = {key: given.pop(key) for key in CallReadTable.model_fields if key in given}
    return scenario_of(name, source, {"value": given, "read": read}, folder)
