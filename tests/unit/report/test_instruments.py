"""What instruments saw side by side, and who keeps whom: sentences only where there is something to say."""

from dataclasses import replace

import pytest

from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.report.words.instruments import instrument_rows
from cachekit_memprobe.report.words.keeping import CACHE, CONNECTION, ELSEWHERE, VALUE, keeping_of
from cachekit_memprobe.result import Finding, SiteUsage
from tests.golden.pictures import FAILING, HELD
from tests.golden.reports import FILE_GET, L1_HIT, size


def why(**metrics: float) -> dict[str, str]:
    """By label; dots are written as two underscores."""
    named = {name.replace("__", "."): value for name, value in metrics.items()}
    return {row.label: row.why for row in instrument_rows(replace(L1_HIT, metrics=named))}


def test_figures_that_agree_need_no_explanation() -> None:
    assert set(why(peak__heap=2.0, peak__tracemalloc=1.97, rss__peak=2.03).values()) == {""}


def test_of_one_peak_there_is_nothing_to_compare() -> None:
    assert why(peak__heap=2.0) == {}


@pytest.mark.parametrize(
    ("seen", "label", "words"),
    [
        ({"peak__tracemalloc": 1.0}, "tracemalloc peak", "1.00x less than the heap: native code took that"),
        ({"peak__tracemalloc": 2.5}, "tracemalloc peak", "0.50x more than memray saw"),
        ({"peak__arrow_pool": 1.0}, "Arrow pool peak", "a part of the heap"),
        ({"rss__peak": 1.5}, "RSS peak", "0.50x less than the heap"),
        ({"rss__peak": 3.0}, "RSS peak", "1.00x more than the heap: allocators keep freed pages"),
        ({"rss__peak": 3.0, "rss__file": 1.0}, "RSS peak", "of which 1.00x file-backed at most"),
    ],
)
def test_what_differs_is_explained(seen: dict[str, float], label: str, words: str) -> None:
    assert words in why(peak__heap=2.0, **seen)[label]


def test_a_late_window_is_held_against_the_whole_one() -> None:
    assert (
        "misses 1.00x"
        in why(peak__tracemalloc=1.0, peak__tracemalloc_late=0.0)["tracemalloc peak, late window"]
    )


def test_the_noise_of_a_small_values_resident_set_is_no_difference() -> None:
    assert FAILING.payload is not None
    small = replace(
        FAILING,
        payload=replace(FAILING.payload, logical_bytes=1_000_000),
        metrics={"peak.heap": 2.0, "rss.peak": 2.9},
    )
    assert [row.why for row in instrument_rows(small)] == ["", ""]


def test_the_value_keeps_what_was_measured_and_l1_the_frame() -> None:
    assert [(one.keeper, one.memory, one.metric) for one in keeping_of(FAILING)] == [
        (VALUE, "the frame", "held.frame"),
        (VALUE, "Arrow's pool", "held.arrow_pool"),
        (CACHE, "the frame", ""),
        (ELSEWHERE, "after the drop", "held.after"),
    ]


def test_without_the_retention_instrument_nobody_is_said_to_keep_anything() -> None:
    assert keeping_of(L1_HIT) == ()


def test_a_read_past_l1_leaves_nothing_there() -> None:
    assert CACHE not in {one.keeper for one in keeping_of(replace(FILE_GET, metrics=HELD))}


def test_a_connection_keeps_what_it_received_until_it_receives_again() -> None:
    place = Place("backend_get", "get", "cachekit/backends/redis/provider.py", 134)
    site = SiteUsage(place, "", size(2.0), 3, 0, size(1.01), size(1.01), "received")
    backend_get = replace(FAILING.stages[0], name="backend_get", sites=(site,))
    read = replace(
        FAILING,
        metrics={**FAILING.metrics, "held.after": 0.0, "rss.settled": 1.005},
        stages=(backend_get, *FAILING.stages),
    )
    assert CONNECTION not in {one.keeper for one in keeping_of(read)}
    found = keeping_of(replace(read, findings=(Finding("MEM014", "it keeps it", place),)))
    (kept,) = [one for one in found if one.keeper == CONNECTION]
    assert kept.payloads == pytest.approx(1.005)
