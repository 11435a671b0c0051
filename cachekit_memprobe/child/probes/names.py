"""What a function's code can name beside its locals: globals, and attributes of the target's own objects."""

import sys
import threading
import types
from collections.abc import Iterator
from typing import Any

_PACKAGE = "cachekit"


def named_in(frame: types.FrameType) -> Iterator[Any]:
    """The memory that a running function's code can lead to by one name, or by one and an attribute of it.

    Nothing is called for that: a property, or a library's own way to look an attribute up, is code.
    """
    names = frozenset(frame.f_code.co_names)
    holders = list(frame.f_locals.values())
    for name in names:
        thing = frame.f_globals.get(name)
        if _is_memory(thing):
            yield thing
        elif thing is not None:
            holders.append(thing)
    for holder in holders:
        if _is_ours(holder):
            yield from _attributes(holder, names)


def _is_ours(thing: Any) -> bool:
    """Whether it is a module, a class or an object of the target's, or a thread's own namespace."""
    if isinstance(thing, threading.local):
        return True
    if isinstance(thing, types.ModuleType):
        return thing.__name__.partition(".")[0] == _PACKAGE
    kind = thing if isinstance(thing, type) else type(thing)
    return bool(kind.__module__.partition(".")[0] == _PACKAGE)


def _attributes(holder: Any, names: frozenset[str]) -> Iterator[Any]:
    spaces = [getattr(holder, "__dict__", None) or {}]
    if not isinstance(holder, types.ModuleType):
        spaces += [vars(kind) for kind in type(holder).__mro__[:-1]]
    for space in spaces:
        for name in names & space.keys():
            thing = space[name]
            if isinstance(thing, types.MemberDescriptorType):  # one of __slots__
                thing = _slot(thing, holder)
            if _is_memory(thing):
                yield thing


def _slot(member: types.MemberDescriptorType, holder: Any) -> Any:
    try:
        return member.__get__(holder)
    except (AttributeError, TypeError):  # not set yet; seen on the class itself
        return None


def _is_memory(thing: Any) -> bool:
    kind = type(thing)
    if kind in (bytes, bytearray, memoryview):
        return True
    numpy, pyarrow = sys.modules.get("numpy"), sys.modules.get("pyarrow")
    return (numpy is not None and kind is numpy.ndarray) or (
        pyarrow is not None and isinstance(thing, pyarrow.Buffer)
    )
