"""Files that are none, that were changed, or that were made to do harm; and what becomes of the others."""

import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from cachekit_memprobe import pipeline
from cachekit_memprobe.child.seen import SCHEMA_VERSION
from cachekit_memprobe.cli.exits import exit_code
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.model import Observations
from cachekit_memprobe.report.json import to_json
from cachekit_memprobe.report.terminal import render_report
from cachekit_memprobe.runstore import RunFolder
from cachekit_memprobe.runstore.reading import Files
from tests.golden.reports import SCENARIO
from tests.unit.runstore.made import OTHER, RSS, begun, edit, measured, saved, unsealed

BELOW = "scenarios/arrow-l1-hit"
MEASUREMENT, FIRST_RSS, CAPTURE = f"{BELOW}/measurement.json", f"{BELOW}/00-rss.json", f"{BELOW}/memray.bin"
REMEDY = "; restore it, or measure the scenario again"

RESIDENT = replace(SCENARIO, budget=())
ANOTHER = replace(OTHER, budget=())


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return saved(tmp_path / "run")


def reason_in(folder: RunFolder) -> str:
    _, (measurement,) = RunFolder.open(folder.path).load()
    return str(measurement.reason).removesuffix(REMEDY)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def elsewhere(path: Path) -> None:
    outside = path.parents[3] / "outside"
    outside.write_text("{}")
    path.symlink_to(outside)


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2 << 30)


def loop(path: Path) -> None:
    path.symlink_to(path.name)


ODD = [
    (pipe, "it is not a regular file"),
    (Path.mkdir, "it is not a regular file"),
    (device, "it is a link out of the run folder"),
    (elsewhere, "it is a link out of the run folder"),
    (sparse, "it has 2.0 GiB, and no file of its kind has more than "),
    (loop, "Too many levels of symbolic links"),
]


@pytest.mark.parametrize("file", [MEASUREMENT, FIRST_RSS, CAPTURE, f"{BELOW}/SHA256SUMS"])
@pytest.mark.parametrize(("make", "why"), ODD, ids=[make.__name__ for make, _ in ODD])
def test_what_is_no_regular_file_is_not_read(
    folder: RunFolder, file: str, make: Callable[[Path], None], why: str
) -> None:
    (folder.path / file).unlink()
    make(folder.path / file)
    assert reason_in(folder).startswith(f"can't read {file}: {why}")


def test_a_pipe_in_place_of_the_runs_own_file_ends_the_command(folder: RunFolder) -> None:
    (folder.path / "run.json").unlink()
    os.mkfifo(folder.path / "run.json")
    with pytest.raises(UsageError, match=r"can't read .*run\.json: it is not a regular file"):
        RunFolder.open(folder.path)


@pytest.mark.skipif(not Path("/proc/self/pagemap").exists(), reason="there is no such file here")
def test_a_file_of_the_kernels_that_says_it_is_empty_has_an_end() -> None:
    with pytest.raises(UsageError, match=r"can't read self/pagemap: it has 1\.0 MB, and no file "):
        Files(Path("/proc")).text("self/pagemap", 1_000_000)


@pytest.mark.parametrize("file", [MEASUREMENT, FIRST_RSS, CAPTURE])
@pytest.mark.parametrize("change", [lambda old: old + b" ", lambda old: old[:-1], lambda old: b""])
def test_a_file_that_was_changed_is_told_from_one_that_was_not(
    folder: RunFolder, file: str, change: Callable[[bytes], bytes]
) -> None:
    (folder.path / file).write_bytes(change((folder.path / file).read_bytes()))
    assert reason_in(folder).startswith(f"{file} was changed since it was measured: ")


def test_a_file_without_a_checksum_was_not_measured(folder: RunFolder) -> None:
    sums = folder.path / BELOW / "SHA256SUMS"
    sums.write_text("".join(line for line in sums.read_text().splitlines(True) if "memray.bin" not in line))
    assert reason_in(folder) == (
        f"{CAPTURE} was changed since it was measured: it is without a checksum in SHA256SUMS, and would be "
        "judged as it is if there were no SHA256SUMS"
    )


def test_the_run_itself_has_a_checksum(folder: RunFolder) -> None:
    text = (folder.path / "run.json").read_text()
    (folder.path / "run.json").write_text(text.replace('"reads": 2', '"reads": 3'))
    with pytest.raises(UsageError, match=r"/run\.json was changed since it was measured: "):
        RunFolder.open(folder.path).load()


def test_checksums_are_those_of_sha256sum(folder: RunFolder) -> None:
    lines = [line.split("  ") for line in (folder.path / BELOW / "SHA256SUMS").read_text().splitlines()]
    assert {name for _, name in lines} == {path.name for path in (folder.path / BELOW).iterdir()} - {
        "SHA256SUMS"
    }
    for digest, name in lines:
        assert hashlib.sha256((folder.path / BELOW / name).read_bytes()).hexdigest() == digest


def test_a_folder_without_checksums_is_read_as_it_is(folder: RunFolder) -> None:
    (unsealed(folder).path / CAPTURE).write_bytes(b"another")
    _, (measurement,) = RunFolder.open(folder.path).load()
    assert measurement.reason is None
    assert measurement.seen.rss == RSS


@pytest.mark.parametrize(
    ("file", "text", "why"),
    [
        (
            FIRST_RSS,
            '{"schema_version": 2, "schema_version": 2}',
            "the key 'schema_version' stands there twice",
        ),
        (FIRST_RSS, "9" * 5000, "Exceeds the limit"),
        (FIRST_RSS, '{"a":' * 10_000 + "1" + "}" * 10_000, "it is nested more deeply than any"),
        (MEASUREMENT, '{"scenario": "\\ud800"}', "Invalid JSON: "),
        (MEASUREMENT, "[" * 400 + "]" * 400, "it is nested more deeply than any"),
        (MEASUREMENT, "\xff", "'utf-8' codec can't decode"),
    ],
)
def test_json_that_no_one_writes_is_refused(folder: RunFolder, file: str, text: str, why: str) -> None:
    (unsealed(folder).path / file).write_bytes(text.encode("latin-1"))
    assert reason_in(folder).startswith(f"{file} is broken: the file: {why}")


@pytest.mark.parametrize("version", [0, 1, SCHEMA_VERSION + 1])
def test_an_observation_of_another_schema_is_refused(folder: RunFolder, version: int) -> None:
    edit(folder.path / FIRST_RSS, lambda document: document.update(schema_version=version))
    assert reason_in(folder) == f"{FIRST_RSS} is broken: schema_version: {version} is not {SCHEMA_VERSION}"


@pytest.mark.parametrize("version", [0, -1, 10**30, None, "2"])
def test_a_run_of_no_schema_is_refused(folder: RunFolder, version: object) -> None:
    edit(folder.path / "run.json", lambda document: document.update(schema_version=version))
    with pytest.raises(UsageError, match=r"run\.json is broken: schema_version: "):
        RunFolder.open(folder.path).load()


class TestOfTwoScenarios:
    """One is damaged, the other is judged as ever."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> RunFolder:
        folder = begun(tmp_path / "run", (RESIDENT, ANOTHER))
        for scenario in (RESIDENT, ANOTHER):
            folder.save_measurement(measured(scenario, Observations(rss=RSS)))
        return folder

    @pytest.mark.parametrize("file", [MEASUREMENT, FIRST_RSS])
    @pytest.mark.parametrize("text", [None, "", "{}", '{"scenario": NaN}', "[" * 10_000])
    @pytest.mark.parametrize("sealed", [True, False])
    def test_one_is_unmeasured(self, folder: RunFolder, file: str, text: str | None, sealed: bool) -> None:
        if not sealed:
            unsealed(folder)
        if text is None:
            (folder.path / file).unlink()
        else:
            (folder.path / file).write_text(text)
        report = pipeline.explain(RunFolder.open(folder.path))
        broken, whole = report.results
        assert [result.scenario.name for result in report.results] == [SCENARIO.name, OTHER.name]
        assert (broken.verdict, whole.verdict) == ("unmeasured", "pass")
        assert file in str(broken.reason)
        assert str(broken.reason).endswith(REMEDY)
        assert broken.metrics == {}
        assert exit_code(report) == 3
        assert report.run.scenarios == (broken.scenario, ANOTHER_AS_SAVED)

    def test_of_one_that_can_not_be_read_only_the_name_and_the_reason_are_shown(
        self, folder: RunFolder
    ) -> None:
        (folder.path / MEASUREMENT).write_text("{}")
        report = pipeline.explain(RunFolder.open(folder.path))
        entry = json.loads(to_json(report))["results"][0]
        known = {name for name, value in entry.items() if value}
        assert known == {"scenario", "verdict", "reason", "read"}
        console = Console(width=200, file=io.StringIO())
        console.print(render_report(report, width=200))
        lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
        title = next(number for number, line in enumerate(lines) if line.startswith(f"{SCENARIO.name}: "))
        assert lines[title + 1] == "could not be measured:"
        assert lines[title + 2].startswith(f"    {MEASUREMENT} was changed since it was measured")

    def test_one_whose_folder_is_gone_is_unmeasured(self, folder: RunFolder) -> None:
        shutil.rmtree(folder.path / BELOW)
        broken, whole = pipeline.explain(RunFolder.open(folder.path)).results
        assert (broken.verdict, whole.verdict) == ("unmeasured", "pass")

    def test_one_in_the_place_of_the_other_is_none(self, folder: RunFolder) -> None:
        shutil.rmtree(folder.path / BELOW)
        shutil.copytree(folder.path / "scenarios" / OTHER.name, folder.path / BELOW)
        broken, whole = pipeline.explain(RunFolder.open(folder.path)).results
        assert str(broken.reason).startswith(f"{MEASUREMENT} is broken: scenario.name: ")
        assert whole.verdict == "pass"

    def test_each_is_read_when_it_is_its_turn(self, folder: RunFolder) -> None:
        """So that memory doesn't grow with their number."""
        _, measurements = folder.load()
        assert next(measurements).reason is None
        shutil.rmtree(folder.path / "scenarios" / OTHER.name)
        assert str(next(measurements).reason).startswith("can't read ")


ANOTHER_AS_SAVED = replace(ANOTHER, source=Path(ANOTHER.source).name)
