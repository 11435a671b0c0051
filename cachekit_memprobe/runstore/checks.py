"""What the types of saved records don't say: which key is wrong nevertheless, and what is wrong with it."""

from collections import Counter
from collections.abc import Iterator, Sequence

from cachekit_memprobe.child.seen import MemraySeen, ReadFigures, RssSeen, Seen
from cachekit_memprobe.child.task import MOST_READERS
from cachekit_memprobe.metrics import NAMES, RSS_NOISE_BYTES
from cachekit_memprobe.model import Scenario
from cachekit_memprobe.runstore.saved import SCHEMA_VERSION, SavedMeasurement, SavedRun

Problems = Iterator[tuple[str, str]]
"""Each a key and what is wrong there."""

_MOST_NAMES = 10_000
"""Ten times what a command line may come to."""
_MOST_AXES = 16
"""More than a scenario has keys that a matrix can vary."""


def is_file_name(name: str) -> bool:
    """Whether something may be the name of a file in its folder."""
    return name not in ("", ".", "..") and not any(character in name for character in "/\\\0")


def of_run(saved: SavedRun) -> Problems:
    """What is wrong with ``run.json``."""
    if not 1 <= saved.schema_version <= SCHEMA_VERSION:
        yield "schema_version", f"{saved.schema_version} is not one of 1 to {SCHEMA_VERSION}"
    if "cachekit" not in saved.target.versions:
        yield "target.versions.cachekit", "it is missing"
    yield from _no_file_names("scenarios", saved.scenarios)
    yield from _twice("scenarios", saved.scenarios)
    for key, sizes in (
        ("predict_bytes", saved.sweep.predict_bytes),
        ("predict_rows", saved.sweep.predict_rows),
    ):
        if 0 in sizes:
            yield f"sweep.{key}", "0 is nothing to predict"
    yield from _of_shard(saved)
    if saved.request and not saved.request.is_bounded:
        yield "request", "it is longer than any that was saved"
    if len(saved.sweep.axes) > _MOST_AXES:
        yield "sweep.axes", f"there are more than {_MOST_AXES}"
    for number, skipped in enumerate(saved.sweep.skipped):
        if len(skipped.axes) > _MOST_AXES:
            yield f"sweep.skipped.{number}.axes", f"there are more than {_MOST_AXES}"


def _of_shard(saved: SavedRun) -> Problems:
    if saved.shard is None:
        return
    count = saved.shard.count
    if not 1 <= count <= len(saved.shard.names):
        yield "shard.count", f"{count} is not one of 1 to the number of scenarios, {len(saved.shard.names)}"
    if not 1 <= saved.shard.number <= count:
        yield "shard.number", f"{saved.shard.number} is not one of 1 to {count}"
    if len(saved.shard.names) > _MOST_NAMES:
        yield "shard.names", f"there are more than {_MOST_NAMES}"
    yield from _no_file_names("shard.names", saved.shard.names)
    yield from _twice("shard.names", saved.shard.names)
    for number, name in enumerate(saved.scenarios):
        if name not in saved.shard.names:
            yield f"scenarios.{number}", f"{name!r} is none of shard.names"


def of_measurement(saved: SavedMeasurement, name: str, run: SavedRun) -> Problems:
    """What is wrong with the ``measurement.json`` of a scenario."""
    if saved.scenario.name != name:
        yield "scenario.name", f"{saved.scenario.name!r} in the folder of {name!r}"
    if saved.payload and saved.payload.logical_bytes <= 0:
        yield "payload.logical_bytes", "not a positive size"
    if saved.applies and saved.reason is None and saved.payload is None:
        yield "payload", "it is missing, although nothing says why nothing was measured"
    yield from _of_scenario(saved.scenario, run)
    for number, file in enumerate(saved.observations):
        if not is_file_name(file):
            yield f"observations.{number}", f"{file!r} is not the name of a file"
    yield from _twice("observations", saved.observations)


def _of_scenario(scenario: Scenario, run: SavedRun) -> Problems:
    for key, count in (("readers", scenario.read.readers), ("keys", scenario.read.keys)):
        if not 1 <= count <= MOST_READERS:
            yield f"scenario.read.{key}", f"{count} is not one of 1 to {MOST_READERS}"
    for number, limit in enumerate(scenario.budget):
        if limit.metric not in NAMES:
            yield f"scenario.budget.{number}.metric", f"{limit.metric!r} is not a metric"
        if (limit.payloads is None) == (limit.size_bytes is None):
            yield f"scenario.budget.{number}", "exactly one of payloads and size_bytes has to be set"
    axes = scenario.variant.axes if scenario.variant else {}
    if run.sweep.axes and axes.keys() != run.sweep.axes.keys():
        wanted = ", ".join(run.sweep.axes)
        yield "scenario.variant.axes", f"they have to be those of the run, {wanted}"
    if run.sweep.sizes and (scenario.variant is None or scenario.variant.size not in run.sweep.sizes):
        yield "scenario.variant.size", f"it has to be one of the run's, {', '.join(run.sweep.sizes)}"


def of_seen(seen: Seen) -> Problems:
    """What is wrong with an observation."""
    if isinstance(seen, RssSeen):
        yield from _of_rss(seen)
    if isinstance(seen, MemraySeen):
        for key, one in (("", seen), ("second.", seen.second)):
            if one is not None and one.marks < 1:
                yield f"{key}marks", "there have to be some"


def _of_rss(seen: RssSeen) -> Problems:
    if not seen.reads:
        yield "reads", "there are none"
    for number, read in enumerate(seen.reads):
        for key, problem in _of_read(read, seen.reads[0]):
            yield f"reads.{number}.{key}", problem


def _of_read(read: ReadFigures, first: ReadFigures) -> Problems:
    """A difference may be negative, but what it is added to has to be as large."""
    if read.peak_bytes < -RSS_NOISE_BYTES:
        yield "peak_bytes", "a peak can't be below what there was before the read"
    if first.baseline_bytes + read.settled_bytes < 0:
        yield "settled_bytes", "less can't have stayed than nothing"
    if read.baseline_anon_bytes is not None:
        if read.baseline_anon_bytes > read.baseline_bytes:
            yield "baseline_anon_bytes", "a part can't be larger than the whole, baseline_bytes"
        if read.baseline_anon_bytes + read.anon_bytes < 0:
            yield "anon_bytes", "less can't have been resident than nothing"


def _no_file_names(key: str, names: Sequence[str]) -> Problems:
    for number, name in enumerate(names):
        if not is_file_name(name):
            yield f"{key}.{number}", f"{name!r} can't be the name of a scenario: it is no file name"


def _twice(key: str, names: Sequence[str]) -> Problems:
    for name, count in Counter(names).items():
        if count > 1:
            yield f"{key}.{names.index(name, names.index(name) + 1)}", f"{name!r} stands there twice"
