"""Faults in copies of the newest cachekit: each is found, on its stage, by its line, and fails its budget."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cachekit_memprobe import programs
from cachekit_memprobe.cli.exits import exit_code
from cachekit_memprobe.metrics import ALIASING, MEMRAY, RETENTION, RSS, TRACEMALLOC
from cachekit_memprobe.model import Finding, Report, Result, Target
from tests.process.faults import MARKER, Copy, Workshop
from tests.process.measuring import EVERY_STAGED, MIB, cli, large_sites, measured, result_of

pytestmark = [pytest.mark.process, pytest.mark.release]

_ALMOST = 0.03
_ARENA_MIB = 1
"""pymalloc's, which falls into the stage in which the last one happens to be full."""

_ONE_COPY = frozenset({"copies.total", "peak.heap"})


@dataclass(frozen=True)
class Case:
    """A fault, and what has to be seen of it.

    Attributes:
        over: the limits that are exceeded; all others are kept.
        metrics: name to payloads.
        size_mib: small where the heap is all that is looked at.
    """

    fault: str
    scenario: str
    stage: str
    instruments: tuple[str, ...]
    over: frozenset[str] = frozenset()
    metrics: Mapping[str, float] = field(default_factory=dict)
    size_mib: int = 16

    def __str__(self) -> str:
        return f"{self.fault}-{self.scenario}"


COPYING = (
    Case(
        "l1-copies",
        "arrow-l1-hit",
        "l1_get",
        (MEMRAY, ALIASING),
        _ONE_COPY,
        {"copies.l1_get": 1, "verbatim.l1_get": 1},
    ),
    Case(
        "unwrap-copies",
        "arrow-l1-hit",
        "unwrap",
        EVERY_STAGED,
        _ONE_COPY | {"rss.peak", "verbatim.unwrap"},
        {"copies.unwrap": 1, "verbatim.unwrap": 1, "peak.tracemalloc": 1, "peak.tracemalloc_late": 0},
        size_mib=64,
    ),
    Case(
        "unwrap-copies-on-a-thread",
        "arrow-l1-hit",
        "unwrap",
        (TRACEMALLOC, MEMRAY, ALIASING),
        _ONE_COPY | {"verbatim.unwrap"},
        {"copies.unwrap": 1, "verbatim.unwrap": 1, "peak.tracemalloc": 1},
    ),
    Case(
        "worker-copies",
        "async-file-get",
        "backend_get",
        (MEMRAY, ALIASING),
        frozenset({"copies.total"}),
        {"copies.backend_get": 2, "verbatim.backend_get": 1, "copies.other": 0},
    ),
    Case(
        "decode-copies",
        "arrow-l1-hit",
        "decode",
        (TRACEMALLOC, MEMRAY, ALIASING),
        _ONE_COPY,
        {"copies.decode": 1, "verbatim.decode": 1, "peak.tracemalloc": 1},
    ),
    Case(
        "decode-copies-in-arrow",
        "arrow-l1-hit",
        "decode",
        (TRACEMALLOC, MEMRAY, ALIASING),
        _ONE_COPY,
        {"copies.decode": 1, "verbatim.decode": 1, "peak.tracemalloc": 0},
    ),
    Case(
        "file-get-copies",
        "arrow-file-get",
        "backend_get",
        (MEMRAY, ALIASING),
        frozenset({"copies.total"}),  # the first copy is gone before the read's peak
        {"copies.backend_get": 2, "verbatim.backend_get": 1},
    ),
    Case(
        "map-reads",
        "arrow-file-mmap",
        "backend_map",
        (RSS, MEMRAY),
        _ONE_COPY | {"rss.anon"},
        {"copies.backend_map": 1, "mapped.file": 0, "rss.anon": 2, "rss.peak": 2},
        size_mib=64,
    ),
    Case(
        "map-reads-into-shared-memory",
        "arrow-file-mmap",
        "backend_map",
        (MEMRAY,),
        _ONE_COPY,
        {"copies.backend_map": 1, "mapped.file": 0},
    ),
    Case("materialize-copies", "arrow-l1-hit", "materialize", (MEMRAY,), _ONE_COPY),
    Case(
        "decrypt-copies",
        "arrow-l1-hit-encrypted",
        "decrypt",
        (MEMRAY, ALIASING),
        frozenset({"copies.total"}),
        {"copies.decrypt": 4, "verbatim.decrypt": 1},
    ),
    Case(
        "decompress-copies",
        "bytes-file-get",
        "decompress",
        (MEMRAY,),
        _ONE_COPY,
        {"copies.decompress": 4, "copies.total": 6},
    ),
    Case(
        "l1-put-copies",
        "file-get-backfill",
        "l1_put",
        (MEMRAY, ALIASING),
        _ONE_COPY,
        {"copies.l1_put": 1, "verbatim.l1_put": 1},
    ),
    Case(
        "redis-get-copies",
        "redis-l2-hit",
        "backend_get",
        (MEMRAY, ALIASING),
        frozenset({"copies.total"}),
        {"copies.backend_get": 3},
    ),
    Case(
        "cachekitio-get-copies",
        "cachekitio-l2-hit",
        "backend_get",
        (MEMRAY, ALIASING),
        frozenset({"copies.total"}),
        {"copies.backend_get": 2},
    ),
    *(
        [
            Case(
                "memcached-get-copies",
                "memcached-l2-hit",
                "backend_get",
                (MEMRAY, ALIASING),
                frozenset({"copies.total"}),
                {"copies.backend_get": 3.03},  # each chunk of 4 KiB has its header
            )
        ]
        if programs.memcached()
        else []
    ),
    Case("stats-print-the-value", "bytes-file-get", "stats", (MEMRAY,), _ONE_COPY, {"copies.stats": 2.88}),
)

KEEPING = (
    Case(
        "unwrap-keeps-views",
        "arrow-file-get",
        "unwrap",
        (RSS, MEMRAY, ALIASING),
        frozenset({"growth.per_read"}),
        {"growth.per_read": 1, "copies.unwrap": 0, "copies.total": 2},
        size_mib=64,
    ),
    Case(
        "unwrap-keeps-views",
        "arrow-file-mmap",
        "unwrap",
        (RSS, ALIASING),
        frozenset({"growth.per_read"}),
        {"growth.per_read": 1},
        size_mib=64,
    ),
    # One view is no growth: it shows in what stays, compared with the state before the first read.
    *(
        Case(
            "unwrap-keeps-the-last-view",
            scenario,
            "unwrap",
            (ALIASING, RETENTION),
            frozenset({"held.after"}),
            {"held.after": 1},
        )
        for scenario in ("arrow-file-get", "arrow-file-mmap")
    ),
)

HIDING = (
    Case("unwrap-is-renamed", "arrow-l1-hit", "unwrap", (MEMRAY,)),
    Case("unwrap-is-bypassed", "arrow-l1-hit", "unwrap", (MEMRAY,)),
)


@dataclass(frozen=True)
class Found:
    """A case's report, and the copy with the fault."""

    case: Case
    report: Report
    copy: Copy

    @property
    def here(self) -> str:
        file, line = self.copy.where
        return f"{self.case.stage} at {file}:{line}"

    @property
    def result(self) -> Result:
        return result_of(self.report, self.case.scenario)

    def findings(self, *codes: str) -> list[Finding]:
        """Those of some rules that name the line."""
        here = (self.case.stage, *self.copy.where)
        findings = [finding for finding in self.result.findings if finding.code in codes]
        return [finding for finding in findings if (finding.stage, finding.file, finding.line) == here]


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

    with ThreadPoolExecutor(max_workers=2) as pool:
        return dict(zip(chosen, pool.map(find, chosen), strict=True))


@pytest.fixture
def found(every_found: dict[str, Found], case: Case) -> Found:
    return every_found[str(case)]


@pytest.mark.parametrize("case", COPYING + KEEPING, ids=str)
class TestAnyFault:
    def test_fails_the_limits_that_it_touches_and_they_name_its_line(self, case: Case, found: Found) -> None:
        over = {budget.metric: budget.where for budget in found.result.budgets if budget.status == "over"}
        assert over == dict.fromkeys(case.over, found.here)
        assert found.result.verdict == "fail"
        assert exit_code(found.report) == 1

    def test_shows_its_size_in_the_metrics(self, case: Case, found: Found) -> None:
        metrics = {name: found.result.metrics[name] for name in case.metrics}
        assert metrics == pytest.approx(case.metrics, abs=_ALMOST + _ARENA_MIB / case.size_mib)


@pytest.mark.parametrize("case", COPYING, ids=str)
def test_a_copy_is_in_the_table_with_its_line(case: Case, found: Found) -> None:
    sites = {(site.file, site.line): site for site in large_sites(found.result, case.stage)}
    site = sites[found.copy.where]
    assert site.copies_bytes >= 0.95 * case.size_mib * MIB
    assert site.source.endswith(MARKER)


@pytest.mark.parametrize("case", [case for case in COPYING if ALIASING in case.instruments], ids=str)
def test_a_byte_for_byte_copy_is_called_one(case: Case, found: Found) -> None:
    (finding,) = found.findings("MEM001", "MEM006")
    assert finding.message.startswith(f"{case.stage} copies 1.00x")
    assert "byte for byte" in finding.message
    assert [stage.view_of for stage in found.result.stages if stage.name == case.stage] == [""]


@pytest.mark.parametrize("case", [case for case in COPYING if case.stage == "decode"], ids=str)
def test_what_tracemalloc_does_not_see_is_said(case: Case, found: Found) -> None:
    hidden = case.fault == "decode-copies-in-arrow"
    assert len(found.findings("MEM003")) == hidden


@pytest.mark.parametrize("case", KEEPING, ids=str)
def test_a_leak_of_views_names_its_keeper(case: Case, found: Found) -> None:
    (finding,) = found.findings("MEM004")
    assert finding.message.startswith("cachekit.serializers.wrapper._KEPT still refers to 1.00x")
    # Neither an allocator nor the value keeps it.
    assert {finding.code for finding in found.result.findings} & {"MEM009", "MEM011"} == set()


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
    assert metrics == pytest.approx(expected, abs=_ALMOST + _ARENA_MIB / 16)


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


@pytest.fixture(scope="module")
def untouched(newest: Target, workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Report:
    target = Target("untouched", workshop.untouched.python, newest.versions)
    names = sorted({case.scenario for case in COPYING + KEEPING})
    folder = tmp_path_factory.mktemp("untouched") / "run"
    return measured(target, names, folder, size_mib=32, instruments=(RSS, MEMRAY, ALIASING))


class TestTheUntouchedCopy:
    """What is found in the others is the faults' doing, and not the copying's."""

    def test_passes(self, untouched: Report) -> None:
        verdicts = {result.scenario.name: (result.verdict, result.reason) for result in untouched.results}
        assert verdicts == dict.fromkeys(verdicts, ("pass", None))
        assert exit_code(untouched) == 0

    def test_has_no_leak(self, untouched: Report) -> None:
        findings = [finding for result in untouched.results for finding in result.findings]
        assert findings
        assert [finding for finding in findings if finding.code in ("MEM004", "MEM013")] == []

    def test_copies_nothing_verbatim_on_its_way_from_l1(self, untouched: Report) -> None:
        findings = result_of(untouched, "arrow-l1-hit").findings
        assert [finding for finding in findings if finding.code in ("MEM001", "MEM006")] == []

    def test_unwraps_by_a_view(self, untouched: Report) -> None:
        unwraps = [stage for result in untouched.results for stage in result.stages if stage.name == "unwrap"]
        assert len(unwraps) == len(untouched.results)
        assert all(stage.view_of for stage in unwraps)

    def test_every_byte_of_the_total_is_in_a_row(self, untouched: Report) -> None:
        for result in untouched.results:
            assert result.payload is not None
            total_bytes = round(result.metrics["copies.total"] * result.payload.logical_bytes)
            assert sum(usage.copies_bytes for usage in result.stages) == total_bytes
            for usage in result.stages:
                assert sum(site.copies_bytes for site in usage.sites) == usage.copies_bytes
