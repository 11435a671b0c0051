"""What the command line makes of a scenario: one with another size or other limits, or several.

Several are made over the axes of a matrix, at several sizes, or both.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from math import prod

from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.metrics import SMALLEST_JUDGED_BYTES, SMALLEST_PAYLOAD_BYTES
from cachekit_memprobe.model import Limit, Scenario
from cachekit_memprobe.scenario.matrix import Axis, variants
from cachekit_memprobe.scenario.problems import listed
from cachekit_memprobe.scenario.rules import KIND, OWN_DATA
from cachekit_memprobe.scenario.sizes import Asked, Size
from cachekit_memprobe.sweep import Skipped, Sweep, Variant
from cachekit_memprobe.units import format_bytes

BUNDLED = "bundled:"
"""What the source of a bundled scenario begins with."""

_MOST = 1000
_NOTHING_ASKED = Asked()


def expand(
    scenarios: Sequence[Scenario],
    *,
    sizes: Sequence[Size] = (),
    axes: Sequence[Axis] = (),
    limits: tuple[Limit, ...] = (),
    predict: Asked = _NOTHING_ASKED,
) -> tuple[tuple[Scenario, ...], Sweep]:
    """The scenarios to measure, and how they were multiplied.

    Args:
        sizes: one changes the size of each scenario, several make a scenario of each.
        axes: of a matrix; its variants have the budget ``limits``.
        limits: replace or add to the scenarios' own, which hold at every size.
        predict: what to predict from the sizes that are measured.

    Raises:
        UsageError: they are too many, there is nothing to predict from, a file's data would have to have a
            size in bytes, a size is too small for the limits, or no combination of the axes is possible.
    """
    _refuse_what_is_fixed(scenarios, sizes, axes, predict)
    if not axes:  # whose variants have none of the scenarios' limits
        _refuse_what_is_too_small(scenarios, sizes)
    _refuse_too_many(len(scenarios), sizes, axes)
    predict_bytes, predict_rows = predict.of(scenarios)
    combined = _combined(scenarios, axes, limits)
    possible = [entry for entry in combined if isinstance(entry, Scenario)]
    skipped = tuple(entry for entry in combined if isinstance(entry, Skipped))
    if not possible:
        raise UsageError(_impossible(skipped))
    left_aside = [scenario.name for scenario in scenarios if axes and scenario.budget and not limits]
    sweep = Sweep(
        sizes=tuple(size.text for size in sizes) if len(sizes) > 1 else (),
        axes={axis.name: axis.labels for axis in axes},
        skipped=skipped,
        without_budget=tuple(left_aside),
        predict_bytes=predict_bytes,
        predict_rows=predict_rows,
    )
    return tuple(sized for scenario in possible for sized in _sized(scenario, sizes)), sweep


def with_overrides(
    scenario: Scenario, *, size_bytes: int | None = None, limits: Sequence[Limit] = ()
) -> Scenario:
    """A scenario with another size, or with other limits.

    Args:
        scenario: stays as it is.
        size_bytes: the value's logical size; the scenario's own when ``None``.
        limits: each replaces the limits of the same metric, or is added; of two for one metric, the last.

    Raises:
        ValueError: the size is not positive.
    """
    if size_bytes is not None and size_bytes <= 0:
        raise ValueError(f"{size_bytes} is not a positive size")
    logical_bytes = scenario.value.logical_bytes if size_bytes is None else size_bytes
    budget: dict[str, list[Limit]] = {}
    for limit in scenario.budget:
        budget.setdefault(limit.metric, []).append(limit)
    budget |= {limit.metric: [limit] for limit in limits}
    return replace(
        scenario,
        value=replace(scenario.value, logical_bytes=logical_bytes),
        budget=tuple(limit for of_metric in budget.values() for limit in of_metric),
    )


def _refuse_what_is_fixed(
    scenarios: Iterable[Scenario], sizes: Sequence[Size], axes: Iterable[Axis], predict: Asked
) -> None:
    of_files = [scenario.name for scenario in scenarios if scenario.value.kind == OWN_DATA]
    if predict and len(sizes) < 2:
        example = "50%,100%,200%" if of_files else "64MB,128MB,256MB"
        raise UsageError(f"--predict needs several sizes to predict from, such as --size {example}")
    called = [scenario.name for scenario in scenarios if scenario.value.call]
    if called and sizes:
        raise UsageError(
            f"--size: {called[0]} calls a function, which decides on the size itself; change its arguments"
        )
    if called and axes:
        raise UsageError(
            f"--matrix: how the value of {called[0]} is cached is in its code; change it there, and compare "
            "the runs"
        )
    if of_files and any(size.share is None for size in sizes):
        raise UsageError(
            f"--size: {of_files[0]} caches the data of a file, of which a percentage of the rows can be "
            "taken; write --size 50%,100%,200%"
        )
    if of_files and any(axis.key == KIND for axis in axes):
        raise UsageError(
            f"--matrix kind: {of_files[0]} caches the data of a file, whose kind is fixed; "
            "leave that axis out"
        )


def _refuse_too_many(scenarios: int, sizes: Sequence[Size], axes: Sequence[Axis]) -> None:
    count = scenarios * max(1, len(sizes)) * prod(len(axis.values) for axis in axes)
    if count > _MOST:
        raise UsageError(
            f"--matrix and --size make {count:,} scenarios, which would take hours; leave out values, so "
            f"that they make {_MOST:,} at most"
        )


def _refuse_what_is_too_small(scenarios: Iterable[Scenario], sizes: Sequence[Size]) -> None:
    """A bundled scenario would fail by what every read takes besides."""
    for scenario in scenarios:
        smallest_bytes = min(SMALLEST_JUDGED_BYTES, scenario.value.logical_bytes)
        for size in sizes:
            size_bytes = size.of(scenario.value.logical_bytes)
            if scenario.source.startswith(BUNDLED) and scenario.budget and size_bytes < smallest_bytes:
                raise UsageError(
                    f"--size {size.text}: the limits of {scenario.name} hold from "
                    f"{format_bytes(smallest_bytes)} on, as what any read takes besides is about 1 MB; give "
                    "that or more, or a scenario file of your own with other limits (cachekit-memprobe init)"
                )


def _combined(
    scenarios: Iterable[Scenario], axes: Sequence[Axis], limits: tuple[Limit, ...]
) -> list[Scenario | Skipped]:
    if not axes:
        return [with_overrides(scenario, limits=limits) for scenario in scenarios]
    return [entry for scenario in scenarios for entry in variants(scenario, axes, limits)]


def _sized(scenario: Scenario, sizes: Sequence[Size]) -> Iterator[Scenario]:
    if len(sizes) < 2:
        yield _of_size(scenario, sizes[0]) if sizes else scenario
        return
    for size in sizes:
        origin = scenario.variant or Variant(of=scenario.name)
        yield replace(
            _of_size(scenario, size),
            name=f"{scenario.name}@{size.text}",
            variant=replace(origin, size=size.text),
        )


def _of_size(scenario: Scenario, size: Size) -> Scenario:
    if scenario.value.kind == OWN_DATA:
        # How large that is shows when the file is loaded.
        return replace(scenario, value=replace(scenario.value, share=size.share or 1.0))
    size_bytes = size.of(scenario.value.logical_bytes)
    if size_bytes < SMALLEST_PAYLOAD_BYTES:
        raise UsageError(f"--size {size.text} of {scenario.name} is too small; take 1MB or more")
    return with_overrides(scenario, size_bytes=size_bytes)


def _impossible(skipped: Iterable[Skipped]) -> str:
    reasons = [
        f"  {entry.of} with {' '.join(f'{key}={value}' for key, value in entry.axes.items())}: {entry.reason}"
        for entry in skipped
    ]
    return "\n".join(["no combination of --matrix is a read that cachekit can do:", *listed(reasons)])
