"""What releases of cachekit are known to copy: 0.9.1, 0.10.0 and the newest, installed and measured."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from cachekit_memprobe import target
from cachekit_memprobe.metrics import MEMRAY, TRACEMALLOC
from cachekit_memprobe.model import Report, Target
from cachekit_memprobe.stages import STAGES
from tests.process.measuring import EVERY_STAGED, Finished, cli, large_sites, measured, result_of

pytestmark = [pytest.mark.process, pytest.mark.release]

OLD, NEWER, NEWEST = "0.9.1", "0.10.0", "latest"
RELEASES = (OLD, NEWER, NEWEST)

_ARROW, _GET, _MAP = "arrow-l1-hit", "arrow-file-get", "arrow-file-mmap"
_BYTES, _ARRAY = "bytes-file-get", "ndarray-l1-hit"
_REPEATS = 5

SECRETS = {
    # 0.7 to 0.20 encrypt when they find the one, and connect when they find the other.
    "CACHEKIT_MASTER_KEY": "5ec4e7" * 11,
    "CACHEKIT_REDIS_URL": "redis://joe:hunter2-hunter2@127.0.0.1:1/0",
    "REDIS_URL": "redis://joe:hunter2-hunter2@127.0.0.1:1/0",
}


@dataclass(frozen=True)
class Headline:
    """The headline scenario under every instrument at its own size, on the command line."""

    ended: Finished
    run: Path
    home: Path

    @property
    def metrics(self) -> Mapping[str, float]:
        return dict(self.ended.result(_ARROW)["metrics"])

    def finding(self, code: str) -> str:
        """The message of the only finding of a rule."""
        messages = [
            entry["message"] for entry in self.ended.result(_ARROW)["findings"] if entry["code"] == code
        ]
        (message,) = messages
        return str(message)


@pytest.fixture(scope="module")
def targets(newest: Target) -> dict[str, Target]:
    return {OLD: target.resolve(OLD), NEWER: target.resolve(NEWER), NEWEST: newest}


@pytest.fixture(scope="module")
def headlines(targets: dict[str, Target], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Headline]:
    """Two at a time; the user has secrets in the environment, and a home."""
    folder = tmp_path_factory.mktemp("headlines")
    instruments = [word for instrument in EVERY_STAGED for word in ("--instrument", instrument)]

    def measure(release: str) -> Headline:
        run, home = folder / f"run-{release}", folder / f"home-{release}"
        home.mkdir()
        repeats = ("--repeat", str(_REPEATS)) if release == NEWEST else ()
        options = (*instruments, *repeats, "--out", str(run), "--json", "-")
        ended = cli("run", _ARROW, "--cachekit", release, *options, HOME=str(home), **SECRETS)
        return Headline(ended, run, home)

    with ThreadPoolExecutor(max_workers=2) as pool:
        return dict(zip(targets, pool.map(measure, targets), strict=True))


@pytest.fixture(scope="module")
def reports(targets: dict[str, Target], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    """Every release's heap in all scenarios, which 16 MiB show as well as 64."""
    folder = tmp_path_factory.mktemp("reports")
    names = (_ARROW, _GET, _MAP, _BYTES, _ARRAY)
    return {
        release: measured(found, names, folder / release, size_mib=16, instruments=(TRACEMALLOC, MEMRAY))
        for release, found in targets.items()
    }


@pytest.mark.parametrize("release", RELEASES)
class TestTheHeadline:
    def test_ends_as_its_budget_says(self, release: str, headlines: dict[str, Headline]) -> None:
        ended = headlines[release].ended
        assert (ended.status, ended.result(_ARROW)["verdict"]) == (
            (1, "fail") if release == OLD else (0, "pass")
        )

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


class TestTheUnwrapCopyOf091:
    def test_is_shown_by_its_line(self, headlines: dict[str, Headline]) -> None:
        stages = {stage["name"]: stage for stage in headlines[OLD].ended.result(_ARROW)["stages"]}
        unwrap = stages["unwrap"]
        assert (unwrap["file"], unwrap["line"]) == ("cachekit/serializers/wrapper.py", 126)
        assert unwrap["sites"][0]["kind"] == "verbatim"
        assert unwrap["sites"][0]["source"]

    def test_is_what_a_late_window_misses(self, headlines: dict[str, Headline]) -> None:
        assert "window opened after unwrap misses 1.00x" in headlines[OLD].finding("MEM002")

    def test_is_told_at_300_mb(self, tmp_path: Path) -> None:
        narrow = ("--instrument", "memray", "--instrument", "aliasing", "--out", str(tmp_path / "run"))
        ended = cli("run", _ARROW, "--size", "300MB", "--cachekit", OLD, *narrow)
        assert ended.status == 1, ended.stderr
        words = " ".join(ended.stdout.split())
        assert "unwrap copies 1.00x (300.0 MB) per read" in words
        assert "cachekit/serializers/wrapper.py:126" in words
        large = json.loads(cli("report", str(tmp_path / "run"), "--json", "-").stdout)["results"][0][
            "metrics"
        ]
        assert large["copies.unwrap"] == pytest.approx(1, abs=0.02)
        assert large["copies.materialize"] == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("release", RELEASES)
def test_copies_are_in_payloads_whatever_the_size(
    release: str, headlines: dict[str, Headline], reports: dict[str, Report]
) -> None:
    small, large = result_of(reports[release], _ARROW).metrics, headlines[release].metrics
    names = [f"copies.{stage}" for stage in STAGES]
    assert [small[name] for name in names] == pytest.approx([large[name] for name in names], abs=0.02)


def test_the_resident_set_repeats(headlines: dict[str, Headline]) -> None:
    measurement = headlines[NEWEST].run / "scenarios" / _ARROW
    observations = [json.loads(file.read_text()) for file in measurement.glob("*-rss.json")]
    peaks = [read["peak_bytes"] for seen in observations for read in seen["data"]["reads"]]
    assert len(observations) == _REPEATS
    assert max(peaks) - min(peaks) < 0.02 * (64 << 20)


COPIES: Mapping[tuple[str, str], Mapping[str, float]] = {
    (OLD, _GET): {"copies.backend_get": 2, "copies.unwrap": 1, "copies.materialize": 1, "peak.heap": 3},
    (NEWER, _GET): {"copies.backend_get": 2, "copies.unwrap": 0, "copies.materialize": 1, "peak.heap": 2},
    (NEWEST, _GET): {"copies.backend_get": 1, "copies.unwrap": 0, "copies.materialize": 1, "peak.heap": 2},
    (NEWER, _MAP): {"mapped.file": 1, "copies.materialize": 1, "copies.total": 1, "peak.tracemalloc": 0},
    (NEWEST, _MAP): {"mapped.file": 1, "copies.materialize": 1, "copies.total": 1, "peak.tracemalloc": 0},
    (OLD, _BYTES): {"peak.heap": 6.74},
    (NEWER, _BYTES): {"peak.heap": 6.74},
    (NEWEST, _BYTES): {"peak.heap": 3},
    (OLD, _ARRAY): {"peak.heap": 2, "copies.unwrap": 1},
    (NEWER, _ARRAY): {"peak.heap": 2, "copies.unwrap": 0},
    (NEWEST, _ARRAY): {"peak.heap": 2, "copies.unwrap": 0},
}


@pytest.mark.parametrize(("release", "scenario"), COPIES, ids="-".join)
def test_the_heap_is_what_it_is_known_to_be(release: str, scenario: str, reports: dict[str, Report]) -> None:
    expected, metrics = COPIES[release, scenario], result_of(reports[release], scenario).metrics
    assert {name: metrics[name] for name in expected} == pytest.approx(expected, abs=0.06)


def test_both_of_its_copies_of_a_file_are_told_apart(reports: dict[str, Report]) -> None:
    for release, sites in ((OLD, 2), (NEWER, 2), (NEWEST, 1)):
        assert len(large_sites(result_of(reports[release], _GET), "backend_get")) == sites


def test_a_mapped_read_before_0_10_does_not_apply(reports: dict[str, Report]) -> None:
    result = result_of(reports[OLD], _MAP)
    assert (result.verdict, result.reason) == ("not_applicable", "applies to cachekit >=0.10.0")


@pytest.mark.parametrize("release", RELEASES)
def test_every_byte_of_the_total_is_in_a_row(release: str, reports: dict[str, Report]) -> None:
    for result in reports[release].results:
        if result.payload is not None:
            total_bytes = round(result.metrics["copies.total"] * result.payload.logical_bytes)
            assert sum(usage.copies_bytes for usage in result.stages) == total_bytes


class TestSecretsOfTheUser:
    """The headline was measured with them, and came out as without them."""

    @pytest.mark.parametrize("release", RELEASES)
    def test_are_nowhere_in_what_a_run_leaves(self, release: str, headlines: dict[str, Headline]) -> None:
        headline = headlines[release]
        files = [file.read_bytes() for file in headline.run.rglob("*") if file.is_file()]
        written = [*files, headline.ended.stdout.encode(), headline.ended.stderr.encode()]
        assert len(files) > len(EVERY_STAGED)
        assert not [secret for secret in SECRETS.values() for text in written if secret.encode() in text]
        assert not [text for text in written if b"hunter2" in text]

    @pytest.mark.parametrize("release", RELEASES)
    def test_and_the_home_stay_untouched(self, release: str, headlines: dict[str, Headline]) -> None:
        assert list(headlines[release].home.iterdir()) == []
