"""What one key of a scenario demands of another: the reads that cachekit can do.

What the user's own data demands is in its file, which is looked at here, and not loaded.
"""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cachekit_memprobe import datafiles
from cachekit_memprobe.child import datafile
from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.scenario.problems import Key, Phrase, Problem, Setting, Write

KIND: Key = ("value", "kind")
SIZE: Key = ("value", "size")
SEED: Key = ("value", "seed")
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

OWN_DATA = "file"
"""The kind that is the user's own data."""

_OTHERS = ("series", "ndarray", "bytes", "text", "nested")
_BY_REFERENCE = ("none", "local")
IN_BYTES = ("file", "redis", "memcached", "cachekitio")
"""The backends that store frames."""

_FORMATS = ("arrow", "default", "auto", "orjson", "interop")

RULES = (
    Rule(KIND, (*_OTHERS, OWN_DATA), COLUMNS, (None,)),
    Rule(KIND, (*DATAFRAMES, *_OTHERS), FILE, (None,)),
    # Which serializers can store own data is found out from its file: see file_problems.
    Rule(SERIALIZER, ("arrow",), KIND, (*DATAFRAMES, OWN_DATA)),
    Rule(SERIALIZER, ("default",), KIND, ("bytes", "text", "nested", OWN_DATA)),
    Rule(SERIALIZER, ("orjson",), KIND, ("text", "nested", OWN_DATA)),
    Rule(SERIALIZER, ("interop",), KIND, ("bytes", "text", "nested", OWN_DATA)),
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
    # cachekit maps Arrow frames only, which hold tables.
    Rule(KIND, _OTHERS, ROUTE, ("get", "memory")),
    Rule(ROUTE, ("map",), SERIALIZER, ("arrow",)),
    Rule(ROUTE, ("map",), ENCRYPTION, (False,)),
    Rule(ROUTE, ("map",), ASYNCHRONOUS, (False,)),
    Rule(ROUTE, ("map",), BACKFILL, (False,)),
)

JOINT_RULES = (
    JointRule(((TIER, ("l2",)), (BACKFILL, (False,))), L1, (False,)),
    JointRule(((TIER, ("l2",)), (BACKFILL, (True,))), L1, (True,)),
    JointRule(((SERIALIZER, ("auto",)), (COMPRESSION, ("zstd", "lz4"))), KIND, (*DATAFRAMES, OWN_DATA)),
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
            yield from _examined(settings, tuple(key for key, _ in joint.given), joint.key, joint.allowed)
    if READERS in settings and KEYS in settings:
        allowed = tuple(dict.fromkeys((settings[READERS], 1)))
        yield from _examined(settings, (READERS,), KEYS, allowed)


def file_problems(document: Mapping[str, Any], folder: Path) -> Iterator[Problem]:
    """What is wrong with the user's own data, or with how it is cached; nothing for other values.

    Args:
        document: it may be wrong elsewhere, too.
        folder: of the scenario.
    """
    value, cache, read = (document.get(table) for table in ("value", "cache", "read"))
    if not isinstance(value, dict) or value.get("kind") != OWN_DATA:
        return
    because = (Setting(KIND, OWN_DATA),)
    for key in (SIZE, SEED):
        if key[1] in value:
            remedy = f"remove {key[1]}: the data of a file is taken as it is"
            yield Problem(key, (None,), value[key[1]], remedy, because)
    file = value.get("file")
    if file is None:
        yield Problem(FILE, "the path of a data file", None, Write(FILE, "prices.parquet"), because)
    elif isinstance(file, str) and file.isprintable():
        yield from _content_problems(located(file, folder), _table(cache), _table(read))


def without_consequences(problems: Iterable[Problem]) -> Iterator[Problem]:
    """The problems but the serializer that a mapped read asks for, where the value can't be mapped at all."""
    found = list(problems)
    no_map = any(problem.key == ROUTE and not _is_because_of(TIER, problem) for problem in found)
    for problem in found:
        if not (no_map and problem.key == SERIALIZER and _is_because_of(ROUTE, problem)):
            yield problem


def _is_because_of(key: Key, problem: Problem) -> bool:
    return any(isinstance(cause, Setting) and cause.key == key for cause in problem.because)


def located(file: str, folder: Path) -> Path:
    """The absolute path of a file that a scenario in ``folder`` names."""
    path = Path(file)
    with contextlib.suppress(RuntimeError):  # ~nosuchuser stays a name, of which there is no file
        path = path.expanduser()
    return (folder / path).absolute()


_INVALID = object()


def _table(found: object) -> Mapping[str, Any]:
    return found if isinstance(found, dict) else {}


def _examined(
    settings: Mapping[Key, object], given: tuple[Key, ...], key: Key, allowed: tuple[object, ...]
) -> Iterator[Problem]:
    if key in settings and settings[key] not in allowed:
        causes = tuple(Setting(cause, settings[cause]) for cause in given)
        yield Problem(key, allowed, settings[key], Write(key, allowed[0], change=given), causes)


def _content_problems(path: Path, cache: Mapping[str, Any], read: Mapping[str, Any]) -> Iterator[Problem]:
    try:
        content = datafiles.format_of(path).content
    except datafile.DataFileError as error:
        yield Problem(FILE, error.expected, Phrase(f"{printable(path.name)}: {error.found}"), error.remedy)
        return
    if cache.get("serializer") == "none":
        # A cache by reference takes any value.
        return
    because = f"{printable(path.name)} holds {datafile.IN_WORDS[content]}"
    if content != "table" and read.get("route") == "map":
        arrow_only = f"{because}, and cachekit maps Arrow frames only"
        yield Problem(
            ROUTE, ("get",), "map", Write(ROUTE, "get", otherwise="name another file"), (arrow_only,)
        )
    demands = {SERIALIZER: datafile.SERIALIZERS[content]}
    if content != "table":
        demands[COMPRESSION] = ("none",)
    for key, allowed in demands.items():
        found = cache.get(key[1])
        if isinstance(found, str) and found not in allowed:
            remedy = Write(key, allowed[0], otherwise="name another file")
            yield Problem(key, allowed, found, remedy, (because,))
