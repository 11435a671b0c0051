import pytest

from cachekit_memprobe.child.seen import Made
from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.findings import Beside, aftermath
from tests.unit.findings.made import at, evidence, size

HERE, THERE = at("unwrap", "wrapper.py:139"), at("unwrap", "wrapper.py:141")
COPY = [Made(HERE, size(1.0))]
PEAK = {"aftermath.peak": 1.0}
ALLOCATES = (
    "allocates 1.00x (300.0 MB) at cachekit/serializers/wrapper.py:139, up to 1.00x (300.0 MB) at once"
)


@pytest.mark.parametrize(
    ("started", "who"),
    [
        ([HERE], "a thread, timer or task that it starts there"),
        ([THERE, HERE], "a thread, timer or task that it starts there"),
        ([THERE], "what it starts at cachekit/serializers/wrapper.py:141"),
        ([THERE, at("decode", "arrow.py:1")], "a thread, timer or task that it starts"),
        ([Place("unwrap")], "a thread, timer or task that it starts"),
        ([], "a thread, timer or task that it starts"),
    ],
)
def test_a_line_and_where_what_runs_it_was_started(started: list[Place], who: str) -> None:
    (finding,) = aftermath.find(evidence(values=PEAK, beside=Beside(lines=COPY, started=started)))
    assert finding.message == f"after the read has returned, {who} {ALLOCATES}"
    assert finding.place == HERE


def test_a_finalizer() -> None:
    (finding,) = aftermath.find(evidence(beside=Beside(dropped=COPY)))
    assert finding.place == HERE
    assert finding.message == (
        "dropping the value allocates 1.00x (300.0 MB) at cachekit/serializers/wrapper.py:139, in a "
        "finalizer or a __del__ that runs then; no peak of the read has it"
    )


def test_a_thread_that_does_not_end_is_said_to_be_there() -> None:
    (finding,) = aftermath.find(evidence(beside=Beside(lasting=["the thread beat"])))
    assert finding.place is None
    assert finding.message == (
        "the read starts what never ends, or not soon: the thread beat; what that does later than 2 s after "
        "the read is in no figure"
    )
