"""What became of a verbatim copy."""

import pytest

from cachekit_memprobe.findings import verbatim_copy
from cachekit_memprobe.result import SiteUsage
from tests.unit.findings.made import evidence, line, stage


@pytest.mark.parametrize(
    ("stage_name", "site", "fate"),
    [
        (
            "decode",
            line("a.py:1", 1.0, "verbatim"),
            "dropped before the read returns, so a view would have been enough",
        ),
        ("decode", line("a.py:1", 1.0, "verbatim", survived=1.0), "the result keeps the copy"),
        # The scratch memory is dropped, the text is kept.
        ("decode", line("a.py:1", 13.0, "mixed", verbatim=1.0, survived=1.0), "the result keeps the copy"),
        ("decompress", line("a.py:1", 3.0, "mixed", verbatim=1.0), "so its bytes were only passed through"),
        ("decompress", line("a.py:1", 3.0, "mixed", verbatim=1.0, survived=1.0), "the result keeps the copy"),
    ],
)
def test_the_sentence_ends_with_it(stage_name: str, site: SiteUsage, fate: str) -> None:
    (finding,) = verbatim_copy.find(evidence(stage(stage_name, site)))
    assert finding.message.endswith(fate)


def test_what_a_backfill_keeps_may_be_l1s() -> None:
    copied = line("a.py:1", 1.0, "verbatim", survived=1.0)
    (finding,) = verbatim_copy.find(evidence(stage("backend_get", copied), tier="l2", backfill=True))
    assert finding.message.endswith("; L1 or the result keeps the copy")
