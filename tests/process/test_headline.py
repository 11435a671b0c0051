"""The promise in one page, on whatever Python runs this: the copy of 0.9.1 is found, and is gone since.

All five instruments take part. ``test_releases.py`` has the figures.
"""

import json
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.process.measuring import MIB, Finished, cli
from tests.schemas import errors_in

pytestmark = [pytest.mark.process, pytest.mark.release]

_SCENARIO = "arrow-l1-hit"
_RELEASES = ("0.9.1", "0.10.0", "latest")


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Finished]:
    """By release, measured as a user does it."""
    folder = tmp_path_factory.mktemp("headline")

    def measure(release: str) -> Finished:
        return cli(
            *("run", _SCENARIO, "--cachekit", release, "--size", "32MiB"),
            *("--out", str(folder / release), "--json", "-"),
        )

    with ThreadPoolExecutor(max_workers=2) as pool:
        return dict(zip(_RELEASES, pool.map(measure, _RELEASES), strict=True))


def _verbatim_lines(finished: Finished) -> list[tuple[str, int]]:
    stages = finished.result(_SCENARIO)["stages"]
    sites = [site for stage in stages for site in stage["sites"] if site["kind"] == "verbatim"]
    return [(site["file"], site["line"]) for site in sites]


def test_the_copy_of_0_9_1_fails_the_run_and_is_shown_by_its_line(ended: Mapping[str, Finished]) -> None:
    finished = ended["0.9.1"]
    assert finished.status == 1, finished.stderr
    assert _verbatim_lines(finished) == [("cachekit/serializers/wrapper.py", 126)]
    metrics = finished.result(_SCENARIO)["metrics"]
    assert {name: metrics[name] for name in ("copies.unwrap", "verbatim.unwrap")} == pytest.approx(
        {"copies.unwrap": 1.0, "verbatim.unwrap": 1.0}, abs=0.02
    )


@pytest.mark.parametrize("release", _RELEASES[1:])
def test_is_gone_since(release: str, ended: Mapping[str, Finished]) -> None:
    finished = ended[release]
    assert finished.status == 0, finished.stderr
    assert _verbatim_lines(finished) == []
    metrics = finished.result(_SCENARIO)["metrics"]
    assert metrics["copies.unwrap"] == pytest.approx(0, abs=0.02)
    assert metrics["held.result"] == pytest.approx(1, abs=0.05)


def test_its_line_is_printed_as_soon_as_it_has_ended(ended: Mapping[str, Finished]) -> None:
    words = {release: finished.stderr.splitlines()[0] for release, finished in ended.items()}
    verdicts = {"0.9.1": ("FAIL", 2), **dict.fromkeys(_RELEASES[1:], ("PASS", 1))}
    for release, (verdict, payloads) in verdicts.items():
        assert re.fullmatch(
            rf"{_SCENARIO}: {verdict}(  (copies|heap|rss) ({payloads}\.0|{payloads - 1}\.9)\dx){{3}}",
            words[release],
        )


def test_its_process_is_known_in_parts(ended: Mapping[str, Finished]) -> None:
    result = ended["latest"].result(_SCENARIO)
    found, payload_bytes = result["footprint"], result["payload"]["logical_bytes"]
    read_bytes = found["reading_bytes"] - found["resting_bytes"]
    assert read_bytes / payload_bytes == pytest.approx(1, abs=0.05)
    whole_bytes = result["metrics_bytes"]["rss.resting"]
    assert found["resting_bytes"] + found["resting_shared_bytes"] == pytest.approx(whole_bytes, abs=MIB)


@pytest.mark.parametrize("release", _RELEASES)
def test_its_report_is_what_the_schema_says(release: str, ended: Mapping[str, Finished]) -> None:
    document = json.loads(ended[release].stdout)
    assert errors_in(document) == []
    [result] = document["results"]
    staircase = result["staircase"]
    assert sum(staircase["steps_bytes"][staircase["peak"]]) == result["metrics_bytes"]["peak.heap"]
    assert result["metrics"]["frame.size"] == pytest.approx(1, abs=0.01)
