"""A scenario as the document that describes it: what a file would say, to change a key or to write it down.

The inverse of the loader.
"""

from collections.abc import Iterable
from typing import Any

from cachekit_memprobe.model import Limit, Scenario
from cachekit_memprobe.scenario.schema import TABLES
from cachekit_memprobe.units import format_exactly

_FILE = "file"
_MADE_ONLY = ("size", "seed", "columns")
"""Keys of a value that is made; a file has its own size."""

_RECORDS = {"value": "value", "cache": "caching", "read": "read"}
"""Where a table's keys are in a scenario."""


def document_of(scenario: Scenario) -> dict[str, Any]:
    """The document that loads to the same scenario. Keys that have their default are left out.

    The path of a value's file stays absolute.
    """
    document: dict[str, Any] = {"summary": scenario.summary}
    if scenario.releases:
        document["releases"] = scenario.releases
    if scenario.needs:
        document["needs"] = list(scenario.needs)
    for name, table in TABLES.items():
        settings = {key: _setting(scenario, name, key) for key in table.model_fields}
        document[name] = {
            key: value
            for key, value in settings.items()
            if table.model_fields[key].is_required() or value != table.model_fields[key].default
        }
    if scenario.budget:
        document["budget"] = _budget(scenario.budget)
    return document


def _setting(scenario: Scenario, table: str, key: str) -> Any:
    """The value of a key; its default where a scenario doesn't say it."""
    value, default = scenario.value, TABLES[table].model_fields[key].default
    if table == "value" and key in _MADE_ONLY and value.kind == _FILE:
        return default
    if (table, key) == ("value", "size"):
        return format_exactly(value.logical_bytes)
    # Attributes whose empty value stands for a key that is left out.
    if (table, key) in (("value", "columns"), ("value", "file")):
        return getattr(value, key) or default
    return getattr(getattr(scenario, _RECORDS[table]), key)


def _budget(limits: Iterable[Limit]) -> dict[str, Any]:
    """By metric: its limit, or an array of those for different targets."""
    budget: dict[str, list[Any]] = {}
    for limit in limits:
        budget.setdefault(limit.metric, []).append(_limit(limit))
    return {metric: found if len(found) > 1 else found[0] for metric, found in budget.items()}


def _limit(limit: Limit) -> str | dict[str, str]:
    text = f"{limit.payloads:g}x" if limit.payloads is not None else format_exactly(limit.size_bytes or 0)
    level = {} if limit.level == "error" else {"level": limit.level}
    where = {"where": limit.where} if limit.where else {}
    return {"limit": text, **level, **where} if level or where else text
