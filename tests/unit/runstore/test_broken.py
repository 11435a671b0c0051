"""Files that are not what they should be: which one, and where in it."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.model import Observations
from cachekit_memprobe.runstore import RunFolder
from tests.unit.runstore.made import begun, edit, measured, memray_seen, saved

RUN = "run.json"
MEASUREMENT = "scenarios/arrow-l1-hit/measurement.json"
FIRST_RSS = "scenarios/arrow-l1-hit/00-rss.json"
MEMRAY = "scenarios/arrow-l1-hit/02-memray.json"

Change = Callable[[Any], object]


def refusal(folder: RunFolder) -> str:
    with pytest.raises(UsageError) as caught:
        RunFolder.open(folder.path).load()
    return str(caught.value)


@pytest.mark.parametrize(
    ("file", "change", "key"),
    [
        (RUN, lambda run: run.pop("created"), "created"),
        (RUN, lambda run: run["target"]["versions"].pop("cachekit"), "target.versions.cachekit"),
        (RUN, lambda run: run["options"].update(reads="3"), "options.reads"),
        (RUN, lambda run: run["options"].update(isolation="spoon"), "options.isolation"),
        (MEASUREMENT, lambda saved: saved["scenario"].update(name="other"), "scenario.name"),
        (MEASUREMENT, lambda saved: saved["scenario"]["value"].pop("seed"), "scenario.value.seed"),
        (MEASUREMENT, lambda saved: saved["payload"].update(logical_bytes=0), "payload.logical_bytes"),
        (
            MEASUREMENT,
            lambda saved: saved["scenario"]["budget"][0].update(metric="rss.peek"),
            "scenario.budget.0.metric",
        ),
        (
            MEASUREMENT,
            lambda saved: saved["scenario"]["budget"][1].update(payloads=1.0),
            "scenario.budget.1",
        ),
        (MEASUREMENT, lambda saved: saved["observations"].append("../../x.json"), "observations.3"),
        (MEMRAY, lambda saved: saved.update(instrument="dhat"), "instrument"),
        (MEMRAY, lambda saved: saved.update(instrument="bare"), "instrument"),
        (MEMRAY, lambda saved: saved.pop("seen"), "seen"),
        (MEMRAY, lambda saved: saved["seen"].update(capture="/etc/passwd"), "capture"),
        (MEMRAY, lambda saved: saved["seen"].update(capture="../outside.bin"), "capture"),
        (MEMRAY, lambda saved: saved["seen"].update(capture="scenarios/link.bin"), "capture"),
        (MEMRAY, lambda saved: saved["seen"].update(capture="scenarios/missing.bin"), "capture"),
    ],
)
def test_a_broken_file_is_named_with_its_key(tmp_path: Path, file: str, change: Change, key: str) -> None:
    folder = saved(tmp_path / "run")
    (tmp_path / "outside.bin").touch()
    (folder.path / "scenarios/link.bin").symlink_to(tmp_path / "outside.bin")
    edit(folder.path / file, change)
    assert refusal(folder).startswith(f"{folder.path / file} is broken: {key}: ")


@pytest.mark.parametrize(
    ("file", "change", "key"),
    [
        (MEMRAY, lambda saved: saved.update(seen=[]), r"(the file|seen)"),
        (MEMRAY, lambda saved: saved["seen"].pop("herald_bytes"), r"(seen\.)?herald_bytes"),
        (MEMRAY, lambda saved: saved["seen"]["journal"][1].update(place=[]), r"(seen\.)?journal\.1\.place"),
        (FIRST_RSS, lambda saved: saved["seen"]["reads"][0].pop("samples"), r"(seen\.)?reads\.0\.samples"),
        (FIRST_RSS, lambda saved: saved["seen"].update(pinned="yes"), r"(seen\.)?pinned"),
    ],
)
def test_what_an_instrument_saw_is_broken_where_it_says(
    tmp_path: Path, file: str, change: Change, key: str
) -> None:
    folder = saved(tmp_path / "run")
    edit(folder.path / file, change)
    assert re.match(f"{re.escape(str(folder.path / file))} is broken: {key}: ", refusal(folder))


def test_what_is_no_json_is_a_broken_file(tmp_path: Path) -> None:
    folder = saved(tmp_path / "run")
    (folder.path / MEASUREMENT).write_bytes(b"\x80\x04K\x01.")
    assert refusal(folder).startswith(f"{folder.path / MEASUREMENT} is broken: the file: ")


@pytest.mark.parametrize("file", [RUN, MEASUREMENT, FIRST_RSS])
@pytest.mark.parametrize("text", ["", "[]", "null", "7", "{", "[" * 100_000])
def test_what_is_another_json_is_a_broken_file(tmp_path: Path, file: str, text: str) -> None:
    folder = saved(tmp_path / "run")
    (folder.path / file).write_text(text)
    assert refusal(folder).startswith(f"{folder.path / file} is broken: ")


@pytest.mark.parametrize("file", ["01-rss.json", "measurement.json"])
def test_a_missing_file_is_named(tmp_path: Path, file: str) -> None:
    folder = saved(tmp_path / "run")
    (folder.path / "scenarios/arrow-l1-hit" / file).unlink()
    with pytest.raises(UsageError, match=rf"can't read .*{re.escape(file)}: No such file"):
        folder.load()


def test_a_scenario_listed_by_a_path_is_refused(tmp_path: Path) -> None:
    folder = saved(tmp_path / "run")
    edit(folder.path / RUN, lambda run: run.update(scenarios=["../../elsewhere"]))
    with pytest.raises(UsageError, match="can't be the name of a scenario"):
        folder.load()


def test_a_capture_outside_the_folder_is_not_saved(tmp_path: Path) -> None:
    folder = begun(tmp_path / "run")
    outside = replace(memray_seen(folder.path), capture=str(tmp_path / "memray.bin"))
    with pytest.raises(ValueError, match="is not in the subpath"):
        folder.save_measurement(measured(seen=Observations(memray=outside)))
