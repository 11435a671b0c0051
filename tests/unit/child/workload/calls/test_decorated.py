"""What is found out about functions of the installed cachekit."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cachekit import cache
from cachekit.backends.file import FileBackend
from cachekit.backends.file.config import FileBackendConfig
from cachekit.config.nested import L1CacheConfig

from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.workload.calls.decorated import Decorated

Load = Callable[..., Any]


def undecorated(day: str) -> str:
    return day


def calling(day: str) -> Any:
    return LOADED(day)


LOADED: Load = undecorated


@pytest.fixture
def load(tmp_path: Path) -> Load:
    backend = FileBackend(FileBackendConfig(cache_dir=str(tmp_path)))

    l1 = L1CacheConfig(enabled=False)
    decorate = cache(backend=backend, ttl=60, serializer="arrow", l1=l1, key=lambda day: day)
    decorated: Load = decorate(undecorated)
    return decorated


def test_its_decorator_says_how_it_is_cached(load: Load) -> None:
    found = Decorated(load, "shop:load").described()
    assert (found.backend, found.serializer, found.l1, found.asynchronous) == ("file", "arrow", False, False)
    assert found.backend_class == "cachekit.backends.file.backend.FileBackend"


def test_a_key_function_and_a_time_to_live_are_known(load: Load) -> None:
    decorated = Decorated(load, "shop:load")
    assert (decorated.key_of_own, decorated.ttl_s) == (True, 60)


def transparent(function: Load) -> Load:
    @functools.wraps(function)
    def call(*args: Any) -> Any:
        return function(*args)

    return call


def opaque(function: Load) -> Load:
    def call(*args: Any) -> Any:
        return function(*args)

    return call


AROUND: dict[str, Callable[[Load], Any]] = {
    "itself": lambda load: load,
    "wraps": transparent,
    "opaque": opaque,
    "both": lambda load: transparent(opaque(load)),
    "partial": lambda load: functools.partial(load, "2026"),
    "lru_cache": functools.lru_cache,
    "bound": lambda load: type("Shop", (), {"load": load})().load,
}


@pytest.mark.parametrize("around", AROUND)
def test_decorators_around_it_hide_nothing(load: Load, around: str) -> None:
    function = AROUND[around](load)
    decorated = Decorated(function, "shop:load")
    assert decorated.wrapper is load
    assert decorated.function == function


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (undecorated, "shop:load is not decorated by cachekit, so that it is never read from a cache"),
        (3, "shop:load is no function, but of type int"),
        (Decorated, "shop:load is a class; name a function that cachekit has decorated"),
        (functools.lru_cache(undecorated), "is not decorated by cachekit"),
    ],
)
def test_what_is_not_decorated_is_refused(thing: Any, message: str) -> None:
    with pytest.raises(CouldNotMeasure) as refused:
        Decorated(thing, "shop:load")
    assert message in str(refused.value)


def test_what_only_calls_one_names_it(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "LOADED", load)
    with pytest.raises(CouldNotMeasure, match="but calls LOADED, which is; name that one, shop:LOADED"):
        Decorated(calling, "shop:both")


def test_something_else_runs_in_its_place_for_a_time(load: Load) -> None:
    decorated = Decorated(load, "shop:load")
    with (
        decorated.running(lambda day: 1 / 0 if day == "bad" else {"a": [1.0]}),
        pytest.raises(ZeroDivisionError),
    ):
        load("bad")
    assert decorated.undecorated("2026") == "2026"
    info = load.cache_info()  # type: ignore[attr-defined]
    assert (info.hits, info.misses) == (0, 1)
