"""A comparison that measures for real, as a user asks for it."""

import json
from pathlib import Path

import pytest

from tests.process.measuring import cli
from tests.process.scenarios import write_scenario
from tests.schemas import COMPARISON, errors_in

pytestmark = pytest.mark.process


def test_a_release_is_measured_once_and_equals_itself(tmp_path: Path) -> None:
    scenario = str(write_scenario(tmp_path / "small.toml"))
    given = ("--instrument", "memray", "--format", "json", "--strict", "--fail-on", "copies.total:+0x")
    state = str(tmp_path / "state")
    finished = cli("compare", "installed", "installed", scenario, *given, XDG_STATE_HOME=state)
    assert finished.status == 0, finished.stderr
    document = json.loads(finished.stdout)
    assert errors_in(document, COMPARISON) == []
    (compared,) = document["scenarios"]
    assert compared["metrics"]["copies.total"]["base_bytes"] > 1_000_000
    assert {metric["answer"] for metric in compared["metrics"].values()} == {"equal"}
    assert len([*(tmp_path / "state").rglob("run.json")]) == 1
