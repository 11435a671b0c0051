"""Names of the target's that lead to large memory, whatever they are the names of."""

import gc
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cachekit_memprobe.child.probes import keepers
from cachekit_memprobe.child.probes.keepers import keepers_of_large
from cachekit_memprobe.child.resolve import Watched
from cachekit_memprobe.child.tracer import Listener, StageTracer

LARGE = 5_000_000
SOURCE = """
import functools

KEPT = {}


class Handler:
    memo = {}

    def read(self, data):
        if not self.memo:
            pass
        Handler.memo[0] = data
        self._last = data
        return data


def materialize(data):
    materialize.__dict__.setdefault("first", data)


@functools.lru_cache
def cached(size):
    return bytes(size)
"""


@pytest.fixture(autouse=True)
def few_objects(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What the session holds isn't looked at: a measured process has a tenth of its objects."""
    unfreeze = gc.unfreeze
    gc.collect()
    gc.freeze()
    monkeypatch.setattr(gc, "unfreeze", lambda: None)
    yield
    unfreeze()


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A module of a package that plays the target."""
    file = tmp_path / "target" / "keeping.py"
    file.parent.mkdir()
    file.write_text(SOURCE)
    made = ModuleType("target.keeping")
    made.__file__ = str(file)
    exec(compile(SOURCE, str(file), "exec"), vars(made))
    monkeypatch.setitem(sys.modules, made.__name__, made)
    monkeypatch.setattr(keepers, "_PACKAGE", "target")
    yield made
    vars(made).clear()
    gc.collect()


def names(tracer: StageTracer | None = None) -> list[str]:
    found = keepers_of_large(LARGE, tracer or StageTracer({}, Listener(), "/nowhere"))
    return [kept.name.removeprefix("target.keeping.") for kept in found]


@pytest.mark.parametrize(
    ("keep", "name"),
    [
        (lambda module, data: module.KEPT.update(a=data), "KEPT"),
        (lambda module, data: module.KEPT.update(a={"b": (data,)}), "KEPT"),
        (lambda module, data: setattr(module, "last", memoryview(data)), "last"),
        (lambda module, data: setattr(module.Handler, "first", data), "Handler.first"),
        (lambda module, data: module.Handler.memo.update(a=data), "Handler.memo"),
        (lambda module, data: module.materialize(data), "materialize.first"),
    ],
)
def test_a_namespace(module: Any, keep: Callable[[Any, bytes], object], name: str) -> None:
    keep(module, bytes(LARGE))
    assert names() == [name]


def test_an_object_of_a_class_of_the_targets(module: Any) -> None:
    handler = module.Handler()
    handler.memo = None
    handler._last = bytes(LARGE)
    assert names() == ["Handler._last"]


def test_a_cache_of_functools(module: Any) -> None:
    module.cached(LARGE)
    assert names() == ["cached"]


def test_what_is_small_or_nobodys_has_none(module: Any) -> None:
    module.KEPT["a"] = bytes(LARGE - 1)
    nobodys = bytes(LARGE)
    assert names() == []
    assert nobodys


def test_the_line_is_the_one_that_stores(module: Any) -> None:
    code = module.Handler.read.__code__
    watched = Watched("unwrap", "Handler.read", module.__file__, code.co_firstlineno)
    module.Handler.memo[0] = bytes(LARGE)
    (kept,) = keepers_of_large(LARGE, StageTracer({code: watched}, Listener(), "/nowhere"))
    assert kept.place is not None
    assert SOURCE.splitlines()[kept.place.line - 1].strip() == "Handler.memo[0] = data"
    assert kept.size_bytes == LARGE
