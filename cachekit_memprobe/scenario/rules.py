"""What one key of a scenario demands of another: the reads that cachekit can do."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cachekit_memprobe.scenario.problems import Problem, one_of, place, toml

Key = tuple[str, str]
"""A table and its key."""

KIND: Key = ("value", "kind")
COLUMNS: Key = ("value", "columns")
FILE: Key = ("value", "file")
SERIALIZER: Key = ("cache", "serializer")
COMPRESSION: Key = ("cache", "compression")
BACKEND: Key = ("cache", "backend")
ENCRYPTION: Key = ("cache", "encryption")
L1: Key = ("cache", "l1")
RETURN_FORMAT: Key = ("cache", "return_format")
TIER: Key = ("read", "tier")
ROUTE: Key = ("read", "route")
ASYNCHRONOUS: Key = ("read", "asynchronous")
BACKFILL: Key = ("read", "backfill")
READERS: Key = ("read", "readers")
KEYS: Key = ("read", "keys")


@dataclass(frozen=True)
class Rule:
    """When ``given`` is one of ``values``, ``key`` has to be one of ``allowed``.

    In ``allowed``, ``None`` stands for a key that is left out.
    """

    given: Key
    values: tuple[object, ...]
    key: Key
    allowed: tuple[object, ...]


@dataclass(frozen=True)
class JointRule:
    """The same under two conditions, each a key and its values."""

    given: tuple[tuple[Key, tuple[object, ...]], tuple[Key, tuple[object, ...]]]
    key: Key
    allowed: tuple[object, ...]


DATAFRAMES = ("dataframe", "dataframe-strings", "dataframe-mixed", "dataframe-nullable")
"""The kinds that have columns."""

_OTHERS = ("series", "ndarray", "bytes", "text", "nested")
_BY_REFERENCE = ("none", "local")
IN_BYTES = ("file", "redis", "memcached", "cachekitio")
"""The backends that store frames."""

_FORMATS = ("arrow", "default", "auto", "orjson", "interop")

RULES = (
    Rule(KIND, (*_OTHERS, "file"), COLUMNS, (None,)),
    Rule(KIND, (*DATAFRAMES, *_OTHERS), FILE, (None,)),
    # What a file holds, and so which serializers can store it, is found out in scenario.files.
    Rule(SERIALIZER, ("arrow",), KIND, (*DATAFRAMES, "file")),
    Rule(SERIALIZER, ("default",), KIND, ("bytes", "text", "nested", "file")),
    Rule(SERIALIZER, ("orjson",), KIND, ("text", "nested", "file")),
    Rule(SERIALIZER, ("interop",), KIND, ("bytes", "text", "nested", "file")),
    Rule(COMPRESSION, ("zstd", "lz4"), SERIALIZER, ("arrow", "auto")),
    Rule(RETURN_FORMAT, ("arrow", "polars"), SERIALIZER, ("arrow",)),
    Rule(TIER, ("reference",), BACKEND, _BY_REFERENCE),
    Rule(TIER, ("l1", "l2"), BACKEND, IN_BYTES),
    Rule(BACKEND, _BY_REFERENCE, SERIALIZER, ("none",)),
    Rule(BACKEND, IN_BYTES, SERIALIZER, _FORMATS),
    Rule(BACKEND, _BY_REFERENCE, ENCRYPTION, (False,)),
    # auto guesses the format from the bytes, which cachekit refuses for what was encrypted.
    Rule(ENCRYPTION, (True,), SERIALIZER, ("arrow", "default", "orjson", "interop")),
    Rule(TIER, ("l1", "reference"), L1, (True,)),
    Rule(TIER, ("l1", "reference"), ROUTE, ("memory",)),
    Rule(TIER, ("l1", "reference"), BACKFILL, (False,)),
    Rule(TIER, ("l2",), ROUTE, ("get", "map")),
    Rule(ROUTE, ("map",), BACKEND, ("file",)),
    Rule(ROUTE, ("map",), SERIALIZER, ("arrow",)),
    Rule(ROUTE, ("map",), ENCRYPTION, (False,)),
    Rule(ROUTE, ("map",), ASYNCHRONOUS, (False,)),
    Rule(ROUTE, ("map",), BACKFILL, (False,)),
)

JOINT_RULES = (
    JointRule(((TIER, ("l2",)), (BACKFILL, (False,))), L1, (False,)),
    JointRule(((TIER, ("l2",)), (BACKFILL, (True,))), L1, (True,)),
    JointRule(((SERIALIZER, ("auto",)), (COMPRESSION, ("zstd", "lz4"))), KIND, (*DATAFRAMES, "file")),
)


def broken_rules(settings: Mapping[Key, object]) -> Iterator[Problem]:
    """The rules that the settings break.

    Args:
        settings: the value of each key, defaults included; a key that is invalid in itself is absent,
            and what depends on it isn't examined.
    """
    for rule in RULES:
        if settings.get(rule.given, _INVALID) in rule.values:
            yield from _examined(settings, (rule.given,), rule.key, rule.allowed)
    for joint in JOINT_RULES:
        if all(settings.get(key, _INVALID) in values for key, values in joint.given):
            yield from _examined(settings, [key for key, _ in joint.given], joint.key, joint.allowed)
    if READERS in settings and KEYS in settings:
        allowed = tuple(dict.fromkeys((settings[READERS], 1)))
        yield from _examined(settings, (READERS,), KEYS, allowed)


_INVALID = object()


def _examined(
    settings: Mapping[Key, object], given: Sequence[Key], key: Key, allowed: tuple[object, ...]
) -> Iterator[Problem]:
    if key in settings and settings[key] not in allowed:
        causes = [f"{place(*cause)} is {toml(settings[cause])}" for cause in given]
        remedy = f"remove {key[1]}" if allowed[0] is None else f"write {key[1]} = {toml(allowed[0])}"
        expected = f"{one_of(allowed)} because {' and '.join(causes)}"
        changes = " or ".join(place(*cause) for cause in given)
        yield Problem(place(*key), expected, toml(settings[key]), f"{remedy}, or change {changes}")
