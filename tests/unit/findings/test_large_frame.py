"""A frame that is many times its value."""

import pytest

from cachekit_memprobe.findings.large_frame import find
from cachekit_memprobe.model import Payload
from tests.unit.findings.made import evidence

VALUE_BYTES = 10_000_000


def test_it_leads_and_says_of_what_the_frame_consists() -> None:
    [finding] = find(evidence(payload=Payload(VALUE_BYTES, 61_600_000, record_batches=300_000)))
    assert finding.leads
    assert finding.message == (
        "the frame is 6.16x the value (61.6 MB): each copy of it, and each tier that holds it, takes as much"
        "; it consists of 300,000 record batches of 205 B, each with its own description of every column, "
        "and a read makes objects of each"
    )


def test_batches_of_the_usual_size_are_no_explanation() -> None:
    [finding] = find(evidence(payload=Payload(VALUE_BYTES, 61_600_000, record_batches=8)))
    assert finding.message.endswith("takes as much")


@pytest.mark.parametrize(
    "payload",
    [
        Payload(VALUE_BYTES, VALUE_BYTES + 7000),
        Payload(VALUE_BYTES, 15_100_000),  # incompressible bytes up to 0.16
        Payload(VALUE_BYTES, 25_000_000),  # JSON of floats
        Payload(16, 1945),  # what describes a table, around a value of one row
        Payload(VALUE_BYTES, 0),
    ],
)
def test_what_is_no_such_frame(payload: Payload) -> None:
    assert list(find(evidence(payload=payload))) == []
