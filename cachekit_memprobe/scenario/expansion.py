"""A run that measures its scenarios more than once: over the axes of a matrix, at several sizes, or both."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.metrics import SMALLEST_PAYLOAD_BYTES
from cachekit_memprobe.model import Limit, Scenario
from cachekit_memprobe.scenario.axes import Axis, spelled
from cachekit_memprobe.scenario.matrix import variants
from cachekit_memprobe.scenario.overrides import with_overrides
from cachekit_memprobe.sweep import Skipped, Sweep, Variant
from cachekit_memprobe.units import parse_bytes

FILE = "file"


@dataclass(frozen=True)
class Size:
    """A logical size as it was written, and in bytes."""

    text: str
    size_bytes: int


def parse_sizes(text: str) -> tuple[Size, ...]:
    """Read ``64MB`` or ``64MB,128MB,256MB``.

    Raises:
        ValueError: one is not a size or too small, or two are the same.
    """
    sizes = tuple(Size("".join(part.split()), parse_bytes(part.strip())) for part in text.split(","))
    for size in sizes:
        if size.size_bytes < SMALLEST_PAYLOAD_BYTES:
            raise ValueError(
                f"{size.text!r} is too small: what a read needs for itself would be most of what is "
                "measured; write 1MB or more"
            )
    if len({size.size_bytes for size in sizes}) < len(sizes):
        raise ValueError(f"{text!r} has a size twice; leave one out")
    return sizes


def expand(
    scenarios: Sequence[Scenario],
    *,
    sizes: Sequence[Size] = (),
    axes: Sequence[Axis] = (),
    limits: tuple[Limit, ...] = (),
    predict_bytes: tuple[int, ...] = (),
) -> tuple[tuple[Scenario, ...], Sweep]:
    """The scenarios to measure, and how they were multiplied.

    Args:
        sizes: one changes the size of each scenario, several make a scenario of each.
        axes: of a matrix; its variants have the budget ``limits``.
        limits: replace or add to the scenarios' own, which hold at every size.
        predict_bytes: sizes to predict from those that are measured.

    Raises:
        UsageError: there is nothing to predict from, a file's data would have to have another size, or no
            combination of the axes is possible.
    """
    if predict_bytes and len(sizes) < 2:
        raise UsageError("--predict needs several sizes to predict from, such as --size 64MB,128MB,256MB")
    _refuse_sizes_of_files(scenarios, sizes)
    if any(axis.name == "kind" for axis in axes):
        _refuse_kinds_of_files(scenarios)
    combined = _matrix(scenarios, axes, limits)
    possible = [entry for entry in combined if isinstance(entry, Scenario)]
    skipped = tuple(entry for entry in combined if isinstance(entry, Skipped))
    if not possible:
        raise UsageError(_impossible(skipped))
    sweep = Sweep(
        sizes=tuple(size.text for size in sizes) if len(sizes) > 1 else (),
        axes={axis.name: tuple(map(spelled, axis.values)) for axis in axes},
        skipped=skipped,
        without_budget=tuple(
            scenario.name for scenario in scenarios if axes and scenario.budget and not limits
        ),
        predict_bytes=predict_bytes,
    )
    return tuple(sized for scenario in possible for sized in _sized(scenario, sizes)), sweep


def _matrix(
    scenarios: Iterable[Scenario], axes: Sequence[Axis], limits: tuple[Limit, ...]
) -> list[Scenario | Skipped]:
    if not axes:
        return [with_overrides(scenario, limits=limits) for scenario in scenarios]
    return [entry for scenario in scenarios for entry in variants(scenario, axes, limits)]


def _sized(scenario: Scenario, sizes: Sequence[Size]) -> Iterator[Scenario]:
    if len(sizes) < 2:
        yield with_overrides(scenario, size_bytes=sizes[0].size_bytes if sizes else None)
        return
    for size in sizes:
        origin = scenario.variant or Variant(of=scenario.name)
        yield replace(
            with_overrides(scenario, size_bytes=size.size_bytes),
            name=f"{scenario.name}@{size.text}",
            variant=replace(origin, size=size.text),
        )


def _refuse_sizes_of_files(scenarios: Iterable[Scenario], sizes: Sequence[Size]) -> None:
    for scenario in scenarios:
        if sizes and scenario.value.kind == FILE:
            raise UsageError(
                f"--size: {scenario.name} caches the data of a file, which has the size that it has; "
                "leave out --size, or give files of several sizes, one run each"
            )


def _refuse_kinds_of_files(scenarios: Iterable[Scenario]) -> None:
    for scenario in scenarios:
        if scenario.value.kind == FILE:
            raise UsageError(f"--matrix kind: {scenario.name} caches the data of a file; leave that axis out")


def _impossible(skipped: Iterable[Skipped]) -> str:
    reasons = (
        f"  {entry.of} with {' '.join(f'{key}={value}' for key, value in entry.axes.items())}: {entry.reason}"
        for entry in skipped
    )
    return "\n".join(["no combination of --matrix is a read that cachekit can do:", *reasons])
