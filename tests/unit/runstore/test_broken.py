"""Files that are not what they should be: which one, and where in it."""

import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.model import Observations
from cachekit_memprobe.runstore import RunFolder
from tests.golden.reports import SCENARIO
from tests.unit.runstore.made import begun, edit, measured, memray_seen, saved, unsealed

RUN = "run.json"
SCENARIO_FOLDER = "scenarios/arrow-l1-hit"
MEASUREMENT = "scenarios/arrow-l1-hit/measurement.json"
CAPTURE = "scenarios/arrow-l1-hit/memray.bin"
FIRST_RSS = "scenarios/arrow-l1-hit/00-rss.json"
MEMRAY = "scenarios/arrow-l1-hit/02-memray.json"

Change = Callable[[Any], object]


def refusal(folder: RunFolder) -> str:
    """Why the run can't be read, or else its only scenario; in that case without the remedy."""
    try:
        _, measurements = RunFolder.open(folder.path).load()
    except UsageError as error:
        return str(error)
    (measurement,) = measurements
    assert measurement.scenario.name == SCENARIO.name
    reason, remedy, nothing = str(measurement.reason).partition("; restore it, or measure the scenario again")
    assert remedy, reason
    assert not nothing
    return reason


def shown(folder: RunFolder, file: str) -> str:
    """A file as messages name it: those of a scenario end up in reports, which say no folder."""
    return str(folder.path / file) if file == RUN else file


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
        (MEMRAY, lambda saved: saved["seen"].update(capture="/etc/passwd"), "seen.capture"),
        (MEMRAY, lambda saved: saved["seen"].update(capture="../outside.bin"), "seen.capture"),
        (MEMRAY, lambda saved: saved["seen"].update(capture="scenarios/other/memray.bin"), "seen.capture"),
        (MEMRAY, lambda saved: saved["seen"].update(capture=f"{SCENARIO_FOLDER}/../x.bin"), "seen.capture"),
        (MEMRAY, lambda saved: saved["seen"].update(capture=""), "seen.capture"),
    ],
)
def test_a_broken_file_is_named_with_its_key(tmp_path: Path, file: str, change: Change, key: str) -> None:
    folder = saved(tmp_path / "run")
    edit(folder.path / file, change)
    assert refusal(folder).startswith(f"{shown(folder, file)} is broken: {key}: ")


@pytest.mark.parametrize(
    ("file", "change", "key"),
    [
        (
            MEASUREMENT,
            lambda saved: saved["scenario"]["budget"][0].update(payloads=math.nan),
            "budget.0.payloads",
        ),
        (
            MEASUREMENT,
            lambda saved: saved["scenario"]["budget"][0].update(payloads=math.inf),
            "budget.0.payloads",
        ),
        (
            MEASUREMENT,
            lambda saved: saved["scenario"]["budget"][0].update(payloads=-1.0),
            "budget.0.payloads",
        ),
        (
            MEASUREMENT,
            lambda saved: saved["scenario"]["budget"][1].update(size_bytes=-1),
            "budget.1.size_bytes",
        ),
        (MEASUREMENT, lambda saved: saved["scenario"]["read"].update(readers=0), "read.readers"),
        (MEASUREMENT, lambda saved: saved["scenario"]["read"].update(readers=10**12), "read.readers"),
        (MEASUREMENT, lambda saved: saved["scenario"]["read"].update(keys=65), "read.keys"),
        (MEASUREMENT, lambda saved: saved["scenario"]["value"].update(share=math.nan), "value.share"),
        (MEASUREMENT, lambda saved: saved["payload"].update(logical_bytes=10**30), "payload.logical_bytes"),
        (MEASUREMENT, lambda saved: saved["payload"].update(frame_bytes=-1), "payload.frame_bytes"),
        (MEASUREMENT, lambda saved: saved.update(payload=None), "payload"),
        (MEASUREMENT, lambda saved: saved["observations"].append("00-rss.json"), "observations.3"),
        (RUN, lambda run: run["sweep"].update(axes={"x": ["1"]}), "variant.axes"),
        (RUN, lambda run: run["sweep"].update(sizes=["1MB", "2MB"]), "variant.size"),
        (RUN, lambda run: run["sweep"].update(predict_bytes=[0]), "sweep.predict_bytes"),
        (RUN, lambda run: run["sweep"].update(workers=-1), "sweep.workers"),
        (RUN, lambda run: run["options"].update(timeout_s=math.inf), "options.timeout_s"),
        (RUN, lambda run: run["scenarios"].append("arrow-l1-hit"), "scenarios.1"),
        (FIRST_RSS, lambda saved: saved["seen"].update(reads=[]), "reads"),
        (FIRST_RSS, lambda saved: saved["seen"].update(taken_bytes=-1), "taken_bytes"),
        (
            FIRST_RSS,
            lambda saved: saved["seen"]["reads"][0].update(peak_bytes=-(2 << 20)),
            "reads.0.peak_bytes",
        ),
        (
            FIRST_RSS,
            lambda saved: saved["seen"]["reads"][0].update(settled_bytes=-9),
            "reads.0.settled_bytes",
        ),
        (
            FIRST_RSS,
            lambda saved: saved["seen"]["reads"][0].update(baseline_anon_bytes=6),
            "reads.0.baseline_anon_bytes",
        ),
        (MEMRAY, lambda saved: saved["seen"].update(marks=0), "marks"),
        (
            MEMRAY,
            lambda saved: saved["seen"]["journal"][1]["place"].update(stage="x"),
            "journal.1.place.stage",
        ),
        (MEMRAY, lambda saved: saved["seen"]["stage_calls"].update(unwrap=-1), "stage_calls.unwrap"),
        (MEMRAY, lambda saved: saved.update(instrument="rss"), "release|reads|seen"),
    ],
)
def test_figures_that_make_no_sense_are_named_with_their_key(
    tmp_path: Path, file: str, change: Change, key: str
) -> None:
    folder = saved(tmp_path / "run")
    edit(folder.path / file, change)
    assert re.search(rf" is broken: (scenario\.|seen\.)?({key}): ", refusal(folder))


@pytest.mark.parametrize(
    ("file", "change", "key"),
    [
        (MEMRAY, lambda saved: saved.update(seen=[]), "seen"),
        (MEMRAY, lambda saved: saved["seen"].pop("herald_bytes"), r"seen\.herald_bytes"),
        (MEMRAY, lambda saved: saved["seen"]["journal"][1].update(place=[]), r"seen\.journal\.1\.place"),
        (FIRST_RSS, lambda saved: saved["seen"]["reads"][0].pop("samples"), r"seen\.reads\.0\.samples"),
        (FIRST_RSS, lambda saved: saved["seen"].update(pinned="yes"), r"seen\.pinned"),
    ],
)
def test_what_an_instrument_saw_is_broken_where_it_says(
    tmp_path: Path, file: str, change: Change, key: str
) -> None:
    folder = saved(tmp_path / "run")
    edit(folder.path / file, change)
    assert re.match(f"{re.escape(file)} is broken: {key}: ", refusal(folder))


def test_what_is_no_json_is_a_broken_file(tmp_path: Path) -> None:
    folder = unsealed(saved(tmp_path / "run"))
    (folder.path / MEASUREMENT).write_bytes(b"\x80\x04K\x01.")
    assert refusal(folder).startswith(f"{MEASUREMENT} is broken: the file: ")


@pytest.mark.parametrize("file", [RUN, MEASUREMENT, FIRST_RSS])
@pytest.mark.parametrize("text", ["", "[]", "null", "7", "{", "[" * 100_000])
def test_what_is_another_json_is_a_broken_file(tmp_path: Path, file: str, text: str) -> None:
    folder = unsealed(saved(tmp_path / "run"))
    (folder.path / file).write_text(text)
    assert refusal(folder).startswith(f"{shown(folder, file)} is broken: ")


@pytest.mark.parametrize("file", ["01-rss.json", "measurement.json"])
def test_a_missing_file_is_named(tmp_path: Path, file: str) -> None:
    folder = saved(tmp_path / "run")
    (folder.path / "scenarios/arrow-l1-hit" / file).unlink()
    assert refusal(folder) == f"can't read scenarios/arrow-l1-hit/{file}: No such file or directory"


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
