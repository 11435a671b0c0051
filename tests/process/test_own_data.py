"""The user's own data for real: files of every format, loaded, cached and read in real processes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from cachekit_memprobe.model import Limit, RunOptions
from cachekit_memprobe.result import Report, Result
from cachekit_memprobe.scenario import (
    Asked,
    HowCached,
    expand,
    load_bundled,
    load_scenario,
    parse_axis,
    parse_sizes,
    payload_scenario,
)
from cachekit_memprobe.target import resolve
from tests.again import attributed_again
from tests.process.measuring import run_here

pytestmark = pytest.mark.process

ROWS = 60_000
MIB = 1 << 20
HEAP = RunOptions(("memray",), jobs=2)
RSS = RunOptions(("rss",), reads=1, jobs=2)


def prices() -> pd.DataFrame:
    """Numbers, times, categories, text beyond ASCII, missing values, pandas' own nullable integers."""
    rng = np.random.default_rng(1)
    missing = rng.random(ROWS) < 0.1
    return pd.DataFrame(
        {
            **{f"f{number}": rng.standard_normal(ROWS) for number in range(12)},
            "at": pd.date_range("2024-01-01", periods=ROWS, freq="s", tz="UTC"),
            "symbol": pd.Categorical(rng.choice(["AAPL", "MSFT", "ÖBB"], ROWS)),
            "name": [f"größe {number % 977}" for number in range(ROWS)],
            "note": pd.Series([None if gone else "x" for gone in missing], dtype="object"),
            "count": pd.array(rng.integers(0, 9, ROWS), dtype="Int32"),
            "flag": missing,
        }
    )


def write_csv(path: Path) -> None:
    prices().to_csv(path, index=False)


def write_stream(path: Path) -> None:
    table = pa.Table.from_pandas(prices())
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table)


def write_json(path: Path) -> None:
    rows = [{"id": n, "name": f"größe {n}", "vector": [n * 0.5, -n, None, True]} for n in range(ROWS)]
    path.write_text(json.dumps({"rows": rows, "page": 1}), encoding="utf-8")


FILES: dict[str, Callable[[Path], Any]] = {
    "parquet.parquet": lambda path: prices().to_parquet(path),
    "indexed.parquet": lambda path: prices().set_index(["at", "symbol"]).to_parquet(path),
    "csv.csv": write_csv,
    "feather.feather": lambda path: prices().to_feather(path),
    "stream.arrows": write_stream,
    "grid.npy": lambda path: np.save(path, np.random.default_rng(1).standard_normal((1024, 1024))),
    "json.json": write_json,
}


@dataclass(frozen=True)
class Measured:
    """A run of one scenario for each file.

    Attributes:
        data: the folder of the files.
    """

    report: Report
    data: Path

    def of(self, name: str) -> Result:
        return next(result for result in self.report.results if result.scenario.name == name)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    data = tmp_path_factory.mktemp("own-data")
    for name, write in FILES.items():
        write(data / name)
    scenarios = [payload_scenario(data / name, HowCached()) for name in FILES]
    scenarios[0] = replace(scenarios[0], budget=(Limit("copies.total", 0.01, None, "error"),))
    (data / "broken.json").write_text('{"a": [1, 2')
    (data / "ragged.csv").write_text("a,b\n1,2\n1,2,3\n")
    (data / "header.csv").write_text("a,b\n")
    (data / "broken.parquet").write_bytes(b"PAR1" + os.urandom(1000) + b"PAR1")
    scenarios += [
        payload_scenario(data / name, HowCached()) for name in ("broken.json", "ragged.csv", "header.csv")
    ]
    scenarios.append(replace(payload_scenario(data / "broken.parquet", HowCached()), name="broken-parquet"))
    return Measured(run_here(resolve("installed"), scenarios, data / "run", HEAP), data)


@pytest.mark.parametrize("name", [Path(name).stem for name in FILES if name != "parquet.parquet"])
def test_every_format_is_measured(measured: Measured, name: str) -> None:
    result = measured.of(name)
    assert (result.verdict, result.reason) == ("pass", None)
    assert result.payload is not None
    assert result.payload.logical_bytes > 3 * MIB
    # The value itself is made anew on every one of these reads, numbers at least.
    assert result.metrics["copies.total"] > 0.5


def test_what_was_read_is_said(measured: Measured) -> None:
    assert measured.of("csv").scenario.value.holds.endswith("separated by commas, names from the first line")
    assert measured.of("grid").scenario.value.holds == "float64, 1,024 x 1,024 elements"
    assert measured.of("json").scenario.value.holds == "an object with 2 keys"


def test_a_table_is_as_large_whichever_file_it_comes_from(measured: Measured) -> None:
    sizes = {name: measured.of(name).payload for name in ("parquet", "feather", "stream")}
    assert len({payload.logical_bytes for payload in sizes.values() if payload}) == 1
    assert None not in sizes.values()


def test_an_array_is_copied_twice_by_the_auto_serializer(measured: Measured) -> None:
    result = measured.of("grid")
    assert result.payload is not None
    assert result.payload.logical_bytes == 8 * MIB
    # One of pymalloc's arenas, 1 MiB, falls into the stage in which the last one happens to be full.
    assert result.metrics["copies.decode"] == pytest.approx(2, abs=0.02 + 1 / 8)


def test_a_budget_applies_to_it(measured: Measured) -> None:
    result = measured.of("parquet")
    assert result.verdict == "fail"
    assert result.budgets[0].status == "over"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("broken", "broken.json: expected JSON, found what can't be loaded (JSONDecodeError: "),
        ("ragged", "ragged.csv: expected CSV, found what can't be loaded (ParserError: "),
        ("header", "header.csv: expected a value with data in it, found none; give another file"),
        ("broken-parquet", "broken.parquet: expected Parquet, found what can't be loaded ("),
    ],
)
def test_a_file_that_can_not_be_loaded_is_not_measured(measured: Measured, name: str, words: str) -> None:
    result = measured.of(name)
    assert result.verdict == "unmeasured"
    assert result.reason is not None
    assert result.reason.startswith(words)
    assert str(measured.data) not in result.reason


def test_the_run_folder_has_the_names_of_the_files_and_no_folder(measured: Measured) -> None:
    texts = [path.read_text(encoding="utf-8") for path in (measured.data / "run").rglob("*.json")]
    assert any("grid.npy" in text for text in texts)
    assert not any(str(measured.data) in text for text in texts)


def test_a_matrix_over_the_users_own_data(measured: Measured, tmp_path: Path) -> None:
    scenario = payload_scenario(measured.data / "csv.csv", HowCached())
    axes = [parse_axis("tier=l1,l2"), parse_axis("serializer=arrow,orjson")]
    scenarios, sweep = expand([scenario], axes=axes)
    report = run_here(resolve("installed"), scenarios, tmp_path / "run", RSS, sweep)
    assert [result.scenario.name for result in report.results] == [
        "csv@tier=l1,serializer=arrow",
        "csv@tier=l2,serializer=arrow",
    ]
    assert {result.verdict for result in report.results} == {"pass"}
    l1, l2 = (result.metrics["rss.peak"] for result in report.results)
    assert l2 > l1 + 0.5
    assert len(report.run.sweep.skipped) == 2
    assert attributed_again(tmp_path / "run") == report


def test_the_line_through_several_sizes_meets_what_is_measured_beyond_them(tmp_path: Path) -> None:
    base = replace(load_bundled("arrow-l1-hit"), budget=())
    predicted = 64 * MIB
    scenarios, sweep = expand([base], sizes=parse_sizes("8MiB,16MiB,32MiB"), predict=Asked((predicted,)))
    (beyond,), _ = expand([base], sizes=parse_sizes("64MiB"))
    report = run_here(resolve("installed"), scenarios, tmp_path / "run", RSS, sweep)
    (largest,) = run_here(resolve("installed"), [beyond], tmp_path / "beyond", RSS).results
    [scaling] = report.scaling
    assert scaling.sizes_bytes == (8 * MIB, 16 * MIB, 32 * MIB)
    measured_bytes = largest.metrics["rss.peak"] * predicted
    growth = scaling.predictions[0].growth
    assert growth is not None
    assert growth.size_bytes == pytest.approx(measured_bytes, rel=0.05)
    assert attributed_again(tmp_path / "run") == report


def test_what_is_predicted_for_more_rows_of_a_file_is_what_they_take(tmp_path: Path) -> None:
    rows = 150_000
    times = pd.date_range("2024-01-01", periods=rows, freq="s")
    data = {f"c{number}": np.arange(rows) * float(number) for number in range(4)}
    pd.DataFrame({**data, "text": [f"row {row}" for row in range(rows)]}, index=times).to_parquet(
        tmp_path / "a.parquet"
    )
    base = payload_scenario(tmp_path / "a.parquet", HowCached())
    asked = Asked(numbers=(4 * rows,))
    scenarios, sweep = expand([base], sizes=parse_sizes("50%,100%,200%"), predict=asked)
    (beyond,), _ = expand([base], sizes=parse_sizes("400%"))
    report = run_here(resolve("installed"), scenarios, tmp_path / "run", RSS, sweep)
    (measured,) = run_here(resolve("installed"), [beyond], tmp_path / "beyond", RSS).results
    assert [result.payload and result.payload.rows for result in (*report.results, measured)] == [
        rows // 2,
        rows,
        2 * rows,
        4 * rows,
    ]
    assert measured.payload is not None
    [scaling] = report.scaling
    [prediction] = scaling.predictions
    assert prediction.rows == 4 * rows
    assert prediction.logical_bytes == pytest.approx(measured.payload.logical_bytes, rel=0.01)
    assert prediction.growth is not None
    measured_bytes = measured.metrics["rss.peak"] * measured.payload.logical_bytes
    assert prediction.growth.size_bytes == pytest.approx(measured_bytes, rel=0.05)
    assert "2.0 times the largest size" in prediction.cautions[0]
    assert attributed_again(tmp_path / "run") == report


def test_from_the_command_line_to_a_saved_scenario_and_back(measured: Measured, tmp_path: Path) -> None:
    words = ["--payload", str(measured.data / "grid.npy"), "--save-scenario", "mine.toml", "--out", "first"]
    first = run_command(tmp_path, *words, "--budget", "rss.peak=1.1x")
    assert first["results"][0]["verdict"] == "fail"
    assert Path(load_scenario(tmp_path / "mine.toml").value.file).samefile(measured.data / "grid.npy")
    again = run_command(tmp_path, "mine.toml", "--out", "second")
    assert again["results"][0]["verdict"] == "fail"
    assert again["results"][0]["payload"] == first["results"][0]["payload"]
    assert str(measured.data) not in json.dumps([first, again])


def run_command(folder: Path, *words: str) -> Any:
    """Run ``run`` with the rss instrument; its JSON."""
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "cachekit_memprobe", "run", "--instrument", "rss", "--json", "-", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    return json.loads(done.stdout)
