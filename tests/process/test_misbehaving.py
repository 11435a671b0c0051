"""Measured processes that die, hang or talk nonsense: a reason for each, and the others still reported."""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote

import pytest

from cachekit_memprobe.cli.exits import exit_code
from cachekit_memprobe.metrics import MEMRAY
from cachekit_memprobe.model import Isolation, RunOptions, Target
from cachekit_memprobe.scenario import load_bundled
from tests.process.faults import Copy
from tests.process.measuring import Finished, cli, processes_of, run_here
from tests.process.misbehaviour import SAID_BEFORE
from tests.process.scenarios import write_scenario

pytestmark = [pytest.mark.process, pytest.mark.release]

REASONS = {
    "killed": "the measured process was killed (SIGKILL), most likely by the kernel",
    "crashed": "the measured process was killed by signal 11",
    "hung": "the measured process did not finish within 12 s; see --timeout",
    "hung-storing": "the measured process did not finish within 12 s; see --timeout",
    "ended": "the measured process ended with status 5 and without a result",
    "forked": "the measured process ended with status 5 and without a result",
    "flooding": "the measured process printed more than 64 MiB",
    "babbling": "the measured process sent garbage instead of a message: b'\\x00 no message'",
    "foreign": "the measured process sent garbage instead of a message",
    "inventive": "the measured process sent a message of unknown type 'lunch'",
}
"""What the reason starts with, for those that end the measurement by themselves."""


_HARD_NAME = "marker tmp'x"


@dataclass(frozen=True)
class Aftermath:
    """A run in which only two scenarios are well-behaved, and what it left."""

    ended: Finished
    run: Path
    temporary: list[Path]
    processes: list[str]

    def result(self, scenario: str) -> dict[str, Any]:
        return self.ended.result(scenario)


ISOLATIONS: tuple[Isolation, ...] = get_args(Isolation)


@pytest.fixture(scope="module")
def aftermaths(
    faulty: Callable[[str], Copy], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[Isolation, Aftermath]:
    """Side by side, since most of the time they wait for a time limit."""
    python = faulty("misbehaves").python
    with ThreadPoolExecutor() as pool:
        ends = {
            isolation: pool.submit(_ended, isolation, python, tmp_path_factory.mktemp("misbehaving"))
            for isolation in ISOLATIONS
        }
        return {isolation: end.result() for isolation, end in ends.items()}


@pytest.fixture(scope="module", params=ISOLATIONS)
def aftermath(request: pytest.FixtureRequest, aftermaths: Mapping[Isolation, Aftermath]) -> Aftermath:
    return aftermaths[request.param]


def _ended(isolation: Isolation, python: Path, folder: Path) -> Aftermath:
    temporary = folder / _HARD_NAME
    temporary.mkdir()
    names = (*REASONS, "raised", "empty", "chatty", "daemonic", "indiscreet")
    files = [str(write_scenario(folder / f"{name}.toml")) for name in names]
    ended = cli(
        *("run", *files, "bytes-file-get", "--size", "8MiB", "--instrument", "memray"),
        *("--python", str(python), "--timeout", "12", "--jobs", "3"),
        *("--isolation", isolation, "--out", str(folder / "run"), "--json", "-"),
        TMPDIR=str(temporary),
    )
    return Aftermath(ended, folder / "run", list(temporary.iterdir()), processes_of(temporary))


@pytest.mark.parametrize(("scenario", "reason"), REASONS.items(), ids=REASONS.keys())
def test_the_reason_is_told_with_the_last_words(scenario: str, reason: str, aftermath: Aftermath) -> None:
    result = aftermath.result(scenario)
    assert result["verdict"] == "unmeasured"
    assert result["reason"].startswith(reason)
    words = "flood flood" if scenario == "flooding" else SAID_BEFORE
    assert words in result["reason"].partition("the last it printed:")[2]


def test_an_exception_in_the_target_is_a_read_that_went_astray(aftermath: Aftermath) -> None:
    result = aftermath.result("raised")
    assert result["verdict"] == "unmeasured"
    assert "the stored entry was not found, had expired or was refused" in result["reason"]
    assert SAID_BEFORE in result["reason"].partition("the last it printed:")[2]


def test_an_answer_without_content_is_no_measurement(aftermath: Aftermath) -> None:
    result = aftermath.result("empty")
    assert result["verdict"] == "unmeasured"
    assert "sent an answer that can't be used" in result["reason"]


def test_no_folder_is_named(aftermath: Aftermath) -> None:
    reason = aftermath.result("indiscreet")["reason"]
    assert "cachekit/_misbehaviour.py" in reason
    texts = [aftermath.ended.stdout, *(file.read_text() for file in aftermath.run.rglob("measurement.json"))]
    for hidden in ("marker tmp", "tmp'x", quote(_HARD_NAME), "pytest-of", aftermath.run.parent.name):
        assert not [text for text in texts if hidden in text]


@pytest.mark.parametrize("scenario", ["bytes-file-get", "chatty"])
def test_the_others_are_measured_even_if_they_print(scenario: str, aftermath: Aftermath) -> None:
    result = aftermath.result(scenario)
    assert result["verdict"] == "pass"
    assert result["metrics"]["copies.total"] > 1


def test_the_run_ends_with_3_and_leaves_nothing(aftermath: Aftermath) -> None:
    """Not even the daemon that a read has started."""
    assert aftermath.ended.status == 3
    assert aftermath.temporary == []
    assert aftermath.processes == []


class TestATargetThatCannotBeImported:
    def test_is_refused_before_anything_is_measured(
        self, faulty: Callable[[str], Copy], tmp_path: Path
    ) -> None:
        run = tmp_path / "run"
        ended = cli("run", "arrow-l1-hit", "--python", str(faulty("is-broken").python), "--out", str(run))
        assert ended.status == 3
        assert "ImportError: broken on purpose" in ended.stderr
        assert not run.exists()

    @pytest.mark.parametrize("isolation", ISOLATIONS)
    def test_breaks_no_run_that_has_begun(
        self, isolation: Isolation, faulty: Callable[[str], Copy], newest: Target, tmp_path: Path
    ) -> None:
        target = Target("broken", faulty("is-broken").python, newest.versions)
        options = RunOptions((MEMRAY,), isolation=isolation)
        report = run_here(target, [load_bundled("arrow-l1-hit")], tmp_path / "run", options)
        (result,) = report.results
        assert result.verdict == "unmeasured"
        assert "broken on purpose" in str(result.reason)
        assert exit_code(report) == 3


@pytest.mark.parametrize(
    ("isolation", "reason"),
    [
        ("fresh", "the measured process ended with status 7 and without a result"),
        ("fork", "the launcher of measured processes ended"),
    ],
)
def test_an_interpreter_that_only_looks_like_one(
    isolation: Isolation, reason: str, newest: Target, tmp_path: Path
) -> None:
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\necho no python here >&2\nexit 7\n")
    fake.chmod(0o755)
    target = Target("fake", fake, newest.versions)
    options = RunOptions((MEMRAY,), isolation=isolation)
    report = run_here(target, [load_bundled("arrow-l1-hit")], tmp_path / "run", options)
    (result,) = report.results
    assert result.verdict == "unmeasured"
    assert str(result.reason).startswith(reason)
    assert "no python here" in str(result.reason)
    saved = json.loads((tmp_path / "run/scenarios/arrow-l1-hit/measurement.json").read_text())
    assert saved["reason"] == result.reason
