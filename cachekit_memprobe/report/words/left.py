"""How the scenarios of a report were multiplied, which may be some of a run only."""

from collections.abc import Iterator, Mapping

from cachekit_memprobe.model import Run
from cachekit_memprobe.sweep import Variant


def sizes_left(run: Run) -> tuple[str, ...]:
    """The sizes of the sweep that there are scenarios of."""
    if not _are_known(run):
        return run.sweep.sizes
    found = {variant.size for variant in _variants(run)}
    return tuple(size for size in run.sweep.sizes if size in found)


def axes_left(run: Run) -> Mapping[str, tuple[str, ...]]:
    """The axes with the values that there are scenarios of, or that were skipped."""
    if not _are_known(run):
        return run.sweep.axes
    combined = [*(one.axes for one in _variants(run)), *(one.axes for one in run.sweep.skipped)]
    return {
        axis: tuple(value for value in values if any(one.get(axis) == value for one in combined))
        for axis, values in run.sweep.axes.items()
    }


def _are_known(run: Run) -> bool:
    """Not if the files of one can't be read: it may be of any size."""
    return bool(run.scenarios) and all(scenario.variant for scenario in run.scenarios)


def _variants(run: Run) -> Iterator[Variant]:
    return (scenario.variant for scenario in run.scenarios if scenario.variant)
