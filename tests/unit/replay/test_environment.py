from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from cachekit_memprobe.model import Scenario
from cachekit_memprobe.replay.environment import child_environment
from tests.golden.reports import SCENARIO

SECRETS = {
    "CACHEKIT_MASTER_KEY": "k3y",
    "REDIS_URL": "redis://joe:hunter2@h",
    "AWS_SECRET_ACCESS_KEY": "x",
    "PYTHONPATH": "/somewhere",
    "MALLOC_ARENA_MAX": "1",
}


@pytest.fixture(autouse=True)
def users_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**SECRETS, "PATH": "/bin:/usr/bin", "HOME": "/home/joe"}.items():
        monkeypatch.setenv(name, value)


def environment(
    scenario: Scenario = SCENARIO,
    *,
    pinned: bool = True,
    counts_pages: bool = True,
    home: str = "/scratch/rss",
) -> Mapping[str, str]:
    return child_environment(scenario, home=Path(home), pinned=pinned, counts_pages=counts_pages)


def test_nothing_of_the_users_but_what_a_program_needs_to_start() -> None:
    child = environment()
    assert not SECRETS.keys() & child.keys()
    assert child["PATH"] == "/bin:/usr/bin"


def test_a_home_and_a_temporary_folder_of_its_own() -> None:
    assert (environment()["HOME"], environment()["TMPDIR"]) == ("/scratch/rss", "/scratch/rss")


def test_the_compression_that_only_the_environment_can_ask_for() -> None:
    scenario = replace(SCENARIO, caching=replace(SCENARIO.caching, compression="zstd"))
    assert environment(scenario)["CACHEKIT_ARROW_COMPRESSION"] == "zstd"


@pytest.mark.parametrize("size_bytes", [1, 1 << 33])
def test_cachekit_allows_values_as_large_as_they_are(size_bytes: int) -> None:
    scenario = replace(SCENARIO, value=replace(SCENARIO.value, logical_bytes=size_bytes))
    assert int(environment(scenario)["CACHEKIT_MAX_VALUE_SIZE"]) > size_bytes


def test_allocators_are_pinned_unless_they_are_to_be_as_deployed() -> None:
    pins = environment().keys() - environment(pinned=False).keys()
    assert {"ARROW_DEFAULT_MEMORY_POOL", "MALLOC_MMAP_THRESHOLD_"} <= pins
    assert environment()["ARROW_DEFAULT_MEMORY_POOL"] == "system"


@pytest.mark.parametrize(
    ("pinned", "counts_pages", "huge"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_pages_may_be_huge_where_nobody_counts_them(pinned: bool, counts_pages: bool, huge: bool) -> None:
    assert ("GLIBC_TUNABLES" in environment(pinned=pinned, counts_pages=counts_pages)) is huge


def test_what_is_encrypted_in_one_process_is_read_in_another() -> None:
    encrypted = replace(SCENARIO, caching=replace(SCENARIO.caching, encryption=True))
    homes = [environment(encrypted, home=home) for home in ("/store", "/rss")]
    assert homes[0]["CACHEKIT_DEPLOYMENT_UUID"] == homes[1]["CACHEKIT_DEPLOYMENT_UUID"]


def test_as_deployed_the_users_settings_for_allocators_are_kept_and_nothing_else() -> None:
    kept = environment(pinned=False)
    assert kept["MALLOC_ARENA_MAX"] == "1"
    assert not SECRETS.keys() & kept.keys() - {"MALLOC_ARENA_MAX"}


def test_a_scenario_gives_variables_those_of_allocators_only_as_deployed() -> None:
    given = {"MALLOC_ARENA_MAX": "4", "ARROW_DEFAULT_MEMORY_POOL": "mimalloc", "FOO": "bar"}
    scenario = replace(SCENARIO, environment=given)
    pinned = environment(scenario)
    assert pinned["FOO"] == "bar"
    assert pinned["ARROW_DEFAULT_MEMORY_POOL"] == "system"
    assert "MALLOC_ARENA_MAX" not in pinned
    assert given.items() <= environment(scenario, pinned=False).items()
