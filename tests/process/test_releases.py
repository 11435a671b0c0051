"""What releases of cachekit are known to copy: 0.9.1, 0.10.0 and the newest, installed and measured."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from cachekit_memprobe import target
from cachekit_memprobe.child.stages import STAGES
from cachekit_memprobe.metrics import MEMRAY, TRACEMALLOC
from cachekit_memprobe.model import Target
from cachekit_memprobe.result import Report, Result
from tests.process.measuring import EVERY_STAGED, MIB, Finished, cli, large_sites, measured

pytestmark = [pytest.mark.process, pytest.mark.release]

OLD, NEWER, NEWEST = "0.9.1", "0.10.0", "latest"
RELEASES = (OLD, NEWER, NEWEST)

_ARROW, _GET, _MAP = "arrow-l1-hit", "arrow-file-get", "arrow-file-mmap"
_BYTES, _ARRAY = "bytes-file-get", "ndarray-l1-hit"
_REPEATS = 5
_SMALL_MIB = 16

_ALMOST = 0.02
_ARENA = 1 / _SMALL_MIB
"""Some reads need one more of pymalloc's arenas, which are 1 MiB, and others don't."""

SECRETS = {
    # Releases 0.7 to 0.20 encrypt when they find the first, and others connect to the second.
    "CACHEKIT_MASTER_KEY": "5ec4e7" * 11,
    "CACHEKIT_REDIS_URL": "redis://joe:hunter2-hunter2@127.0.0.1:1/0",
    "REDIS_URL": "redis://joe:hunter2-hunter2@127.0.0.1:1/0",
}


@dataclass(frozen=True)
class Headline:
    """The headline scenario at its own size on the command line, under every instrument that follows stages.

    Attributes:
        home: of the user, whose environment has secrets.
    """

    ended: Finished
    run: Path
    home: Path

    @property
    def metrics(self) -> Mapping[str, float]:
        return dict(self.ended.result(_ARROW)["metrics"])

    def finding(self, code: str) -> str:
        """The message of the only finding of a rule."""
        findings = self.ended.result(_ARROW)["findings"]
        (message,) = (finding["message"] for finding in findings if finding["code"] == code)
        return str(message)


@pytest.fixture(scope="module")
def targets(newest: Target) -> dict[str, Target]:
    return {OLD: target.resolve(OLD), NEWER: target.resolve(NEWER), NEWEST: newest}


@pytest.fixture(scope="module")
def headlines(targets: dict[str, Target], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Headline]:
    """Measured two at a time."""
    folder = tmp_path_factory.mktemp("headlines")
    instruments = [word for instrument in EVERY_STAGED for word in ("--instrument", instrument)]

    def measure(release: str) -> Headline:
        run, home = folder / f"run-{release}", folder / f"home-{release}"
        home.mkdir()
        # To find out what the latest release is, uv would write its cache into the home.
        which = ("--python", str(targets[NEWEST].python)) if release == NEWEST else ("--cachekit", release)
        repeats = ("--repeat", str(_REPEATS)) if release == NEWEST else ()
        options = (*which, *instruments, *repeats, "--out", str(run), "--json", "-")
        return Headline(cli("run", _ARROW, *options, HOME=str(home), **SECRETS), run, home)

    with ThreadPoolExecutor(max_workers=2) as pool:
        return dict(zip(targets, pool.map(measure, targets), strict=True))


Results = Mapping[tuple[str, str], Result]
"""By release and scenario."""


@pytest.fixture(scope="module")
def results(targets: dict[str, Target], tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Every release's heap in the other scenarios too, which 16 MiB show as well as 64."""
    folder = tmp_path_factory.mktemp("results")
    plans = {"heap": ((_ARROW, _GET, _BYTES, _ARRAY), (MEMRAY,)), "both": ((_MAP,), (TRACEMALLOC, MEMRAY))}

    def measure(release: str, plan: str) -> Report:
        names, instruments = plans[plan]
        run = folder / f"{release}-{plan}"
        return measured(targets[release], names, run, size_mib=_SMALL_MIB, instruments=instruments)

    return {
        (release, result.scenario.name): result
        for release in targets
        for plan in plans
        for result in measure(release, plan).results
    }


@pytest.mark.parametrize("release", RELEASES)
class TestTheHeadline:
    def test_ends_as_its_budget_says(self, release: str, headlines: dict[str, Headline]) -> None:
        ended = headlines[release].ended
        expected = (1, "fail") if release == OLD else (0, "pass")
        assert (ended.status, ended.result(_ARROW)["verdict"]) == expected

    def test_copies_in_unwrap_before_0_10(self, release: str, headlines: dict[str, Headline]) -> None:
        unwraps = 1.0 if release == OLD else 0.0
        expected = {
            "copies.unwrap": unwraps,
            "verbatim.unwrap": unwraps,
            "copies.materialize": 1.0,
            "verbatim.total": unwraps,
            "copies.total": unwraps + 1.0,
            "peak.heap": unwraps + 1.0,
            "rss.peak": unwraps + 1.0,
            "rss.anon": unwraps + 1.0,
            "peak.tracemalloc": unwraps,
            "peak.tracemalloc_late": 0.0,
            "peak.arrow_pool": 1.0,
            "mapped.file": 0.0,
            "growth.per_read": 0.0,
        }
        metrics = headlines[release].metrics
        assert {name: metrics[name] for name in expected} == pytest.approx(expected, abs=0.05)

    def test_hands_on_the_frame_as_a_view_since_0_10(
        self, release: str, headlines: dict[str, Headline]
    ) -> None:
        views = {
            stage["name"]: stage["view_of"] for stage in headlines[release].ended.result(_ARROW)["stages"]
        }
        frame = "the frame in L1"
        expected = {"l1_get": frame, "unwrap": None if release == OLD else frame, "materialize": None}
        assert {name: views[name] for name in expected} == expected


class TestTheUnwrapCopyOf091:
    def test_is_shown_by_its_line(self, headlines: dict[str, Headline]) -> None:
        stages = {stage["name"]: stage for stage in headlines[OLD].ended.result(_ARROW)["stages"]}
        unwrap = stages["unwrap"]
        assert (unwrap["file"], unwrap["line"]) == ("cachekit/serializers/wrapper.py", 126)
        assert unwrap["sites"][0]["kind"] == "verbatim"
        assert unwrap["sites"][0]["source"]

    def test_is_what_a_late_window_misses(self, headlines: dict[str, Headline]) -> None:
        assert "window opened after unwrap misses 1.00x" in headlines[OLD].finding("MEM002")

    def test_is_told_at_300_mb_and_is_as_large(self, headlines: dict[str, Headline], tmp_path: Path) -> None:
        narrow = ("--instrument", "memray", "--instrument", "aliasing", "--out", str(tmp_path / "run"))
        ended = cli("run", _ARROW, "--size", "300MB", "--cachekit", OLD, *narrow)
        assert ended.status == 1, ended.stderr
        words = " ".join(ended.stdout.split())
        assert "unwrap copies 1.00x (300.0 MB) per read" in words
        assert "cachekit/serializers/wrapper.py:126" in words
        again = cli("report", str(tmp_path / "run"), "--json", "-")
        assert again.status == 1
        larger, smaller = again.result(_ARROW)["metrics"], headlines[OLD].metrics
        assert _copies(larger) == pytest.approx(_copies(smaller), abs=_ALMOST)


@pytest.mark.parametrize("release", RELEASES)
def test_copies_are_in_payloads_whatever_the_size(
    release: str, headlines: dict[str, Headline], results: Results
) -> None:
    smaller, larger = results[release, _ARROW].metrics, headlines[release].metrics
    assert _copies(smaller) == pytest.approx(_copies(larger), abs=_ALMOST + _ARENA)


def _copies(metrics: Mapping[str, float]) -> dict[str, float]:
    return {stage: metrics[f"copies.{stage}"] for stage in STAGES}


def test_the_resident_set_repeats(headlines: dict[str, Headline]) -> None:
    measurement = headlines[NEWEST].run / "scenarios" / _ARROW
    observations = [json.loads(file.read_text()) for file in measurement.glob("*-rss.json")]
    peaks = [read["peak_bytes"] for seen in observations for read in seen["seen"]["reads"]]
    assert len(observations) == _REPEATS
    assert max(peaks) - min(peaks) < 0.02 * 64 * MIB


COPIES: Mapping[tuple[str, str], Mapping[str, float]] = {
    (OLD, _GET): {"copies.backend_get": 2, "copies.unwrap": 1, "copies.materialize": 1, "peak.heap": 3},
    (NEWER, _GET): {"copies.backend_get": 2, "copies.unwrap": 0, "copies.materialize": 1, "peak.heap": 2},
    (NEWEST, _GET): {"copies.backend_get": 1, "copies.unwrap": 0, "copies.materialize": 1, "peak.heap": 2},
    (NEWER, _MAP): {"mapped.file": 1, "copies.materialize": 1, "copies.total": 1, "peak.tracemalloc": 0},
    # The key takes 0.5 MiB, and a total has an arena, too, if one of its stages has.
    (NEWEST, _MAP): {"mapped.file": 1, "copies.materialize": 1, "copies.total": 1.03, "peak.tracemalloc": 0},
    (OLD, _BYTES): {"peak.heap": 6.74},
    (NEWER, _BYTES): {"peak.heap": 6.74},
    (NEWEST, _BYTES): {"peak.heap": 3},
    (OLD, _ARRAY): {"peak.heap": 2, "copies.unwrap": 1},
    (NEWER, _ARRAY): {"peak.heap": 2, "copies.unwrap": 0},
    (NEWEST, _ARRAY): {"peak.heap": 2, "copies.unwrap": 0},
}


@pytest.mark.parametrize(("release", "scenario"), COPIES, ids=map("-".join, COPIES))
def test_the_heap_is_what_it_is_known_to_be(release: str, scenario: str, results: Results) -> None:
    expected, metrics = COPIES[release, scenario], results[release, scenario].metrics
    assert {name: metrics[name] for name in expected} == pytest.approx(expected, abs=_ALMOST + _ARENA)


@pytest.mark.parametrize(("release", "sites"), [(OLD, 2), (NEWER, 2), (NEWEST, 1)])
def test_the_copies_of_a_file_are_told_apart(release: str, sites: int, results: Results) -> None:
    assert len(large_sites(results[release, _GET], "backend_get")) == sites


def test_a_mapped_read_before_0_10_does_not_apply(results: Results) -> None:
    result = results[OLD, _MAP]
    assert (result.verdict, result.reason) == ("not_applicable", "it is for releases >=0.10.0")


@pytest.mark.parametrize(("release", "scenario"), COPIES, ids=map("-".join, COPIES))
def test_every_byte_of_the_total_is_in_a_row(release: str, scenario: str, results: Results) -> None:
    result = results[release, scenario]
    assert result.payload is not None
    total_bytes = round(result.metrics["copies.total"] * result.payload.logical_bytes)
    assert sum(usage.copies_bytes for usage in result.stages) == total_bytes


@pytest.mark.parametrize("release", RELEASES)
class TestSecretsOfTheUser:
    """The headline was measured with them, and came out as without them."""

    def test_are_nowhere_in_what_a_run_leaves(self, release: str, headlines: dict[str, Headline]) -> None:
        headline = headlines[release]
        files = [file.read_bytes() for file in headline.run.rglob("*") if file.is_file()]
        assert len(files) > len(EVERY_STAGED)
        written = [*files, headline.ended.stdout.encode(), headline.ended.stderr.encode()]
        secrets = (SECRETS["CACHEKIT_MASTER_KEY"].encode(), b"hunter2")
        assert [text for text in written if any(secret in text for secret in secrets)] == []

    def test_and_the_home_stay_untouched(self, release: str, headlines: dict[str, Headline]) -> None:
        assert list(headlines[release].home.iterdir()) == []
