"""Run folders of schema 1: one that cachekit-memprobe 0.1.0 saved, and observations that are not in it.

``schema-1`` is a run of cachekit 0.9.1 with four of its scenarios kept, and the report that the same version
made of them. It has no capture of memray's, in which the folders of the machine that measured would stand.
"""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cachekit_memprobe import pipeline
from cachekit_memprobe.child.seen import (
    KINDS,
    SCHEMA_VERSION,
    AliasingSeen,
    Block,
    Handed,
    Held,
    Kept,
    MemraySeen,
    Note,
    Origin,
    RetentionSeen,
    Seen,
    TracemallocSeen,
)
from cachekit_memprobe.child.stages import OUTSIDE, Place
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.report.json import to_json
from cachekit_memprobe.runstore import RunFolder, earlier
from cachekit_memprobe.validation import from_json
from tests.unit.runstore.made import edit

SAVED = Path(__file__).with_name("schema-1")
NAMES = ["arrow-l1-hit", "arrow-strings-l1-hit", "async-file-get-backfill", "arrow-file-mmap"]
SAME = ("verdict", "reason", "variant")
FIGURES = ("metrics", "metrics_bytes", "spread")


MEASUREMENT = "scenarios/arrow-l1-hit/measurement.json"
RSS = "scenarios/arrow-l1-hit/00-rss.json"
ALIASING = "scenarios/arrow-l1-hit/02-aliasing.json"

UNWRAP = Place("unwrap", "unwrap", "cachekit/serializers/wrapper.py", 126)
UNWRAP_THEN = {"stage": "unwrap", "function": "unwrap", "file": UNWRAP.file, "line": 126}


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    shutil.copytree(SAVED, tmp_path / "run")
    return RunFolder.open(tmp_path / "run")


class TestARunFolderOfSchema1:
    @pytest.mark.parametrize("number", range(len(NAMES)), ids=NAMES)
    def test_is_explained_as_it_was_then(self, folder: RunFolder, number: int) -> None:
        then = json.loads((SAVED / "report.json").read_text())["results"][number]
        now = json.loads(to_json(pipeline.explain(folder)))["results"][number]
        assert now["scenario"] == then["scenario"] == NAMES[number]
        then["reason"] = then["reason"] and then["reason"].replace(
            "applies to cachekit", "it is for releases"
        )
        assert {key: now[key] for key in SAME} == {key: then[key] for key in SAME}
        for figures in FIGURES:
            # A stage that the map of then didn't have, and a metric: nothing was booked there.
            assert {name: now[figures][name] for name in then[figures]} == then[figures]
        assert now["payload"] == (then["payload"] and {**then["payload"], "rows": None})
        assert now["footprint"] is None
        stages = zip(now["stages"], renamed(then["stages"]), strict=True)
        assert all(without_new(stage) == without_new(stage_then) for stage, stage_then in stages)
        # Without memray, a copy that was proven wasn't told.
        findings = [found(finding) for finding in now["findings"] if finding["code"] != "MEM001"]
        assert findings == list(map(found, then["findings"]))
        # What the instruments that were not run would tell has no line in a report of schema 1.
        limits = [limit for limit in now["budgets"] if limit["status"] != "not_judged"]
        assert list(map(judged, limits)) == list(map(judged, then["budgets"]))

    def test_says_how_it_was_measured(self, folder: RunFolder) -> None:
        run = pipeline.explain(folder).run
        then = json.loads((SAVED / "report.json").read_text())
        assert (run.target.cachekit, run.created) == ("0.9.1", then["created"])
        assert run.options.isolation == "fresh"
        assert list(run.options.instruments) == then["options"]["instruments"]
        assert [scenario.name for scenario in run.scenarios] == NAMES

    def test_has_the_conditions_of_its_limits(self, folder: RunFolder) -> None:
        run = pipeline.explain(folder).run
        file = SAVED / "scenarios" / NAMES[1] / "measurement.json"
        then = [limit["where"] for limit in json.loads(file.read_text())["scenario"]["budget"]]
        assert [limit.when for limit in run.scenarios[1].budget] == then
        assert "pandas<3" in then

    def test_has_what_the_instruments_saw(self, folder: RunFolder) -> None:
        _, (_, strings, backfill, _) = folder.load()
        assert strings.seen.aliasing is not None
        assert strings.seen.aliasing.views["materialize"] == Origin("made", 0, made_in="unwrap")
        assert strings.seen.retention is not None
        assert [handed.what for handed in strings.seen.retention.handed] == ["body"]
        assert backfill.seen.aliasing is not None
        assert [kept.name for kept in backfill.seen.aliasing.kept] == ["cachekit.l1_cache._global_l1_manager"]
        origins = [block.origin for block in backfill.seen.aliasing.blocks]
        assert Origin("made", 67_116_433, "bytes") in origins

    def test_stays_as_it_is(self, folder: RunFolder) -> None:
        pipeline.explain(folder)
        assert texts_in(folder.path) == texts_in(SAVED)

    @pytest.mark.parametrize(
        ("file", "change", "key"),
        [
            ("run.json", lambda run: run.pop("options"), "options"),
            ("run.json", lambda run: run.update(options=[]), "options"),
            (MEASUREMENT, lambda saved: saved.pop("scenario"), "scenario"),
            (MEASUREMENT, lambda saved: saved["scenario"].update(budget=[7]), "scenario.budget.0"),
            (ALIASING, lambda saved: saved["data"].pop("blocks"), "data"),
            (ALIASING, lambda saved: saved.update(data=7), "data"),
            (ALIASING, lambda saved: saved["data"]["blocks"][0].update(of="thin air"), "data"),
            (ALIASING, lambda saved: saved.pop("instrument"), "data"),
            (RSS, lambda saved: saved["data"]["reads"][0].clear(), "seen.reads.0"),
            (RSS, lambda saved: saved.update(instrument="dhat"), "instrument"),
        ],
    )
    def test_that_is_broken_says_where(
        self, folder: RunFolder, file: str, change: Callable[[Any], object], key: str
    ) -> None:
        edit(folder.path / file, change)
        if file == "run.json":
            with pytest.raises(UsageError, match=re.escape(f"{folder.path / file} is broken: {key}")):
                folder.load()
        else:
            _, (measurement, *_) = folder.load()
            assert str(measurement.reason).startswith(f"{file} is broken: {key}")


def judged(budget: dict[str, Any]) -> dict[str, Any]:
    """A limit without the words for its suspect, which were one text, and what a project says of it."""
    new = ("text", "message", "origin")
    return {key: value for key, value in budget.items() if key not in ("where", "suspect", "suspects", *new)}


def renamed(value: Any) -> Any:
    """What had survived the read was called held."""
    if isinstance(value, dict):
        return {key.replace("held_", "survived_"): renamed(entry) for key, entry in value.items()}
    return [renamed(entry) for entry in value] if isinstance(value, list) else value


def without_new(stage: dict[str, Any]) -> dict[str, Any]:
    """A stage, or a site, without what has come since: without memray there were no lines."""
    new = {"moved_bytes", "memory_of", "recycled_bytes", "small_bytes", "arenas"}
    new |= {"shared_bytes", "parts"}
    if stage["copies_bytes"] is None:
        new |= {"function", "file", "line", "sites"}
    kept = {key: value for key, value in stage.items() if key not in new}
    return {**kept, "sites": [without_new(site) for site in kept["sites"]]} if "sites" in kept else kept


def found(finding: dict[str, Any]) -> dict[str, Any]:
    """A finding without its sentence, which may be put better."""
    return {key: value for key, value in finding.items() if key != "message"}


def texts_in(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.json")}


def upgraded(instrument: str, data: Any, capture: str | None = None) -> Seen:
    """The record of what a probe of then told."""
    document = earlier.observation({"instrument": instrument, "data": data, "capture": capture})
    assert (document["instrument"], document["schema_version"]) == (instrument, SCHEMA_VERSION)
    seen: Seen = from_json(KINDS[instrument], json.dumps(document["seen"]))
    return seen


def test_an_observation_of_memray() -> None:
    journal = [
        {"event": "open", "thread": 1},
        {"event": "move", "thread": 1, **UNWRAP_THEN},
        {"event": "pause", "thread": 1},
        {"event": "maps", "thread": 1, "maps": [[16, 32], [64, 96]]},
        {"event": "pause", "thread": 1},
        {"event": "map", "thread": 1, "size_bytes": 4096},
        {"event": "move", "thread": 1, "stage": "other", "function": "", "file": "", "line": 0},
        {"event": "close", "thread": 1},
    ]
    shared = {
        "release": "0.9.1",
        "stage_calls": {"unwrap": 1},
        "herald_bytes": 40_042,
        "marks": 20_000,
        "package_folder": "/venv/lib",
        "memray": "1.20.0",
        "sources": {"cachekit/a.py:1": "größe()"},
    }
    assert upgraded("memray", {**shared, "journal": journal}, "scenarios/x/memray.bin") == MemraySeen(
        **shared,  # type: ignore[arg-type]  # the values are as the record has them
        journal=(
            Note("open"),
            Note("move", UNWRAP),
            Note("pause"),
            Note("maps", spans=((16, 32), (64, 96))),
            Note("pause"),
            Note("map", size_bytes=4096),
            Note("move", OUTSIDE),
            Note("close"),
        ),
        capture="scenarios/x/memray.bin",
    )


@pytest.mark.parametrize(
    ("words", "origin"),
    [
        ("", None),
        ("the frame in L1", Origin("l1_frame", 0)),
        ("the object in the cache", Origin("cached_object", 0)),
        ("the file map", Origin("file_map", 0)),
        ("67116433 bytes of bytes", Origin("made", 67_116_433, "bytes")),
        ("what backend_get made", Origin("made", 0, made_in="backend_get")),
    ],
)
def test_an_observation_of_aliasing(words: str, origin: Origin | None) -> None:
    block = {**UNWRAP_THEN, "statement": [126, 128], "size_bytes": 9, "kind": "verbatim", "of": words}
    kept = [
        {**UNWRAP_THEN, "name": "cachekit.x._KEPT", "size_bytes": 5},
        {"name": "cachekit.y.z", "size_bytes": 6, "stage": None, "function": "", "file": "", "line": 0},
    ]
    views = {"decode": words} if words else {}
    data = {"release": "0.9.1", "stage_calls": {}, "blocks": [block], "views": views, "kept": kept}
    seen = upgraded("aliasing", data)
    assert seen == AliasingSeen(
        "0.9.1",
        {},
        (Block(UNWRAP, (126, 128), 9, "verbatim", origin),),
        {"decode": origin} if origin else {},
        (Kept("cachekit.x._KEPT", 5, UNWRAP), Kept("cachekit.y.z", 6)),
    )
    if origin is not None:
        assert isinstance(seen, AliasingSeen)
        assert seen.views["decode"].words == words


def test_an_observation_of_aliasing_from_before_statements_and_views() -> None:
    block = {**UNWRAP_THEN, "size_bytes": 9, "kind": "transformed", "of": ""}
    data = {"release": "0.9.1", "stage_calls": {}, "blocks": [block], "kept": []}
    assert upgraded("aliasing", data) == AliasingSeen(
        "0.9.1", {}, (Block(UNWRAP, (126, 126), 9, "transformed"),), {}, ()
    )


@pytest.mark.parametrize("sliced", [True, False])
def test_an_observation_of_retention(sliced: bool) -> None:
    held = {"anon_bytes": 5, "pool_bytes": 6, "mapped_bytes": 7, "open_files": 8}
    part = {"anon_bytes": 1, "pool_bytes": 2, "mapped_bytes": 3, "open_files": 4} if sliced else None
    handed = [{"what": "frame", "size_bytes": 9}]
    data = {"release": "0.9.1", "result": held, "handed": handed, "after": held, "slice": part}
    whole = Held(5, 6, 7, 8)
    assert upgraded("retention", data) == RetentionSeen(
        "0.9.1", whole, (Handed("frame", 9),), whole, Held(1, 2, 3, 4) if sliced else None
    )


def test_an_observation_of_tracemalloc() -> None:
    data = {"release": "0.9.1", "peak": 1, "late_peak": None, "arrow_pool_peak": 2, "stages": {"unwrap": 3}}
    assert upgraded("tracemalloc", {**data, "stage_calls": {"unwrap": 1}}) == TracemallocSeen(
        "0.9.1", {"unwrap": 1}, 1, None, 2, {"unwrap": 3}
    )
