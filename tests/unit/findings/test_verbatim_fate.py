"""What became of a verbatim copy."""

from dataclasses import replace

import pytest

from cachekit_memprobe.child.seen import Kept
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


def test_what_a_leak_keeps_need_not_be_the_results() -> None:
    copied = stage("unwrap", line("a.py:1", 1.0, "verbatim", survived=1.0))
    kept = [Kept("cachekit.small", 10), Kept("cachekit.large", 1000)]
    (named,) = verbatim_copy.find(replace(evidence(copied), kept=kept))
    assert named.message.endswith("; the result or cachekit.large keeps the copy")
    (unnamed,) = verbatim_copy.find(replace(evidence(copied), values={"held.after": 1.0}))
    assert unnamed.message.endswith("; the result or something else keeps the copy")


def test_what_a_backfill_keeps_may_be_l1s() -> None:
    copied = line("a.py:1", 1.0, "verbatim", survived=1.0)
    (finding,) = verbatim_copy.find(evidence(stage("backend_get", copied), tier="l2", backfill=True))
    assert finding.message.endswith("; L1 or the result keeps the copy")
