"""A value that is the user's own data: its file is looked at, not loaded, when a scenario is read."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cachekit_memprobe import datafile
from cachekit_memprobe.scenario.problems import Problem, one_of, place, toml

KIND = "file"
_BECAUSE = 'because [value] kind is "file"'
_MADE_ONLY = ("size", "seed")


def located(file: str, folder: Path) -> Path:
    """The absolute path of a file that a scenario in ``folder`` names."""
    return (folder / Path(file).expanduser()).absolute()


def file_problems(document: Mapping[str, Any], folder: Path) -> Iterator[Problem]:
    """What is wrong with a value of the kind ``file``; nothing for the other kinds.

    Args:
        document: it may be wrong elsewhere, too.
        folder: of the scenario.
    """
    value, cache = document.get("value"), document.get("cache")
    if not isinstance(value, dict) or value.get("kind") != KIND:
        return
    for key in _MADE_ONLY:
        if key in value:
            remedy = f"remove {key}: the data has its own"
            yield Problem(place("value", key), f"nothing {_BECAUSE}", toml(value[key]), remedy)
    file = value.get("file")
    if file is None:
        remedy = 'write file = "prices.parquet"'
        yield Problem(place("value", "file"), f"the path of a data file {_BECAUSE}", toml(file), remedy)
    elif isinstance(file, str):
        yield from _content_problems(located(file, folder), cache if isinstance(cache, dict) else {})


def _content_problems(path: Path, cache: Mapping[str, Any]) -> Iterator[Problem]:
    try:
        content = datafile.format_of(path).content
    except datafile.DataFileError as error:
        yield Problem(place("value", "file"), error.expected, f"{path.name}: {error.found}", error.remedy)
        return
    if cache.get("serializer") == "none":
        # A cache by reference takes any value.
        return
    able = datafile.SERIALIZERS[content]
    compressed = ("none",) if content != "table" else None
    for key, allowed in (("serializer", able), ("compression", compressed)):
        if allowed and isinstance(cache.get(key), str) and cache[key] not in allowed:
            expected = f"{one_of(allowed)} because {path.name} holds {datafile.IN_WORDS[content]}"
            remedy = f"write {key} = {toml(allowed[0])}, or name another file"
            yield Problem(place("cache", key), expected, toml(cache[key]), remedy)
