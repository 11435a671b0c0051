"""Who in the target still refers to the read's memory after the value was dropped."""

import ast
import gc
import mmap
import types
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from cachekit_memprobe.child.probes.buffers import buffers_of
from cachekit_memprobe.child.probes.regions import Regions
from cachekit_memprobe.child.resolve import Watched, parse_source
from cachekit_memprobe.child.seen import Kept
from cachekit_memprobe.child.stages import OTHER, Place
from cachekit_memprobe.child.tracer import StageTracer

_LEVELS = 6
_WITH_BUFFERS = ("numpy", "pyarrow", "pandas", "polars")
_PACKAGE = "cachekit"
_NOTHING: Mapping[int, list[Any]] = MappingProxyType({})


def keepers_of(regions: Regions, tracer: StageTracer) -> tuple[Kept, ...]:
    """The names in the target's modules and classes that lead to memory of the read."""
    # Otherwise the target's modules, which were there before the read, would be nobody's referrers.
    gc.unfreeze()
    try:
        return _keepers_of(regions, tracer)
    finally:
        gc.freeze()  # each later collection would look at all of them


def _keepers_of(regions: Regions, tracer: StageTracer) -> tuple[Kept, ...]:
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


def keepers_of_large(least_bytes: int, tracer: StageTracer) -> tuple[Kept, ...]:
    """The names in the target that lead to any large memory of this process, whoever made it."""
    gc.unfreeze()
    kept: dict[str, Kept] = {}
    with _uncollected():
        scan = _Scan(least_bytes)
        suspects = list(scan.large.values())
        ours = [scan.large, scan.hidden, suspects]
        for suspect in suspects:
            holder, size_bytes = _holder_of(suspect, ours, scan.hidden), _size_bytes(suspect)
            if holder is not None and size_bytes > (kept[holder].size_bytes if holder in kept else 0):
                kept[holder] = Kept(holder, size_bytes, _use_of(holder, tracer))
    return tuple(sorted(kept.values(), key=lambda entry: entry.size_bytes, reverse=True))


@contextmanager
def _uncollected() -> Iterator[None]:
    """A collection stops knowing of dicts and tuples, which would then be missed: neither told nor hidden."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _Scan:
    """All that the collector knows of, and what that refers to.

    Attributes:
        large: objects with large buffers, by their identity; the collector doesn't know most of them.
        hidden: by the identity of an object, what holds it and may not be told as a referrer: dicts and
            tuples that the collector doesn't know, since they hold nothing but such objects, and tasks.
    """

    def __init__(self, least_bytes: int) -> None:
        self._least_bytes = least_bytes
        self._seen: set[int] = set()
        self.large: dict[int, Any] = {}
        self.hidden: dict[int, list[Any]] = {}
        for container in gc.get_objects():
            for thing in gc.get_referents(container):
                self._look(thing, container)

    def _look(self, thing: Any, container: Any) -> None:
        if type(thing) in (dict, tuple):
            if not gc.is_tracked(thing) and id(thing) not in self._seen:
                self._seen.add(id(thing))
                for part in gc.get_referents(thing):
                    self._look(part, thing)
                self.hidden.setdefault(id(thing), []).append(container)
        elif _may_be_large(thing) and _size_bytes(thing) >= self._least_bytes:
            self.large[id(thing)] = thing
            self.hidden.setdefault(id(thing), []).append(container)


def _may_be_large(thing: Any) -> bool:
    # Some classes have a module that is no text.
    library = str(getattr(type(thing), "__module__", "")).partition(".")[0]
    return isinstance(thing, (bytes, bytearray, str, memoryview)) or library in _WITH_BUFFERS


def _size_bytes(thing: Any) -> int:
    try:
        size = len(thing) if isinstance(thing, (bytes, bytearray, str)) else getattr(thing, "nbytes", None)
        return size if isinstance(size, int) else sum(buffer.size_bytes for buffer in buffers_of(thing))
    except (AttributeError, TypeError, ValueError):  # a class; a released view
        return 0


def _holder_of(suspect: Any, ours: list[Any], hidden: Mapping[int, list[Any]] = _NOTHING) -> str | None:
    """Walk up the referrers to a name in the target: a module's, a class's, a function's or an object's."""
    seen = {id(thing) for thing in ours}
    level = [suspect]
    for _ in range(_LEVELS):
        above: list[Any] = []
        for thing in level:
            for referrer in (*gc.get_referrers(thing), *hidden.get(id(thing), ())):
                if id(referrer) in seen or referrer is level or isinstance(referrer, types.FrameType):
                    continue
                seen.add(id(referrer))
                name = _name_in(referrer, thing)
                if name is not None:
                    return name
                above.append(referrer)
        level = above
    return None


def _name_in(referrer: Any, thing: Any) -> str | None:
    """``module.Class.attribute``, if the referrer is a namespace of the target's, or owns one.

    Python keeps the attributes of most objects in the object itself, those of modules and classes in a dict
    that only they refer to.
    """
    owners = [referrer]
    if type(referrer) is dict:
        owners = [owner for owner in gc.get_referrers(referrer) if _namespace_of(owner) is referrer]
    for owner in owners:
        path, namespace = _path_of(owner), _namespace_of(owner)
        if path is not None and namespace is not None:
            key = next((str(key) for key, value in namespace.items() if value is thing), None)
            if key is not None:
                return f"{path}.{key}"
    return None


def _namespace_of(owner: Any) -> Any:
    if isinstance(owner, type):
        # vars() of a class is a proxy of it.
        return next((found for found in gc.get_referents(owner) if type(found) is dict), None)
    return getattr(owner, "__dict__", None)


def _path_of(owner: Any) -> str | None:
    """The name of a module, a class or a function of the target's, or of the class of an object of it."""
    if isinstance(owner, types.ModuleType):
        path = owner.__name__
    elif isinstance(owner, (type, types.FunctionType)):
        path = f"{owner.__module__}.{owner.__qualname__}"
    else:
        path = f"{type(owner).__module__}.{type(owner).__qualname__}"
    return path if path.partition(".")[0] == _PACKAGE else None


def _use_of(holder: str, tracer: StageTracer) -> Place | None:
    """The first line of a watched function that uses the holder's last name."""
    owner, _, name = holder.rpartition(".")
    for watched in tracer.watched:
        module = watched.file.removesuffix(".py").replace("/", ".")
        module = module[module.rfind(f".{_PACKAGE}.") + 1 :]
        if f"{owner}.".startswith(f"{module}."):
            line = _line_using(name, watched)
            if line:
                stage = watched.sites.get(line, watched.stage) or OTHER
                return Place(stage, watched.function, watched.file, line)
    return None


def _line_using(name: str, watched: Watched) -> int:
    """The line that stores something under a name, or else the first that uses it; 0 if none does."""
    lines = [
        (not _stores(inner, name), inner.lineno)
        for node in ast.walk(parse_source(watched.file))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and watched.line in (node.lineno, *(decorator.lineno for decorator in node.decorator_list))
        for inner in ast.walk(node)
        if isinstance(inner, (ast.stmt, ast.expr)) and (_is(inner, name) or _stores(inner, name))
    ]
    return min(lines)[1] if lines else 0


def _is(node: ast.AST, name: str) -> bool:
    text = node.value if isinstance(node, ast.Constant) else None
    return name in (getattr(node, "id", None), getattr(node, "attr", None), text)


def _stores(node: ast.AST, name: str) -> bool:
    """Whether it assigns to a name, or calls one of its methods."""
    if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        targets = [node.func.value, *node.args]
    else:
        return False
    return any(_is(inner, name) for target in targets for inner in ast.walk(target))
