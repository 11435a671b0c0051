"""Where the entries of a user's function are stored for the measurement, and when that can't be told."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cachekit_memprobe.child.task import DESCRIBE, Call, Described, Task
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.model import Scenario, Target
from cachekit_memprobe.replay.errands import Errands
from cachekit_memprobe.replay.own_functions import OwnFunctions, told_of
from cachekit_memprobe.scenario import call_scenario, load_bundled
from tests.unit.fake_supervisor import FakeSupervisor

NEWEST, FORMER = "0.24.1", "0.22.0"
FILE = Described("file", "cachekit.backends.file.backend.FileBackend", "arrow", l1=True)
UNNAMED = Described("", serializer="default", l1=True)
NONE = Described("none", l1=True)
OTHER = Described("other", "shop.cache.Own", "arrow")
VARIABLES = ("CACHEKIT_REDIS_URL", "REDIS_URL", "CACHEKIT_MEMCACHED_SERVERS", "CACHEKIT_FILE_CACHE_DIR")

Describe = Callable[..., Scenario]


@pytest.fixture
def described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Describe:
    """The scenario of a function whose decorator says something, in an environment that names no backend."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)

    def describe(
        answer: object,
        *,
        release: str = NEWEST,
        theirs: tuple[str, ...] = (),
        tier: str = "",
        environment: dict[str, str] | None = None,
        **call: object,
    ) -> Scenario:
        def reply(task: Task) -> object:
            assert task.operation == DESCRIBE
            return answer

        target = Target("installed", Path("/env/bin/python"), {"cachekit": release})
        supervisor = FakeSupervisor(reply)
        functions = OwnFunctions(Errands(target, supervisor, tmp_path, 9), theirs)  # type: ignore[arg-type]
        scenario = call_scenario(Call("shop.orders:load", **call), tier=tier)  # type: ignore[arg-type]
        return functions.described(replace(scenario, environment=environment or {}))

    return describe


def backends(scenario: Scenario) -> tuple[str, str]:
    """Of the measured caching, and what is put in the place of the code's own."""
    assert scenario.value.call is not None
    return scenario.caching.backend, scenario.value.call.backend


def test_a_private_one_of_the_code_s_own_kind(described: Describe) -> None:
    scenario = described(FILE)
    assert backends(scenario) == ("file", "")
    assert (scenario.caching.serializer, scenario.caching.l1) == ("arrow", True)


def test_another_kind_where_it_is_asked_for(described: Describe) -> None:
    assert backends(described(FILE, backend="redis")) == ("redis", "redis")
    assert backends(described(OTHER, backend="file")) == ("file", "file")


def test_a_cache_by_reference(described: Describe) -> None:
    scenario = described(NONE)
    assert backends(scenario) == ("none", "")
    assert (scenario.read.tier, scenario.read.route) == ("reference", "memory")
    with pytest.raises(CouldNotMeasure, match="is cached without a backend, by the decorator's own words"):
        described(NONE, backend="file")


def test_an_async_function_is_read_as_one(described: Describe) -> None:
    assert described(replace(FILE, asynchronous=True)).read.asynchronous


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("CACHEKIT_REDIS_URL", "redis"),
        ("REDIS_URL", "redis"),
        ("CACHEKIT_MEMCACHED_SERVERS", "memcached"),
        ("CACHEKIT_FILE_CACHE_DIR", "file"),
    ],
)
def test_where_the_code_names_none_the_deployment_does(
    described: Describe, monkeypatch: pytest.MonkeyPatch, name: str, kind: str
) -> None:
    assert backends(described(UNNAMED)) == ("none", "")
    assert backends(described(UNNAMED, environment={name: "x"})) == (kind, kind)
    monkeypatch.setenv(name, "x")
    assert backends(described(UNNAMED)) == (kind, kind)
    assert backends(described(UNNAMED, release=FORMER)) == (kind, kind)


def test_a_module_may_name_it_in_the_environment_itself(described: Describe) -> None:
    found = replace(UNNAMED, named="CACHEKIT_REDIS_URL")
    assert backends(described(found)) == ("redis", "redis")
    assert backends(described(found, release=FORMER, backend="file")) == ("file", "file")


def test_a_release_that_would_ask_localhost_is_not_let(described: Describe) -> None:
    with pytest.raises(CouldNotMeasure, match="this cachekit would look for Redis on localhost; give it a"):
        described(UNNAMED, release=FORMER)


def test_a_class_of_somebody_else_s_can_not_be_private(described: Describe) -> None:
    with pytest.raises(CouldNotMeasure, match=r"is a shop\.cache\.Own, of which no private one can be made"):
        described(OTHER)
    assert backends(described(OTHER, own_cache=True)) == ("other", "")


def test_an_own_cache_that_only_the_environment_names(
    described: Describe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CACHEKIT_REDIS_URL", "redis://:secret@example.org")
    with pytest.raises(CouldNotMeasure, match="to have it used, give --redis-url URL") as refused:
        described(UNNAMED, own_cache=True)
    assert "secret" not in str(refused.value)
    described(UNNAMED, own_cache=True, theirs=("redis",))
    monkeypatch.delenv("CACHEKIT_REDIS_URL")
    monkeypatch.setenv("CACHEKIT_FILE_CACHE_DIR", "/cache")
    with pytest.raises(CouldNotMeasure, match="give --env CACHEKIT_FILE_CACHE_DIR="):
        described(UNNAMED, own_cache=True)
    described(UNNAMED, own_cache=True, environment={"CACHEKIT_FILE_CACHE_DIR": "/cache"})


def test_a_reason_names_no_folder(described: Describe) -> None:
    scenario = call_scenario(Call("shop.orders:load"))
    assert scenario.value.call is not None
    here = scenario.value.call.root
    with pytest.raises(CouldNotMeasure) as refused:
        described(CouldNotMeasure(f"{here}/shop/orders.py and /env/lib/x.py"))
    assert here not in str(refused.value)
    assert "/env" not in str(refused.value)


def test_what_a_process_was_about_to_do_is_said_when_it_ends() -> None:
    ended = "the measured process ended with status 3 and without a result"
    with pytest.raises(CouldNotMeasure, match=f"^while a:f was called, {ended}$"), told_of("a:f was called"):
        raise CouldNotMeasure(ended)
    with pytest.raises(CouldNotMeasure, match=r"^a:f failed$"), told_of("a:f was called"):
        raise CouldNotMeasure("a:f failed")


def test_a_scenario_that_calls_nothing_stays_as_it_is(described: Describe, tmp_path: Path) -> None:
    target = Target("installed", Path("/env/bin/python"), {"cachekit": NEWEST})
    functions = OwnFunctions(Errands(target, FakeSupervisor(), tmp_path, 9))  # type: ignore[arg-type]
    scenario = load_bundled("arrow-l1-hit")
    assert functions.described(scenario) is scenario
