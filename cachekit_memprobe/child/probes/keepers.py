"""Who in the target still refers to the read's memory after the value was dropped."""

import ast
import gc
import mmap
import sys
import types
from collections.abc import Iterator
from typing import Any

from cachekit_memprobe.child.probes.buffers import buffers_of
from cachekit_memprobe.child.probes.regions import Regions
from cachekit_memprobe.child.resolve import Watched, parse_source
from cachekit_memprobe.child.seen import Kept
from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.child.tracer import StageTracer

_LEVELS = 6
_PACKAGE = "cachekit"


def keepers_of(regions: Regions, tracer: StageTracer) -> tuple[Kept, ...]:
    """The names in the target's modules and classes that lead to memory of the read."""
    # Otherwise the target's modules, which were there before the read, would be nobody's referrers.
    gc.unfreeze()
    kept: dict[str, Kept] = {}
    resident = {id(thing) for thing in regions.resident}
    # A DataFrame of many columns owns each of their buffers.
    owners = {id(owner): owner for owner in regions.owners}
    suspects = [owner for owner in owners.values() if id(owner) not in resident]
    suspects += list(_views_of_maps(regions))
    ours = [regions.owners, owners, suspects]
    if not _are_referred_to(suspects, ours):
        # As a rule. To ask it of each by itself means to look at all objects as often.
        return ()
    for suspect in suspects:
        if all(map(regions.was_there, buffers_of(suspect))):
            continue  # a buffer that is used again by each read
        holder = _holder_of(suspect, ours)
        size_bytes = max((buffer.size_bytes for buffer in buffers_of(suspect)), default=0)
        if holder is not None and holder not in kept:
            kept[holder] = Kept(holder, size_bytes, _use_of(holder, tracer))
    return tuple(kept.values())


def _views_of_maps(regions: Regions) -> Iterator[Any]:
    spans = regions.mapped()
    if spans:
        for thing in gc.get_objects():
            if type(thing) in (memoryview, mmap.mmap):
                try:
                    inside = any(span.meets(buffer) for buffer in buffers_of(thing) for span in spans)
                except ValueError:  # released
                    continue
                if inside:
                    yield thing


def _are_referred_to(suspects: list[Any], ours: list[Any]) -> bool:
    known = {id(thing) for thing in ours}
    return any(
        id(referrer) not in known and not isinstance(referrer, types.FrameType)
        for referrer in gc.get_referrers(*suspects)
    )


def _holder_of(suspect: Any, ours: list[Any]) -> str | None:
    """Walk up the referrers to a name in a module or a class of the target."""
    modules = {
        id(vars(module)): name for name, module in sys.modules.items() if name.partition(".")[0] == _PACKAGE
    }
    seen = {id(thing) for thing in ours}
    level = [suspect]
    for _ in range(_LEVELS):
        above: list[Any] = []
        for thing in level:
            for referrer in gc.get_referrers(thing):
                if id(referrer) in seen or referrer is level or isinstance(referrer, types.FrameType):
                    continue
                seen.add(id(referrer))
                if id(referrer) in modules:
                    return f"{modules[id(referrer)]}.{_key_of(referrer, thing)}"
                if isinstance(referrer, type) and referrer.__module__.partition(".")[0] == _PACKAGE:
                    return f"{referrer.__module__}.{referrer.__qualname__}.{_key_of(vars(referrer), thing)}"
                above.append(referrer)
        level = above
    return None


def _key_of(namespace: Any, thing: Any) -> str:
    return next((str(key) for key, value in namespace.items() if value is thing), "?")


def _use_of(holder: str, tracer: StageTracer) -> Place | None:
    """The first line of a watched function that uses the holder's last name."""
    name = holder.rpartition(".")[2]
    for watched in tracer.watched:
        module = watched.file.removesuffix(".py").replace("/", ".")
        owner = holder.rpartition(".")[0]
        if module.endswith(owner) or module.endswith(owner.rpartition(".")[0]):
            line = _line_using(name, watched)
            if line:
                stage = watched.sites.get(line, watched.stage)
                return Place(stage, watched.function, watched.file, line)
    return None


def _line_using(name: str, watched: Watched) -> int:
    for node in ast.walk(parse_source(watched.file)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and watched.line in (
            node.lineno,
            *(decorator.lineno for decorator in node.decorator_list),
        ):
            for inner in ast.walk(node):
                used = getattr(inner, "id", None) or getattr(inner, "attr", None)
                if used == name and hasattr(inner, "lineno"):
                    return int(inner.lineno)
    return 0
