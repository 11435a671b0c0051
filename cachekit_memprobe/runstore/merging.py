"""The run folders of several shards as one.

Each is data from another machine: it is validated as whenever it is loaded, and nothing else is copied.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, is_dataclass, replace
from pathlib import Path
from typing import Any

from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.child.seen import MemraySeen
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.model import Measurement, RunOptions
from cachekit_memprobe.runstore import loading
from cachekit_memprobe.runstore.folder import RunFolder, check_unused
from cachekit_memprobe.runstore.saved import SavedRun
from cachekit_memprobe.sweep import Shard

_PLATFORM = "platform"
_LONGEST = 60
_SOME = 3


@dataclass(frozen=True)
class _Part:
    """The run folder of a shard."""

    folder: Path
    saved: SavedRun
    shard: Shard

    @property
    def name(self) -> str:
        return printable(self.folder)


def merge(folders: Sequence[RunFolder], out: Path | None) -> RunFolder:
    """A new run folder with the scenarios of all shards; what no shard has measured is said to be missing.

    Raises:
        UsageError: a folder is none of a shard or is broken, they don't belong together, or ``out`` can't be
            used.
        MemprobeError: the new one can't be written.
    """
    check_unused(out)
    parts = [_part_of(folder) for folder in folders]
    _refuse_others(parts)
    _refuse_twice(parts)
    merged = RunFolder.create(out)
    first = parts[0]
    measured_by = {name: part for part in parts for name in part.saved.scenarios}
    why = _why_missing([part.shard.number for part in parts], first.shard.count)
    for name in first.shard.names:
        part = measured_by.get(name)
        missing = Measurement.failed(loading.named(name), why)
        merged.save_measurement(_taken(part, name, merged) if part else missing)
    merged.write_run(_whole(parts))
    return merged


def _part_of(folder: RunFolder) -> _Part:
    saved = loading.run_in(folder.path)
    if saved.shard is None:
        raise UsageError(
            f"{printable(folder.path)} is no shard: it was measured without --shard, and has nothing to be "
            "merged with"
        )
    return _Part(folder.path, saved, saved.shard)


def _refuse_others(parts: Sequence[_Part]) -> None:
    """What differs would be lost: the merged run says it once."""
    first, *others = parts
    one = dict(_telling(first))
    for part in others:
        for key, value in _telling(part):
            if value != one[key]:
                raise UsageError(
                    f"{first.name} and {part.name} are no shards of one run, as {key} differs: "
                    f"{_difference(one[key], value)}; measure them again in the same way"
                )


def _telling(part: _Part) -> Iterator[tuple[str, Any]]:
    """What shards of one run have in common, by words for it."""
    saved = part.saved
    yield "the version of cachekit-memprobe", saved.tool_version
    yield "the schema", saved.schema_version
    yield "the cachekit that was asked for", saved.target.spec
    versions = {name: version for name, version in saved.target.versions.items() if name != _PLATFORM}
    yield "the version of cachekit", versions.pop("cachekit", "")
    yield "what was measured with", versions
    yield "the number of shards", part.shard.count
    yield "what is measured in all of them", part.shard.names
    yield "how it was measured", _of_figures(saved.options)
    yield "how the scenarios were multiplied", saved.sweep
    yield "what was asked for", saved.request


def _of_figures(options: RunOptions) -> RunOptions:
    """Without what no figure depends on."""
    return replace(options, jobs=1, timeout_s=1.0)


def _difference(one: Any, other: Any) -> str:
    """``rss and memray``, or of what has names those that differ: ``pandas 2.3.3 and 3.0.0``."""
    if is_dataclass(one) and is_dataclass(other):
        one, other = vars(one), vars(other)
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return f"{_shown(one)} and {_shown(other)}"
    names = [name for name in {**one, **other} if one.get(name) != other.get(name)]
    return ", ".join(
        f"{name} {_shown(one.get(name))} and {_shown(other.get(name))}" for name in names[:_SOME]
    )


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    words = printable(", ".join(map(str, value)) if isinstance(value, tuple) else str(value))
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}..."


def _refuse_twice(parts: Sequence[_Part]) -> None:
    numbers: dict[int, _Part] = {}
    names: dict[str, _Part] = {}
    for part in parts:
        if (other := numbers.setdefault(part.shard.number, part)) is not part:
            raise UsageError(
                f"{other.name} and {part.name} are both shard {part.shard.words}; name one of them"
            )
        for name in part.saved.scenarios:
            if (other := names.setdefault(name, part)) is not part:
                raise UsageError(
                    f"{other.name} and {part.name} have both measured {printable(name)}: they were not split "
                    "by the same costs; give all shards the same --shard-costs, or none"
                )


def _why_missing(numbers: Sequence[int], count: int) -> str:
    absent = [str(number) for number in range(1, count + 1) if number not in numbers]
    if not absent:
        return "no shard has measured it: they were not split by the same costs"
    *others, last = absent
    which = (
        f"shards {', '.join(others)} and {last} of {count} are" if others else f"shard {last} of {count} is"
    )
    return f"{which} missing"


def _taken(part: _Part, name: str, merged: RunFolder) -> Measurement:
    """A measurement of a shard, its captures copied."""
    measurement = loading.measurement_in(part.folder, name, part.saved)
    seen = measurement.seen.memray
    if seen is None:
        return measurement
    merged.capture_of(name)  # makes the folder
    memray = _with_capture(seen, part.folder, merged.path)
    if seen.second:
        memray = replace(memray, second=_with_capture(seen.second, part.folder, merged.path))
    return replace(measurement, seen=replace(measurement.seen, memray=memray))


def _with_capture(seen: MemraySeen, folder: Path, into: Path) -> MemraySeen:
    loading.copy_capture(folder, seen.capture, into)
    return replace(seen, capture=str(into / seen.capture))


def _whole(parts: Sequence[_Part]) -> SavedRun:
    """What the merged run says of itself. Machines may have different kernels: all are named."""
    first = parts[0].saved
    platforms = dict.fromkeys(part.saved.target.versions.get(_PLATFORM, "") for part in parts)
    named = " and ".join(filter(None, platforms))
    versions = {**first.target.versions, **({_PLATFORM: named} if named else {})}
    return replace(
        first,
        created=min(part.saved.created for part in parts),
        target=replace(first.target, versions=versions),
        scenarios=parts[0].shard.names,
        shard=None,
    )
