"""Which memory of a read only the garbage collector gives back: reference cycles lead to it."""

import gc
import types
import weakref
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cachekit_memprobe.child.probes.regions import Regions
from cachekit_memprobe.child.probes.staged import package_folder
from cachekit_memprobe.child.resolve import Watched
from cachekit_memprobe.child.seen import Cycle
from cachekit_memprobe.child.stages import OTHER, Place
from cachekit_memprobe.child.tracer import StageTracer

_MOST_TYPES = 4
_SAYING_NOTHING = ("dict", "tuple", "cell", "method")
"""What an instance or a function has its parts in."""
_LIBRARIES = ("builtins", "numpy", "pandas", "pyarrow", "polars", "mmap")
"""Whose objects have memory that can be looked at without running anybody's code."""
_MODULES = (types.ModuleType, type)

Graph = Mapping[int, Sequence[int]]
"""By an object's id, the ids of objects that it refers to, or that refer to it."""


def cycles_around(regions: Regions, places: Mapping[int, Place], tracer: StageTracer) -> tuple[Cycle, ...]:
    """What leads to the read's memory although nothing leads there itself; after the value was dropped.

    Args:
        places: where the memory was made that begins at an address.
    """
    garbage = _garbage(regions)
    known = {id(thing): thing for thing in garbage}
    refers_to = {id(thing): [id(part) for part in _parts_of(thing)] for thing in garbage}
    leaves = {id(part): part for thing in garbage for part in _parts_of(thing)}
    sizes, leading = _memory_of({**leaves, **known}, regions, places)
    circle = _circle(refers_to, _leading_to(leading, refers_to) if leading else _not_ours(garbage))
    if not circle:
        return ()
    things = [known[one] for one in refers_to if one in circle]
    common = _common_names(things)
    through = _through(things, tracer)
    if not sizes:
        return (Cycle(common, 0, None, through),)
    return tuple(Cycle(common, size_bytes, place, through) for place, size_bytes in sizes.items())


def _garbage(regions: Regions) -> list[Any]:
    """All that the collector would give back now; it does so once this list is gone.

    What the regions keep alive may be part of a cycle itself, and isn't garbage as long as they do.
    """
    lent = [weakref.ref(owner) for owner in regions.owners if _can_be_lent(owner)]
    regions.owners[:] = [owner for owner in regions.owners if not _can_be_lent(owner)]
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
        garbage = list(gc.garbage)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
    regions.owners += [owner for ref in lent if (owner := ref()) is not None]
    return garbage


def _not_ours(garbage: Iterable[Any]) -> set[int]:
    """Without the tracer's functions, which refer to themselves."""
    ours = f"{__name__.partition('.')[0]}."
    return {id(thing) for thing in garbage if not str(getattr(thing, "__module__", "")).startswith(ours)}


def _can_be_lent(owner: Any) -> bool:
    return gc.is_tracked(owner) and type(owner).__weakrefoffset__ != 0


def _parts_of(thing: Any) -> list[Any]:
    return [part for part in gc.get_referents(thing) if not isinstance(part, _MODULES)]


def _memory_of(
    things: Mapping[int, Any], regions: Regions, places: Mapping[int, Place]
) -> tuple[dict[Place | None, int], list[int]]:
    """The read's memory in which objects keep data, by where it was made; and the ids of these objects."""
    resident = {regions.number_of(span) for thing in regions.resident for span in regions.spans_of(thing)}
    numbers: dict[int, None] = {}
    leading = []
    for one, thing in things.items():
        for number in _regions_of(thing, regions):
            if number is not None and number not in resident:
                numbers[number] = None
                leading.append(one)
    sizes: dict[Place | None, int] = {}
    for number in numbers:
        region = regions.known[number]
        place = places.get(region.start)
        sizes[place] = sizes.get(place, 0) + region.size_bytes
    return sizes, leading


def _regions_of(thing: Any, regions: Regions) -> list[int | None]:
    if type(thing).__module__.partition(".")[0] not in _LIBRARIES:
        return []
    try:
        return [regions.number_of(span) for span in regions.spans_of(thing)]
    except ValueError:  # a view that was released
        return []


def _leading_to(ends: Iterable[int], refers_to: Graph) -> set[int]:
    """The objects that lead to some of them."""
    referrers: dict[int, list[int]] = {}
    for one, parts in refers_to.items():
        for part in parts:
            referrers.setdefault(part, []).append(one)
    found = set(ends)
    pending = list(found)
    while pending:
        for referrer in referrers.get(pending.pop(), ()):
            if referrer not in found:
                found.add(referrer)
                pending.append(referrer)
    return found


def _circle(refers_to: Graph, among: set[int]) -> set[int]:
    """Those that are left without what nothing refers to, and what refers to nothing, again and again."""
    left = among & set(refers_to)
    for graph in (refers_to, _reversed(refers_to)):
        counts = {one: sum(part in left for part in graph.get(one, ())) for one in left}
        backwards = _reversed(graph)
        pending = [one for one in left if not counts[one]]
        while pending:
            one = pending.pop()
            left.discard(one)
            for referrer in backwards.get(one, ()):
                if referrer in left:
                    counts[referrer] -= 1
                    if not counts[referrer]:
                        pending.append(referrer)
    return left


def _reversed(graph: Graph) -> Graph:
    turned: dict[int, list[int]] = {}
    for one, parts in graph.items():
        for part in parts:
            turned.setdefault(part, []).append(one)
    return turned


def _common_names(things: Iterable[Any]) -> tuple[str, ...]:
    """Of the types, the most frequent first; those that say something, if there are any."""
    names = [name for name, _ in Counter(map(_name_of, things)).most_common()]
    telling = [name for name in names if name not in _SAYING_NOTHING]
    return tuple((telling or names)[:_MOST_TYPES])


def _name_of(thing: Any) -> str:
    kind = type(thing)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _through(things: Iterable[Any], tracer: StageTracer) -> Place | None:
    """A line of the target's that takes part: where an exception went by, or a function was defined."""
    package = f"{package_folder()}/cachekit/"
    for thing in things:
        code, line = _code_of(thing)
        if code is not None and code.co_filename.startswith(package):
            return Place(_stage_at(code, line, tracer.watched), code.co_name, code.co_filename, line)
    return None


def _code_of(thing: Any) -> tuple[types.CodeType | None, int]:
    if isinstance(thing, types.TracebackType):
        return thing.tb_frame.f_code, thing.tb_lineno
    if isinstance(thing, types.FrameType):
        return thing.f_code, thing.f_lineno
    if isinstance(thing, types.FunctionType):
        return thing.__code__, thing.__code__.co_firstlineno
    return None, 0


def _stage_at(code: types.CodeType, line: int, watched: Iterable[Watched]) -> str:
    """Of the watched function that a line is in, by itself or in one that was defined there."""
    above = [one for one in watched if one.file == code.co_filename and one.line <= line]
    nearest = max(above, key=lambda one: one.line, default=None)
    return OTHER if nearest is None else nearest.sites.get(line, nearest.stage) or OTHER
