"""What other programs open has the figures of the report."""

import json
from dataclasses import replace
from typing import Any

from cachekit_memprobe.report.speedscope import to_speedscope
from cachekit_memprobe.report.trace import to_trace
from cachekit_memprobe.result import Part, Result
from tests.golden.reports import (
    FILE_GET,
    L1_HIT,
    LOGICAL_BYTES,
    NOT_APPLICABLE,
    SCENARIO,
    UNMEASURED,
    WITH_STAIRCASE,
    report_of,
)

HOSTILE = replace(WITH_STAIRCASE, scenario=replace(SCENARIO, name="a\x1b[31m\nb"))


def speedscope(*results: Result) -> Any:
    return json.loads(to_speedscope(report_of(*results)))


def test_each_profile_comes_to_what_its_stages_copy() -> None:
    document = speedscope(L1_HIT, FILE_GET, NOT_APPLICABLE, UNMEASURED)
    results = (L1_HIT, FILE_GET)
    assert len(document["profiles"]) == len(results)
    names = [frame["name"] for frame in document["shared"]["frames"]]
    for profile, result in zip(document["profiles"], results, strict=True):
        by_stage = dict.fromkeys((stage.name for stage in result.stages), 0)
        for sample, size_bytes in zip(profile["samples"], profile["weights"], strict=True):
            by_stage[names[sample[0]]] += size_bytes
        assert by_stage == {stage.name: stage.copies_bytes for stage in result.stages}
        assert profile["endValue"] == sum(profile["weights"])
        assert profile["unit"] == "bytes"


def test_a_line_is_below_its_stage_and_native_code_below_its_line() -> None:
    unwrap = L1_HIT.stages[2]
    parts = (Part("bytes_new", LOGICAL_BYTES - 5, 1),)
    site = replace(unwrap.sites[0], parts=parts)
    document = speedscope(replace(L1_HIT, stages=(replace(unwrap, sites=(site,)),)))
    names = [frame["name"] for frame in document["shared"]["frames"]]
    [profile] = document["profiles"]
    line = "SerializationWrapper.unwrap (serializers/wrapper.py:126)"
    assert [[names[frame] for frame in sample] for sample in profile["samples"]] == [
        ["unwrap", line, "bytes_new"],
        ["unwrap", line],
    ]
    assert profile["weights"] == [LOGICAL_BYTES - 5, 5]


def test_a_trace_has_the_staircase_and_where_the_read_was() -> None:
    events = json.loads(to_trace(report_of(L1_HIT, WITH_STAIRCASE)))["traceEvents"]
    assert {event["pid"] for event in events} == {2}
    counters = [event for event in events if event["ph"] == "C"]
    staircase = WITH_STAIRCASE.staircase
    assert staircase is not None
    assert [tuple(event["args"].values()) for event in counters] == [
        step.live_bytes for step in staircase.steps
    ]
    assert [event["ts"] for event in counters] == [0, 1, 2, 3, 4]
    spans = [(event["name"], event["ts"], event["dur"]) for event in events if event["ph"] == "X"]
    assert spans == [("unwrap", 0, 2), ("materialize", 2, 3)]


def test_names_from_outside_are_on_one_line() -> None:
    assert speedscope(HOSTILE)["profiles"][0]["name"] == "a b: copies, by stage"
    events = json.loads(to_trace(report_of(HOSTILE)))["traceEvents"]
    assert events[0]["args"] == {"name": "a b"}
