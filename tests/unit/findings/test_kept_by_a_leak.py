from cachekit_memprobe.child.seen import Handed
from cachekit_memprobe.child.stages import FRAME
from cachekit_memprobe.findings import kept_frame
from tests.unit.findings.made import evidence, retained, size

HANDED = retained(Handed(FRAME, size(1.0)))


def test_a_frame_that_stays_without_the_value_is_not_kept_by_it() -> None:
    values = {"held.frame": 1.0, "held.after": 1.0}
    assert list(kept_frame.find(evidence(values=values, retained=HANDED))) == []
    (finding,) = kept_frame.find(evidence(values={**values, "held.after": 0.001}, retained=HANDED))
    assert finding.message.startswith("the returned value keeps the frame alive, 1.00x (300.0 MB)")
