import pytest

from cachekit_memprobe.findings import small_value
from cachekit_memprobe.model import Payload
from tests.unit.findings.made import evidence


@pytest.mark.parametrize(("logical_bytes", "findings"), [(4, 1), (999_999, 1), (1_000_000, 0), (1 << 26, 0)])
def test_a_value_is_small_by_its_own_size(logical_bytes: int, findings: int) -> None:
    found = list(small_value.find(evidence(payload=Payload(logical_bytes, 2 * logical_bytes))))
    assert len(found) == findings


def test_the_size_is_told() -> None:
    (finding,) = small_value.find(evidence(payload=Payload(48_800, 50_000)))
    assert finding.message.startswith("the value is only 48.8 kB: any read takes some 0.3 MB for itself")
