import json
from dataclasses import replace
from typing import Any

import pytest
from inline_snapshot import snapshot

from cachekit_memprobe.report.json import to_json
from tests.golden.reports import (
    FILE_MAP,
    L1_HIT,
    NOT_APPLICABLE,
    TARGET,
    UNMEASURED,
    WITH_STAIRCASE,
    report_of,
)


def document(*results: Any) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(to_json(report_of(*results)))
    return parsed


def test_everything_but_the_results() -> None:
    head = document()
    assert head.pop("results") == []
    assert head == snapshot(
        {
            "schema_version": 2,
            "tool": {"name": "cachekit-memprobe", "version": "0.1.0"},
            "created": "2026-01-02T03:04:05+00:00",
            "target": {
                "spec": "0.9.1",
                "cachekit": "0.9.1",
                "python": "3.11.7",
                "pyarrow": "26.0.1",
                "pandas": "3.1.1",
                "numpy": "2.4.6",
                "memray": "1.20.0",
                "platform": "Linux-6.1.0-x86_64-with-glibc2.36",
            },
            "fingerprint": {
                "parts": {
                    "cachekit": "0.9.1",
                    "python": "3.11.7",
                    "pandas": "3.1.1",
                    "pyarrow": "26.0.1",
                    "numpy": "2.4.6",
                    "memray": "1.20.0",
                    "system": "Linux-6.1.0-x86_64-with-glibc2.36",
                    "allocators": "pinned",
                    "instruments": "rss, tracemalloc, memray, aliasing",
                },
                "digest": "35c132855cf9",
            },
            "options": {
                "instruments": ["rss", "tracemalloc", "memray", "aliasing"],
                "reads": 5,
                "repeat": 1,
                "timeout_s": 300.0,
                "jobs": 2,
                "as_deployed": False,
                "isolation": "fork",
                "stages": [],
                "kept_environment": {},
            },
            "sweep": {
                "sizes": [],
                "axes": {},
                "skipped": [],
                "without_budget": [],
                "predict_bytes": [],
                "predict_rows": [],
                "sort": "",
                "workers": 0,
            },
            "scaling": [],
        }
    )


def test_a_measured_result_without_its_stages() -> None:
    [result] = document(L1_HIT)["results"]
    assert [entry["name"] for entry in result.pop("stages")] == [entry.name for entry in L1_HIT.stages]
    assert result == snapshot(
        {
            "scenario": "arrow-l1-hit",
            "variant": None,
            "verdict": "fail",
            "reason": None,
            "payload": {"logical_bytes": 300000000, "frame_bytes": 300001234, "rows": None},
            "definition": {
                "value": {
                    "kind": "dataframe",
                    "logical_bytes": 300000000,
                    "seed": 1,
                    "columns": 8,
                    "share": 1.0,
                },
                "call": None,
                "caching": {
                    "serializer": "arrow",
                    "compression": "none",
                    "backend": "file",
                    "encryption": False,
                    "l1": True,
                    "return_format": "pandas",
                },
                "read": {
                    "tier": "l1",
                    "route": "memory",
                    "asynchronous": False,
                    "backfill": False,
                    "readers": 1,
                    "keys": 1,
                },
            },
            "file_holds": None,
            "environment": {},
            "tier": "l1",
            "route": "memory",
            "readers": 1,
            "metrics": {
                "copies.unwrap": 1.0,
                "copies.total": 2.0014,
                "peak.heap": 2.0013,
                "peak.tracemalloc": 2.0008,
                "peak.tracemalloc_late": 1.0004,
                "peak.arrow_pool": 0.0,
                "rss.peak": 2.004,
                "rss.anon": 2.004,
                "rss.file": 0.0,
                "rss.settled": 0.0021,
                "growth.per_read": 0.0,
            },
            "metrics_bytes": {
                "copies.unwrap": 300000000,
                "copies.total": 600429000,
                "peak.heap": 600390000,
                "peak.tracemalloc": 600240000,
                "peak.tracemalloc_late": 300120000,
                "peak.arrow_pool": 0,
                "rss.peak": 601200000,
                "rss.anon": 601200000,
                "rss.file": 0,
                "rss.settled": 630000,
                "growth.per_read": -3000,
            },
            "spread": {"rss.peak": 0.0087},
            "repeats_bytes": {},
            "footprint": None,
            "workers": None,
            "read": 1,
            "budgets": [
                {
                    "metric": "copies.unwrap",
                    "limit": 0.3,
                    "observed": 1.0,
                    "excess": 0.7,
                    "level": "error",
                    "status": "over",
                    "suspect": {"stage": "unwrap", "file": "cachekit/serializers/wrapper.py", "line": 126},
                    "suspects": [
                        {
                            "stage": "unwrap",
                            "file": "cachekit/serializers/wrapper.py",
                            "line": 126,
                            "size_bytes": 300000000,
                        }
                    ],
                    "text": None,
                    "message": None,
                    "origin": None,
                },
                {
                    "metric": "copies.total",
                    "limit": 1.4,
                    "observed": 2.0014,
                    "excess": 0.6014,
                    "level": "error",
                    "status": "over",
                    "suspect": {"stage": "unwrap", "file": "cachekit/serializers/wrapper.py", "line": 126},
                    "suspects": [
                        {
                            "stage": "unwrap",
                            "file": "cachekit/serializers/wrapper.py",
                            "line": 126,
                            "size_bytes": 300000000,
                        },
                        {
                            "stage": "materialize",
                            "file": "cachekit/serializers/arrow_serializer.py",
                            "line": 306,
                            "size_bytes": 300000000,
                        },
                    ],
                    "text": None,
                    "message": None,
                    "origin": None,
                },
                {
                    "metric": "peak.heap",
                    "limit": 1.4,
                    "observed": 2.0013,
                    "excess": 0.6013,
                    "level": "warn",
                    "status": "over",
                    "suspect": {"stage": "unwrap", "file": "cachekit/serializers/wrapper.py", "line": 126},
                    "suspects": [
                        {
                            "stage": "unwrap",
                            "file": "cachekit/serializers/wrapper.py",
                            "line": 126,
                            "size_bytes": 300000000,
                        }
                    ],
                    "text": None,
                    "message": None,
                    "origin": None,
                },
                {
                    "metric": "rss.peak",
                    "limit": 1.4,
                    "observed": 2.004,
                    "excess": 0.604,
                    "level": "error",
                    "status": "over",
                    "suspect": {"stage": "unwrap", "file": "cachekit/serializers/wrapper.py", "line": 126},
                    "suspects": [
                        {
                            "stage": "unwrap",
                            "file": "cachekit/serializers/wrapper.py",
                            "line": 126,
                            "size_bytes": 300000000,
                        }
                    ],
                    "text": None,
                    "message": None,
                    "origin": None,
                },
                {
                    "metric": "growth.per_read",
                    "limit": 0.1,
                    "observed": 0.0,
                    "excess": 0.0,
                    "level": "error",
                    "status": "within",
                    "suspect": None,
                    "suspects": [],
                    "text": None,
                    "message": None,
                    "origin": None,
                },
            ],
            "findings": [
                {
                    "code": "MEM001",
                    "message": "unwrap copies the payload byte for byte: 300.0 MB on every read",
                    "stage": "unwrap",
                    "file": "cachekit/serializers/wrapper.py",
                    "line": 126,
                },
                {
                    "code": "MEM002",
                    "message": "a tracemalloc window opened after unwrap misses 1.00x of this read",
                    "stage": "unwrap",
                    "file": None,
                    "line": None,
                },
            ],
            "notes": [],
            "staircase": None,
        }
    )


def test_a_stage_names_its_largest_site() -> None:
    [result] = document(L1_HIT)["results"]
    stages = {entry["name"]: entry for entry in result["stages"]}
    assert stages["unwrap"] == snapshot(
        {
            "name": "unwrap",
            "calls": 1,
            "function": "SerializationWrapper.unwrap",
            "file": "cachekit/serializers/wrapper.py",
            "line": 126,
            "source": "payload = bytes(mv[header_end:])",
            "copies_bytes": 300000000,
            "copies": 1.0,
            "verbatim_bytes": 300000000,
            "moved_bytes": 300000000,
            "live_bytes": 300000000,
            "survived_bytes": 0,
            "mapped_bytes": 0,
            "shared_bytes": 0,
            "tracemalloc_bytes": 300000000,
            "view_of": None,
            "sites": [
                {
                    "function": "SerializationWrapper.unwrap",
                    "file": "cachekit/serializers/wrapper.py",
                    "line": 126,
                    "source": "payload = bytes(mv[header_end:])",
                    "kind": "verbatim",
                    "copies_bytes": 300000000,
                    "copies": 1.0,
                    "allocations": 1,
                    "recycled_bytes": 0,
                    "small_bytes": None,
                    "arenas": None,
                    "verbatim_bytes": 300000000,
                    "moved_bytes": 300000000,
                    "memory_of": None,
                    "live_bytes": 300000000,
                    "survived_bytes": 0,
                    "mapped_bytes": 0,
                    "shared_bytes": 0,
                    "parts": [],
                }
            ],
        }
    )
    assert stages["l1_get"] == snapshot(
        {
            "name": "l1_get",
            "calls": 1,
            "function": None,
            "file": None,
            "line": None,
            "source": None,
            "copies_bytes": 0,
            "copies": 0.0,
            "verbatim_bytes": 0,
            "moved_bytes": 0,
            "live_bytes": 0,
            "survived_bytes": 0,
            "mapped_bytes": 0,
            "shared_bytes": 0,
            "tracemalloc_bytes": 0,
            "view_of": "the frame in L1",
            "sites": [],
        }
    )


def test_the_stages_add_up_to_the_total() -> None:
    [result] = document(L1_HIT)["results"]
    total = sum(entry["copies_bytes"] for entry in result["stages"])
    assert total == sum(entry.copies_bytes for entry in L1_HIT.stages)


def test_a_file_map_is_not_a_copy() -> None:
    [result] = document(FILE_MAP)["results"]
    [mapped] = [entry for entry in result["stages"] if entry["name"] == "backend_map"]
    [unwrap] = [entry for entry in result["stages"] if entry["name"] == "unwrap"]
    assert unwrap["view_of"] == "the file map"
    assert (mapped["mapped_bytes"], mapped["copies_bytes"]) == (300_000_000, 0)
    assert (mapped["file"], mapped["line"]) == ("cachekit/backends/file/backend.py", 420)
    [site] = mapped["sites"]
    assert (site["kind"], site["mapped_bytes"], site["copies_bytes"]) == ("mapped", 300_000_000, 0)


def test_a_limit_that_was_not_measured_has_no_observed_figure() -> None:
    [result] = document(FILE_MAP)["results"]
    assert result["budgets"] == snapshot(
        [
            {
                "metric": "peak.tracemalloc",
                "limit": 0.3,
                "observed": None,
                "excess": 0.0,
                "level": "error",
                "status": "unmeasured",
                "suspect": None,
                "suspects": [],
                "text": None,
                "message": None,
                "origin": None,
            }
        ]
    )


@pytest.mark.parametrize("result", [UNMEASURED, NOT_APPLICABLE])
def test_a_result_without_figures_has_the_same_keys(result: Any) -> None:
    [written] = document(result)["results"]
    [measured] = document(L1_HIT)["results"]
    assert written.keys() == measured.keys()
    assert (written["payload"], written["metrics"], written["metrics_bytes"]) == (None, {}, {})


def test_the_interpreters_path_is_nowhere() -> None:
    target = replace(TARGET, spec="/home/someone/envs/0.9.1/bin/python")
    report = report_of(L1_HIT)
    text = to_json(replace(report, run=replace(report.run, target=target)))
    assert "someone" not in text
    assert json.loads(text)["target"]["spec"] == "python"


def test_undecodable_text_is_still_utf_8() -> None:
    text = to_json(report_of(replace(UNMEASURED, reason="\udcff größe")))
    assert json.loads(text.encode())["results"][0]["reason"] == "? größe"


def test_a_figure_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match=r"NaN|JSON compliant"):
        to_json(report_of(replace(L1_HIT, metrics={"rss.peak": float("nan")})))


def test_without_memray_a_stages_copies_are_unknown_and_not_0() -> None:
    [result] = document(replace(L1_HIT, metrics={"rss.peak": 2.0}))["results"]
    stage = result["stages"][0]
    names = ("copies_bytes", "copies", "live_bytes", "survived_bytes", "mapped_bytes")
    assert [stage[name] for name in names] == [None] * len(names)
    assert stage["tracemalloc_bytes"] == 0


def test_the_staircase_has_a_line_for_each_step() -> None:
    [result] = document(WITH_STAIRCASE)["results"]
    staircase = result["staircase"]
    assert staircase["stages"] == ["unwrap", "materialize", "other"]
    assert staircase["steps_bytes"][staircase["peak"]] == [300_000_000, 300_000_000, 400_000]
    assert staircase["spans"][0] == {"stage": "unwrap", "thread": 0, "begin": 0, "end": 2}
    assert "\n          [300000000, 150000000, 400000],\n" in to_json(report_of(WITH_STAIRCASE))


def test_a_text_that_looks_like_a_list_of_numbers_stays_as_it_is() -> None:
    text = "[\n  1,\n  2\n]"
    [result] = document(replace(UNMEASURED, reason=text))["results"]
    assert result["reason"] == text
