from dataclasses import replace
from pathlib import Path

import pytest

from cachekit_memprobe.model import Limit
from cachekit_memprobe.scenario import bundled_names, load_bundled
from cachekit_memprobe.scenario.document import document_of
from cachekit_memprobe.scenario.loader import scenario_of
from cachekit_memprobe.scenario.schema import TABLES
from cachekit_memprobe.units import format_exactly, parse_bytes

BASE = load_bundled("arrow-l1-hit")


@pytest.mark.parametrize("name", bundled_names())
def test_every_bundled_scenario_loads_again_from_its_document(name: str) -> None:
    scenario = load_bundled(name)
    assert scenario_of(name, scenario.source, document_of(scenario)) == scenario


def test_what_is_the_default_is_left_out() -> None:
    document = document_of(BASE)
    assert document["value"] == {"kind": "dataframe", "columns": 8}
    assert document["cache"] == {"serializer": "arrow", "l1": True}
    assert document["read"] == {"tier": "l1", "route": "memory"}
    assert "releases" not in document


def test_limits_are_written_as_they_are_read() -> None:
    budget = (
        Limit("rss.peak", 1.35, None, "error"),
        Limit("copies.total", None, 10_000_000, "error"),
        Limit("peak.heap", None, 123_457, "warn"),
        Limit("rss.anon", 4.4, None, "error", "pandas<3"),
        Limit("rss.anon", 0.35, None, "error"),
    )
    document = document_of(replace(BASE, budget=budget))
    assert document["budget"] == {
        "rss.peak": "1.35x",
        "copies.total": "10MB",
        "peak.heap": {"limit": "123457B", "level": "warn"},
        "rss.anon": [{"limit": "4.4x", "where": "pandas<3"}, "0.35x"],
    }
    assert scenario_of("x", "x", document).budget == budget


def test_a_file_has_no_size_and_keeps_its_path(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    value = {"kind": "file", "file": "a.csv"}
    scenario = scenario_of("x", "x", {**document_of(BASE), "value": value}, tmp_path)
    assert scenario.value.file == str(tmp_path / "a.csv")
    assert scenario.value.logical_bytes == 4
    assert document_of(scenario)["value"] == {"kind": "file", "file": str(tmp_path / "a.csv")}


def test_every_key_of_the_schema_comes_from_the_scenario() -> None:
    """A key that is not an attribute of its record would be lost from each combination of a matrix."""
    for table, model in TABLES.items():
        for key in model.model_fields:
            record = {"value": BASE.value, "cache": BASE.caching, "read": BASE.read}[table]
            assert hasattr(record, key) or (table, key) == ("value", "size")


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (64 << 20, "64MiB"),
        (300_000_000, "300MB"),
        (1_500_000, "1500kB"),
        (1 << 30, "1GiB"),
        (1234567, "1234567B"),
        (1, "1B"),
        (2_000_000_000_000, "2TB"),
    ],
)
def test_a_size_is_written_so_that_it_is_read_as_the_same(size_bytes: int, text: str) -> None:
    assert format_exactly(size_bytes) == text
    assert parse_bytes(text) == size_bytes
