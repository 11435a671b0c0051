"""Faults in copies of the newest cachekit: each is found, on its stage, by its line, and fails its budget."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cachekit_memprobe.cli.exits import exit_code
from cachekit_memprobe.metrics import ALIASING, MEMRAY
from cachekit_memprobe.model import Target
from cachekit_memprobe.replay.launcher import adopting
from tests.process.fault_cases import (
    ALMOST,
    ARENA_MIB,
    BESIDE,
    COPYING,
    CYCLING,
    HIDING,
    KEEPING,
    SHARING,
    Case,
    Found,
    line_of,
)
from tests.process.faults import MARKER, Copy
from tests.process.measuring import MIB, cli, large_sites, measured, result_of

pytestmark = [pytest.mark.process, pytest.mark.release]


@pytest.fixture(scope="module")
def every_found(
    request: pytest.FixtureRequest,
    newest: Target,
    faulty: Callable[[str], Copy],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Found]:
    """What was found of the cases that were chosen to be tested, measured two at a time."""
    chosen: dict[str, Case] = {}
    for item in request.session.items:
        if isinstance(item, pytest.Function) and item.path == request.path and "case" in item.fixturenames:
            case = item.callspec.params["case"]
            assert isinstance(case, Case)
            chosen[str(case)] = case
    # Made here, since two threads could make the same.
    copies = {name: faulty(case.fault) for name, case in chosen.items()}
    runs = tmp_path_factory.mktemp("runs")

    def find(name: str) -> Found:
        case = chosen[name]
        target = Target(case.fault, copies[name].python, newest.versions)
        report = measured(
            target, [case.scenario], runs / name, size_mib=case.size_mib, instruments=case.instruments
        )
        return Found(case, report, copies[name])

    # Around both of two runs that overlap in one process.
    with adopting(), ThreadPoolExecutor(max_workers=2) as pool:
        return dict(zip(chosen, pool.map(find, chosen), strict=True))


@pytest.fixture
def found(every_found: dict[str, Found], case: Case) -> Found:
    return every_found[str(case)]


@pytest.mark.parametrize("case", COPYING + KEEPING + CYCLING + SHARING + BESIDE, ids=str)
class TestAnyFault:
    def test_fails_the_limits_that_it_touches_and_they_name_its_line(self, case: Case, found: Found) -> None:
        over = [budget for budget in found.result.budgets if budget.status == "over"]
        suspects = {budget.metric: line_of(budget.suspect) for budget in over}
        assert suspects == dict.fromkeys(case.over, found.here)
        assert found.result.verdict == "fail"
        assert exit_code(found.report) == 1

    def test_shows_its_size_in_the_metrics(self, case: Case, found: Found) -> None:
        metrics = {name: found.result.metrics[name] for name in case.metrics}
        assert metrics == pytest.approx(case.metrics, abs=ALMOST + ARENA_MIB / case.size_mib)


@pytest.mark.parametrize("case", COPYING, ids=str)
def test_a_copy_is_in_the_table_with_its_line(case: Case, found: Found) -> None:
    sites = {(site.place.file, site.place.line): site for site in large_sites(found.result, case.stage)}
    site = sites[found.copy.where]
    assert site.moved_bytes >= 0.95 * case.size_mib * MIB
    assert site.source.endswith(MARKER)


@pytest.mark.parametrize("case", [case for case in COPYING if ALIASING in case.instruments], ids=str)
def test_a_byte_for_byte_copy_is_called_one(case: Case, found: Found) -> None:
    (finding,) = found.findings("MEM001", "MEM006")
    assert finding.message.startswith(f"{case.stage} copies 1.00x")
    assert "byte for byte" in finding.message
    assert [stage.view_of for stage in found.result.stages if stage.name == case.stage] == [""]


@pytest.mark.parametrize("case", [case for case in COPYING if case.stage == "decode"], ids=str)
def test_what_tracemalloc_does_not_see_is_said(case: Case, found: Found) -> None:
    hidden = case.fault == "decode-copies-in-arrow"  # the other pool's case has no tracemalloc
    assert len(found.findings("MEM003")) == hidden


@pytest.mark.parametrize("case", KEEPING, ids=str)
def test_a_leak_of_views_names_its_keeper(case: Case, found: Found) -> None:
    (finding,) = found.findings("MEM004")
    assert finding.message.startswith("cachekit.serializers.wrapper._KEPT still refers to 1.00x")
    # Neither an allocator nor the value keeps it.
    assert {finding.code for finding in found.result.findings} & {"MEM009", "MEM011"} == set()


@pytest.mark.parametrize("case", [case for case in COPYING if case.fault.endswith("is-hot")], ids=str)
def test_a_copy_that_begins_with_the_second_read_is_told_as_one(case: Case, found: Found) -> None:
    assert found.result.read == 2
    (finding,) = found.findings("MEM024")
    assert finding.message.startswith("from the second read on, unwrap copies 1.00x")


@pytest.mark.parametrize("case", BESIDE, ids=str)
def test_what_shows_after_the_read_names_its_line(case: Case, found: Found) -> None:
    code = "MEM021" if MEMRAY in case.instruments else "MEM004"
    assert len(found.findings(code)) == 1


@pytest.mark.parametrize("case", SHARING, ids=str)
def test_shared_memory_is_told_by_its_line_and_is_no_file(case: Case, found: Found) -> None:
    (finding,) = found.findings("MEM020")
    assert finding.message.startswith(f"{case.stage} makes 1.00x (16.0 MiB) per read of shared memory at ")
    leaves = case.metrics.get("growth.shared") == 1
    assert ("Each further read leaves 1.00x" in finding.message) == leaves
    assert not found.findings("MEM005")


@pytest.mark.parametrize("case", CYCLING, ids=str)
def test_what_is_left_to_the_collector_is_told_by_its_cycle(case: Case, found: Found) -> None:
    (finding,) = found.findings("MEM019")
    assert finding.message.startswith(f"{case.metrics['growth.uncollected']:.2f}x")
    types = {"materialize": "_Owner", "unwrap": "ValueError, traceback, frame", "backend_get": "function"}
    assert types[case.stage] in finding.message.partition("a reference cycle of ")[2]


@pytest.mark.parametrize("case", HIDING, ids=str)
def test_a_stage_that_cannot_be_followed_is_not_called_free(case: Case, found: Found) -> None:
    assert found.result.verdict == "unmeasured"
    assert exit_code(found.report) == 3
    assert found.result.metrics == {}
    expected = {
        "unwrap-is-renamed": "unwrap: cachekit.serializers.wrapper:SerializationWrapper.unwrap_metadata",
        "unwrap-is-bypassed": "the read never passed the stage unwrap",
    }
    assert expected[case.fault] in str(found.result.reason)


def test_a_map_that_the_stage_closes_again_is_no_heap(
    newest: Target, faulty: Callable[[str], Copy], tmp_path: Path
) -> None:
    target = Target("maps", faulty("file-get-maps").python, newest.versions)
    report = measured(
        target, ["arrow-file-get"], tmp_path / "run", size_mib=16, instruments=(MEMRAY, ALIASING)
    )
    result = result_of(report, "arrow-file-get")
    assert (result.verdict, result.reason) == ("pass", None)
    metrics = {name: result.metrics[name] for name in ("mapped.file", "copies.backend_get", "peak.heap")}
    expected = {"mapped.file": 1, "copies.backend_get": 1, "peak.heap": 2}
    assert metrics == pytest.approx(expected, abs=ALMOST + ARENA_MIB / 16)


class TestOnTheCommandLine:
    def test_a_copy_ends_with_1(self, faulty: Callable[[str], Copy], tmp_path: Path) -> None:
        copy = faulty("l1-copies")
        file, line = copy.where
        narrow = ("--instrument", "memray", "--size", "16MiB", "--out", str(tmp_path / "run"))
        ended = cli("run", "arrow-l1-hit", "--python", str(copy.python), *narrow)
        assert ended.status == 1, ended.stderr
        assert f"see l1_get at {file}:{line}" in " ".join(ended.stdout.split())

    def test_a_map_that_is_refused_ends_with_3_and_the_reason(
        self, faulty: Callable[[str], Copy], tmp_path: Path
    ) -> None:
        narrow = ("--instrument", "memray", "--size", "16MiB", "--out", str(tmp_path / "run"), "--json", "-")
        ended = cli("run", "arrow-file-mmap", "--python", str(faulty("map-refuses").python), *narrow)
        assert ended.status == 3, ended.stderr
        result = ended.result("arrow-file-mmap")
        assert result["verdict"] == "unmeasured"
        assert "expected 1 l2_hits, 1 maps; counted 1 l2_hits, 1 gets" in result["reason"]
        assert "Likely reason: the mapped read was refused" in result["reason"]
