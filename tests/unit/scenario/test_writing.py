from dataclasses import replace
from pathlib import Path

import pytest

from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.model import Limit, Scenario
from cachekit_memprobe.scenario import (
    HowCached,
    bundled_names,
    load_bundled,
    load_scenario,
    payload_scenario,
    scenario_text,
    starter_text,
)
from cachekit_memprobe.scenario.loader import scenario_of
from cachekit_memprobe.scenario.schema import TABLES
from cachekit_memprobe.scenario.writing import document_of
from cachekit_memprobe.units import format_exactly, parse_bytes

BASE = load_bundled("arrow-l1-hit")


def written(scenario: Scenario, path: Path) -> Scenario:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(scenario_text(scenario, path), encoding="utf-8")
    return load_scenario(path)


@pytest.mark.parametrize(
    "name",
    [
        "prices.csv",
        "prices of May.csv",
        'quo"te.csv',
        "back\\slash.csv",
        "größe.csv",
        "#hash.csv",
        "é\u0301.csv",
    ],
)
@pytest.mark.parametrize("folder", ["", "below/", "../beside/"])
def test_what_is_written_loads_as_the_same_from_any_folder(tmp_path: Path, name: str, folder: str) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / name).write_text("a\n1\n")
    limits = (Limit("rss.peak", 1.35, None, "error"), Limit("rss.anon", None, 1 << 20, "warn"))
    how = HowCached(tier="l2", route="get", compression="lz4", encryption=True)
    scenario = payload_scenario(data / name, how, limits)
    loaded = written(scenario, data / f"{folder}mine.toml")
    assert Path(loaded.value.file).samefile(data / name)
    same = replace(loaded, name=scenario.name, source=scenario.source, value=scenario.value)
    assert same == scenario


def test_the_path_is_relative_so_that_both_files_can_move_together(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text("a\n1\n")
    (tmp_path / "sub").mkdir()
    text = scenario_text(payload_scenario(tmp_path / "prices.csv", HowCached()), tmp_path / "sub/mine.toml")
    assert 'file = "../prices.csv"' in text
    assert str(tmp_path) not in text.partition("\n\n")[2]


def test_without_limits_the_budget_is_there_as_a_comment(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text("a\n1\n")
    scenario = payload_scenario(tmp_path / "prices.csv", HowCached())
    text = scenario_text(scenario, tmp_path / "mine.toml")
    assert '# [budget]\n# rss.peak = "1.35x"\n' in text
    (tmp_path / "mine.toml").write_text(text.replace("# [budget]\n# rss", "[budget]\nrss"))
    assert load_scenario(tmp_path / "mine.toml").budget == (Limit("rss.peak", 1.35, None, "error"),)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mine", "mine: a scenario's file has to end in .toml; call it mine.toml"),
        ("mine.txt", "mine.txt: a scenario's file has to end in .toml; call it mine.toml"),
        ("missing/mine.toml", "missing/mine.toml: there is no folder missing; make it first"),
        ("My Prices.toml", "rename the file, for example to my-prices.toml"),
    ],
)
def test_a_name_that_could_not_be_run_is_refused(name: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        starter_text(Path(name))
    assert message in str(caught.value)


def test_the_starter_loads_as_it_is_and_measures_what_the_bundled_one_does(tmp_path: Path) -> None:
    path = tmp_path / "memprobe-scenario.toml"
    path.write_text(starter_text(path), encoding="utf-8")
    starter, bundled = load_scenario(path), load_bundled("arrow-l1-hit")
    assert (starter.value, starter.caching, starter.read) == (bundled.value, bundled.caching, bundled.read)
    assert {limit.metric: limit.payloads for limit in starter.budget} == {
        limit.metric: limit.payloads for limit in bundled.budget
    }


def test_every_line_of_the_starter_that_is_commented_out_is_valid_too(tmp_path: Path) -> None:
    text = starter_text(tmp_path / "memprobe-scenario.toml")
    (tmp_path / "prices.parquet").write_bytes(b"PAR1PAR1")
    for old, new in (
        ('kind = "dataframe"\nsize = "64MiB"\ncolumns = 8\n', ""),
        ("# kind =", "kind ="),
        ("# file =", "file ="),
        ("# releases =", "releases ="),
    ):
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "memprobe-scenario.toml").write_text(text)
    assert load_scenario(tmp_path / "memprobe-scenario.toml").value.kind == "file"


def test_the_way_up_from_a_linked_folder_is_the_real_one(tmp_path: Path) -> None:
    (tmp_path / "deep/real").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "deep/real")
    (tmp_path / "prices.csv").write_text("a\n1\n")
    scenario = payload_scenario(tmp_path / "prices.csv", HowCached())
    assert 'file = "../../prices.csv"' in scenario_text(scenario, tmp_path / "link/mine.toml")


def test_limits_for_some_targets_are_written_as_toml(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    strings = load_bundled("arrow-strings-l1-hit")
    file.write_text(scenario_text(strings, file))
    assert 'rss.peak = [{ limit = "4.4x", when = "pandas<3" }, "0.35x"]' in file.read_text()
    assert load_scenario(file).budget == strings.budget


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
        "rss.anon": [{"limit": "4.4x", "when": "pandas<3"}, "0.35x"],
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
