import pytest

from cachekit_memprobe.child.seen import Kept
from cachekit_memprobe.findings import kept_pages
from cachekit_memprobe.model import Payload
from tests.golden.reports import MAP_SITE
from tests.unit.findings.made import evidence, line, stage

KEPT = Kept("cachekit.x._KEPT", 1)


def test_pages_in_which_nothing_lives() -> None:
    values = {"rss.settled": 1.15, "held.after": 0.0, "growth.per_read": 0.001}
    (finding,) = kept_pages.find(evidence(values=values, as_deployed=True))
    assert finding.place is None
    assert finding.message == (
        "1.15x (345.0 MB) stays resident after the value was dropped, although at most 0.00x (0 B) of it is "
        "in use: an allocator keeps pages that were freed, and the next reads use them again"
    )


@pytest.mark.parametrize("growth", [{}, {"growth.per_read": 0.4}])
def test_of_their_use_nothing_is_said_that_was_not_seen(growth: dict[str, float]) -> None:
    (finding,) = kept_pages.find(evidence(values={"rss.settled": 1.15, "held.after": 0.0, **growth}))
    assert finding.message.endswith("keeps pages that were freed")


def test_without_the_retention_instrument_what_the_read_had_not_given_back_may_be_alive() -> None:
    result = stage("materialize", line("arrow.py:496", 1.0, survived=1.0))
    values = {"rss.settled": 1.15, "copies.total": 1.0}
    assert list(kept_pages.find(evidence(result, values=values))) == []
    assert len(list(kept_pages.find(evidence(result, values={**values, "rss.settled": 2.3})))) == 1


def test_a_file_map_may_be_alive_too() -> None:
    mapped = stage("backend_map", MAP_SITE)
    assert list(kept_pages.find(evidence(mapped, values={"rss.settled": 1.15, "copies.total": 1.0}))) == []


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"rss.settled": 1.15},
        {"held.after": 0.0},
        {"rss.settled": 0.2, "held.after": 0.0},
        {"rss.settled": 1.15, "held.after": 1.0},
        {"rss.settled": -0.5, "held.after": -0.01},
    ],
)
def test_what_is_alive_small_or_not_known(values: dict[str, float]) -> None:
    assert list(kept_pages.find(evidence(values=values))) == []


def test_what_a_name_refers_to_is_no_free_page() -> None:
    values = {"rss.settled": 1.15, "held.after": 0.0}
    assert list(kept_pages.find(evidence(values=values, kept=[KEPT]))) == []


def test_a_small_values_set_up_is_no_page_kept() -> None:
    small = Payload(1_000_000, 1_000_100)
    values = {"rss.settled": 0.8, "held.after": 0.0}
    assert list(kept_pages.find(evidence(values=values, payload=small))) == []
