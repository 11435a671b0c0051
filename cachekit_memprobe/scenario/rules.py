"""What one key of a scenario demands of another: the reads that cachekit can do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cachekit_memprobe.scenario.problems import Problem, one_of, place, toml

Key = tuple[str, str]
"""A table and its key."""

KIND: Key = ("value", "kind")
COLUMNS: Key = ("value", "columns")
SERIALIZER: Key = ("cache", "serializer")
COMPRESSION: Key = ("cache", "compression")
BACKEND: Key = ("cache", "backend")
ENCRYPTION: Key = ("cache", "encryption")
L1: Key = ("cache", "l1")
TIER: Key = ("read", "tier")
ROUTE: Key = ("read", "route")


@dataclass(frozen=True)
class Rule:
    """When ``given`` is one of ``values``, ``key`` has to be one of ``allowed``.

    In ``allowed``, ``None`` stands for a key that is left out.
    """

    given: Key
    values: tuple[object, ...]
    key: Key
    allowed: tuple[object, ...]


RULES = (
    Rule(KIND, ("bytes", "ndarray", "text"), COLUMNS, (None,)),
    Rule(SERIALIZER, ("arrow",), KIND, ("dataframe",)),
    Rule(SERIALIZER, ("default",), KIND, ("bytes", "text")),
    Rule(SERIALIZER, ("auto",), KIND, ("ndarray", "dataframe")),
    Rule(SERIALIZER, ("orjson",), KIND, ("text",)),
    Rule(COMPRESSION, ("zstd", "lz4"), SERIALIZER, ("arrow",)),
    Rule(TIER, ("l1",), L1, (True,)),
    Rule(TIER, ("l1",), ROUTE, ("memory",)),
    Rule(TIER, ("l2",), L1, (False,)),
    Rule(TIER, ("l2",), ROUTE, ("get", "map")),
    Rule(ROUTE, ("map",), BACKEND, ("file",)),
    Rule(ROUTE, ("map",), SERIALIZER, ("arrow",)),
    Rule(ROUTE, ("map",), ENCRYPTION, (False,)),
)


def broken_rules(settings: Mapping[Key, object]) -> Iterator[Problem]:
    """The rules that the settings break.

    Args:
        settings: the value of each key, defaults included; a key that is invalid in itself is absent,
            and what depends on it isn't examined.
    """
    for rule in RULES:
        if rule.given in settings and rule.key in settings:
            given, found = settings[rule.given], settings[rule.key]
            if given in rule.values and found not in rule.allowed:
                yield _problem(rule, given, found)


def _problem(rule: Rule, given: object, found: object) -> Problem:
    cause, key, allowed = place(*rule.given), rule.key[1], rule.allowed[0]
    remedy = f"remove {key}" if allowed is None else f"write {key} = {toml(allowed)}"
    expected = f"{one_of(rule.allowed)} because {cause} is {toml(given)}"
    return Problem(place(*rule.key), expected, toml(found), f"{remedy}, or change {cause}")
