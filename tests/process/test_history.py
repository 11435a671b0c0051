"""A history of real reads: a step that was planted is found, and what was measured is kept."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from cachekit_memprobe.chronicle import Listener, Plan, Stop, history_of
from cachekit_memprobe.history import History, Point
from cachekit_memprobe.metrics import MEMRAY
from cachekit_memprobe.model import RunOptions, Target
from cachekit_memprobe.request import Request
from cachekit_memprobe.result import Result
from cachekit_memprobe.runstore import Histories
from cachekit_memprobe.scenario import load_bundled, with_overrides
from cachekit_memprobe.servers import OwnServers
from tests.process.faults import Copy
from tests.process.measuring import MIB, Finished, cli, start_cli

pytestmark = [pytest.mark.process, pytest.mark.release]

SCENARIO = "arrow-l1-hit"
SIZE_MIB = 8


class Counting(Listener):
    """How many scenarios were measured at each point."""

    def __init__(self) -> None:
        self.measured: dict[str, int] = {}

    def done(self, point: Point, results: Mapping[str, Result], measured: int) -> None:
        self.measured[point.label] = measured


def _itself(target: Target) -> Target:
    return target


def made(store: Path, **targets: Target) -> tuple[History, dict[str, int]]:
    """The history of targets, named by their points."""
    scenario = with_overrides(load_bundled(SCENARIO), size_bytes=SIZE_MIB * MIB)
    stops = tuple(
        Stop(Point(label, label), label, partial(_itself, target)) for label, target in targets.items()
    )
    options = RunOptions((MEMRAY,), reads=1)
    listener = Counting()
    plan = Plan("release", stops, (scenario,), options, Request(), OwnServers())
    return history_of(plan, Histories(store), listener), listener.measured


def test_a_planted_step_names_its_point_and_its_line(
    newest: Target, faulty: Callable[[str], Copy], tmp_path: Path
) -> None:
    copy = faulty("unwrap-copies")
    planted = replace(newest, python=copy.python, versions={**newest.versions, "cachekit_state": "modified"})
    first, _ = made(tmp_path, one=newest, two=newest)
    assert first.scenarios[0].steps == ()

    history, measured = made(tmp_path, one=newest, two=newest, three=planted, four=planted)
    assert measured == {"one": 0, "two": 0, "three": 1, "four": 1}
    (scenario,) = history.scenarios
    labels = [point.label for point in history.points]
    assert {labels[step.new] for step in scenario.steps} == {"three"}
    by_metric = {step.metric: step for step in scenario.steps}
    assert {"copies.unwrap", "copies.total", "peak.heap"} <= set(by_metric)
    for step in by_metric.values():
        assert step.change == pytest.approx(1.0, abs=0.02)
    (line,) = by_metric["copies.unwrap"].lines
    assert (line.place.file, line.place.line) == copy.where
    assert {one.metric for one in scenario.regressions} >= {"copies.total", "peak.heap"}


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {"XDG_STATE_HOME": str(tmp_path_factory.mktemp("state"))}


def history(releases: str, variables: Mapping[str, str], *more: str) -> Finished:
    return cli("history", SCENARIO, *_OPTIONS, "--releases", releases, "--json", "-", *more, **variables)


_OPTIONS = ("--size", f"{SIZE_MIB}MiB", "--reads", "2")


def test_what_was_measured_before_it_was_killed_is_kept(variables: dict[str, str]) -> None:
    killed = start_cli(
        "history", SCENARIO, *_OPTIONS, "--releases", "0.9.1,0.10.0", "--json", "-", **variables
    )
    with killed:
        assert killed.stderr is not None
        for line in killed.stderr:
            if line.startswith("0.9.1: 1 measured"):
                break
        killed.kill()

    ended = history("0.9.1,0.10.0", variables)
    assert ended.status == 0
    assert "0.9.1: 1 kept" in ended.stderr
    document = json.loads(ended.stdout)
    assert [point["label"] for point in document["points"]] == ["0.9.1", "0.10.0"]
    (scenario,) = document["scenarios"]
    (step,) = (one for one in scenario["steps"] if one["metric"] == "copies.unwrap")
    assert (step["from"], step["to"], step["kind"]) == ("0.9.1", "0.10.0", "exact")
    (line,) = step["lines"]
    assert line["base"]["file"] == "cachekit/serializers/wrapper.py"
    assert "bytes(mv[header_end:])" in line["source"]

    again = history("0.9.1,0.10.0", variables, "--check")
    assert again.status == 0
    assert len(re.findall(r"^0\.\d+\.\d: 1 kept$", again.stderr, re.MULTILINE)) == 2
    assert json.loads(again.stdout)["scenarios"] == document["scenarios"]

    _has_the_figures_of_run(scenario["figures"][0]["metrics"], "0.9.1", variables)


def test_the_page_links_a_report_of_each_point(variables: dict[str, str], tmp_path: Path) -> None:
    page = tmp_path / "of mine.html"
    assert history("0.9.1,0.10.0", variables, "--html", str(page)).status == 0
    links = {unquote(link) for link in re.findall(r'href="([^"]+)#s1"', page.read_text("utf-8"))}
    written = {f"of mine-reports/{file.name}" for file in (tmp_path / "of mine-reports").iterdir()}
    assert links == written
    assert len(links) == 2
    assert not [
        link for link in links if not (tmp_path / link).read_text("utf-8").startswith("<!doctype html>")
    ]


def _has_the_figures_of_run(metrics: Mapping[str, Any], release: str, variables: Mapping[str, str]) -> None:
    ended = cli("run", SCENARIO, "--quick", *_OPTIONS, "--cachekit", release, "--json", "-", **variables)
    alone = ended.result(SCENARIO)["metrics"]
    assert set(alone) == set(metrics)
    for name, figure in metrics.items():
        noise = 1 / SIZE_MIB if name.startswith(("rss.", "growth.")) else 0.001
        if not name.startswith(("rss.total", "rss.resting", "rss.settled")):
            assert figure["payloads"] == pytest.approx(alone[name], abs=noise), name


def test_a_release_that_cannot_be_measured_is_a_row_with_its_reason(variables: dict[str, str]) -> None:
    ended = history("0.10.0", {**variables, "UV_OFFLINE": "1"}, "--with", "pandas==0.0.1")
    document = json.loads(ended.stdout)
    assert ended.status == 3
    (point,) = document["points"]
    assert "can't be installed" in point["reason"]
    assert document["scenarios"][0]["figures"][0]["verdict"] == "unmeasured"
