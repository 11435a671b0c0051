import re
from pathlib import Path

import pytest

import cachekit_memprobe
from cachekit_memprobe.errors import (
    EXIT_UNMEASURED,
    MemprobeError,
    ScenarioError,
    UsageError,
    exit_code_of,
)
from cachekit_memprobe.model import Scenario
from cachekit_memprobe.scenario import bundled_names, load_bundled, selection

SCENARIOS = Path(__file__).parents[3] / "scenarios"
# name: kind, serializer, compression, tier, route, releases
READS = {
    "arrow-file-get": ("dataframe", "arrow", "none", "l2", "get", ""),
    "arrow-file-get-8-keys": ("dataframe", "arrow", "none", "l2", "get", ""),
    "arrow-file-get-encrypted": ("dataframe", "arrow", "none", "l2", "get", ""),
    "arrow-file-mmap": ("dataframe", "arrow", "none", "l2", "map", ">=0.10.0"),
    "arrow-l1-hit": ("dataframe", "arrow", "none", "l1", "memory", ""),
    "arrow-l1-hit-8-readers": ("dataframe", "arrow", "none", "l1", "memory", ""),
    "arrow-l1-hit-encrypted": ("dataframe", "arrow", "none", "l1", "memory", ""),
    "arrow-l1-hit-lz4": ("dataframe", "arrow", "lz4", "l1", "memory", ""),
    "arrow-l1-hit-zstd": ("dataframe", "arrow", "zstd", "l1", "memory", ""),
    "arrow-mixed-l1-hit": ("dataframe-mixed", "arrow", "none", "l1", "memory", ""),
    "arrow-nullable-l1-hit": ("dataframe-nullable", "arrow", "none", "l1", "memory", ""),
    "arrow-polars-l1-hit": ("dataframe", "arrow", "none", "l1", "memory", ""),
    "arrow-single-batch-l1-hit": ("dataframe", "arrow", "none", "l1", "memory", ""),
    "arrow-strings-file-mmap": ("dataframe-strings", "arrow", "none", "l2", "map", ">=0.10.0"),
    "arrow-strings-l1-hit": ("dataframe-strings", "arrow", "none", "l1", "memory", ""),
    "arrow-table-file-get": ("dataframe", "arrow", "none", "l2", "get", ""),
    "arrow-table-l1-hit": ("dataframe", "arrow", "none", "l1", "memory", ""),
    "arrow-wide-l1-hit": ("dataframe", "arrow", "none", "l1", "memory", ""),
    "async-file-get": ("dataframe", "arrow", "none", "l2", "get", ""),
    "async-file-get-backfill": ("dataframe", "arrow", "none", "l2", "get", ""),
    "async-l1-hit": ("dataframe", "arrow", "none", "l1", "memory", ""),
    "auto-dataframe-l1-hit": ("dataframe", "auto", "zstd", "l1", "memory", ""),
    "auto-series-l1-hit": ("series", "auto", "none", "l1", "memory", ""),
    "bytes-file-get": ("bytes", "default", "none", "l2", "get", ""),
    "bytes-file-get-encrypted": ("bytes", "default", "none", "l2", "get", ""),
    "bytes-l1-hit-encrypted": ("bytes", "default", "none", "l1", "memory", ""),
    "cachekitio-l2-hit": ("dataframe", "arrow", "none", "l2", "get", ""),
    "default-nested-l1-hit": ("nested", "default", "none", "l1", "memory", ""),
    "file-get-backfill": ("dataframe", "arrow", "none", "l2", "get", ">=0.19.0"),
    "interop-nested-l1-hit": ("nested", "interop", "none", "l1", "memory", ">=0.14.0"),
    "json-l1-hit": ("text", "orjson", "none", "l1", "memory", ""),
    "memcached-l2-hit": ("dataframe", "arrow", "none", "l2", "get", ""),
    "ndarray-l1-hit": ("ndarray", "auto", "none", "l1", "memory", ""),
    "orjson-nested-l1-hit": ("nested", "orjson", "none", "l1", "memory", ""),
    "redis-l2-backfill": ("dataframe", "arrow", "none", "l2", "get", ">=0.19.0"),
    "redis-l2-hit": ("dataframe", "arrow", "none", "l2", "get", ""),
    "redis-l2-hit-bytes": ("bytes", "default", "none", "l2", "get", ""),
    "redis-l2-hit-encrypted": ("dataframe", "arrow", "none", "l2", "get", ""),
    "reference-local": ("dataframe", "none", "none", "reference", "memory", ">=0.7.0"),
    "reference-none": ("dataframe", "none", "none", "reference", "memory", ">=0.7.0"),
}
NAMES = tuple(READS)
SIZES_MIB = {
    "arrow-file-get-8-keys": 16,
    "arrow-l1-hit-8-readers": 16,
    "arrow-single-batch-l1-hit": 7,
    "bytes-file-get": 16,
    "default-nested-l1-hit": 8,
    "interop-nested-l1-hit": 8,
    "orjson-nested-l1-hit": 8,
}
"""Those that are not 64 MiB: of several readers each, and of many small objects, which take long."""


def read_of(scenario: Scenario) -> tuple[str, ...]:
    return (
        scenario.value.kind,
        scenario.caching.serializer,
        scenario.caching.compression,
        scenario.read.tier,
        scenario.read.route,
        scenario.releases,
    )


def test_names_are_sorted_and_complete() -> None:
    assert bundled_names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_bundled_scenario_loads(name: str) -> None:
    scenario = load_bundled(name)
    assert (scenario.name, scenario.source) == (name, f"bundled:{name}")
    assert read_of(scenario) == READS[name]
    assert scenario.value.logical_bytes == SIZES_MIB.get(name, 64) * 1024**2
    needs = {scenario.caching.backend, scenario.caching.return_format} & {"memcached", "polars"}
    assert scenario.needs == tuple(needs)
    assert scenario.caching.encryption is name.endswith("-encrypted")


@pytest.mark.parametrize("name", NAMES)
def test_every_bundled_budget_holds_the_read_from_each_side(name: str) -> None:
    budget = {limit.metric: limit for limit in load_bundled(name).budget}
    assert {"copies.total", "peak.heap", "rss.peak", "verbatim.unwrap", "growth.per_read"} <= budget.keys()
    assert all(limit.payloads is not None and limit.level == "error" for limit in budget.values())


@pytest.mark.parametrize("name", NAMES)
def test_every_bundled_file_says_what_it_replays_and_why(name: str) -> None:
    comment = re.match(r"(# \S.*\n)+\n", (SCENARIOS / f"{name}.toml").read_text())
    assert comment is not None
    assert 2 <= comment[0].count("#") <= 4


@pytest.mark.parametrize("name", NAMES)
def test_a_name_tells_how_it_is_read(name: str) -> None:
    read, caching = load_bundled(name).read, load_bundled(name).caching
    assert read.asynchronous is name.startswith("async-")
    assert read.backfill is name.endswith("-backfill")
    assert (read.readers > 1) is name.endswith(("-readers", "-keys"))
    assert read.keys == (read.readers if name.endswith("-keys") else 1)
    returned = {"arrow-table": "arrow", "arrow-polars": "polars"}
    assert caching.return_format == returned.get("-".join(name.split("-")[:2]), "pandas")
    assert (caching.backend in ("none", "local")) is name.startswith("reference-")


def test_summaries_fit_a_line_and_differ() -> None:
    summaries = {load_bundled(name).summary for name in NAMES}
    assert len(summaries) == len(NAMES)
    assert all(len(summary) <= 80 for summary in summaries)


def test_an_unknown_name_gets_close_matches() -> None:
    with pytest.raises(UsageError) as caught:
        load_bundled("arrow-l2-hit")
    assert str(caught.value) == (
        "no bundled scenario matches 'arrow-l2-hit'; did you mean arrow-l1-hit, arrow-l1-hit-lz4 or "
        "arrow-wide-l1-hit? (to name a file or a folder, write PATH.toml or ./PATH)"
    )


def test_a_name_is_no_path() -> None:
    with pytest.raises(UsageError, match="no bundled scenario"):
        load_bundled("../scenarios/arrow-l1-hit")


def test_the_package_has_those_of_the_root() -> None:
    assert Path(cachekit_memprobe.__file__).parent / "bundled_scenarios" == selection.FOLDER
    packaged, root = (
        {path.name: path.read_bytes() for path in folder.iterdir()}
        for folder in (selection.FOLDER, SCENARIOS)
    )
    assert packaged == root


def test_an_installation_without_scenarios_is_not_a_green_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "FOLDER", tmp_path)
    with pytest.raises(
        MemprobeError, match="no bundled scenarios; install cachekit-memprobe again"
    ) as caught:
        bundled_names()
    assert exit_code_of(caught.value) == EXIT_UNMEASURED


def test_an_error_in_a_bundled_file_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one.toml").write_text("")
    monkeypatch.setattr(selection, "FOLDER", tmp_path)
    with pytest.raises(ScenarioError, match=re.escape(f"{tmp_path / 'one.toml'}: top-level summary")):
        load_bundled("one")
