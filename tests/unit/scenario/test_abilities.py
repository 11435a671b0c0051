"""What a release can't do does not apply, whichever scenario asks for it."""

from dataclasses import replace

import pytest

from cachekit_memprobe.model import Scenario
from cachekit_memprobe.scenario import bundled_names, load_bundled, why_not

CAN_NOT = {
    "0.4.0": {
        "encrypted",
        "lz4",
        "zstd",
        "auto-dataframe",
        "memcached",
        "reference",
        "mmap",
        "interop",
        "backfill",
    },
    "0.6.1": {"encrypted", "lz4", "zstd", "auto-dataframe", "reference", "mmap", "interop", "backfill"},
    "0.8.0": {"encrypted", "lz4", "zstd", "auto-dataframe", "mmap", "interop", "backfill"},
    "0.9.1": {"mmap", "interop", "backfill"},
    "0.10.0": {"interop", "backfill"},
    "0.18.0": {"backfill"},
    "0.24.1": set(),
}
"""By a part of the scenario's name."""


@pytest.mark.parametrize("release", CAN_NOT)
def test_of_the_bundled_scenarios_those_do_not_apply_that_the_release_can_not_do(release: str) -> None:
    inapplicable = {name for name in bundled_names() if why_not(load_bundled(name), release)}
    expected = {name for name in bundled_names() if any(part in name for part in CAN_NOT[release])}
    assert inapplicable == expected - {"async-file-get-backfill"}


def changed(name: str, **caching: object) -> Scenario:
    scenario = load_bundled(name)
    return replace(scenario, caching=replace(scenario.caching, **caching))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scenario", "reason"),
    [
        (
            changed("arrow-l1-hit", compression="zstd"),
            "compression of Arrow data, which cachekit has since 0.9.0",
        ),
        (changed("bytes-file-get", encryption=True), "encryption with a key of the decorator's"),
        (changed("arrow-l1-hit", backend="memcached"), None),
    ],
)
def test_a_combination_of_ones_own_is_told_why(scenario: Scenario, reason: str | None) -> None:
    told = why_not(replace(scenario, releases=""), "0.8.0")
    assert (reason in told) if reason and told else told is None and reason is None


def test_a_pre_release_can_do_what_its_release_can() -> None:
    assert why_not(load_bundled("arrow-l1-hit-lz4"), "0.9.0rc1") is None
    assert why_not(load_bundled("arrow-l1-hit-lz4"), "0.8.9") is not None
