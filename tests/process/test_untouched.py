"""A copy of the newest cachekit with no fault in it."""

import pytest

from cachekit_memprobe.cli.exits import exit_code
from cachekit_memprobe.metrics import ALIASING, MEMRAY, RSS
from cachekit_memprobe.model import Target
from cachekit_memprobe.result import Report
from tests.process.fault_cases import COPYING, KEEPING
from tests.process.faults import Workshop
from tests.process.measuring import measured, result_of

pytestmark = [pytest.mark.process, pytest.mark.release]


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
