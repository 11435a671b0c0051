import re
from dataclasses import replace

import pytest

from cachekit_memprobe.report.words.ranking import equal_words, ranked, sort_key
from cachekit_memprobe.result import Result
from tests.golden.sweeps import MATRIX, WIDE, combination
from tests.unit.report.test_terminal import printed

MIB = 1 << 20


def axes(results: list[Result]) -> list[str]:
    return [" ".join(result.scenario.variant.axes.values()) for result in results if result.scenario.variant]


class TestTheOrder:
    def test_is_that_of_the_whole_process_which_has_the_frame_in_l1(self) -> None:
        lean, rich = combination("none", "l2", 2.0, 1.5), combination("none", "l1", 1.0, 1.0)
        assert lean.metrics["rss.peak"] > rich.metrics["rss.peak"]
        assert axes(ranked([rich, lean])) == ["none l2", "none l1"]

    def test_can_be_another(self) -> None:
        assert axes(ranked(MATRIX.results, "rss.peak"))[:2] == ["none l1", "zstd l1"]
        assert axes(ranked(MATRIX.results, "rss.resting"))[0] == "none l2"

    def test_by_what_is_stored(self) -> None:
        small, large = combination("zstd", "l1", 2.0, 1.1), combination("none", "l1", 1.0, 1.0)
        assert small.payload is not None
        small = replace(small, payload=replace(small.payload, frame_bytes=9 * MIB))
        assert axes(ranked([large, small], "stored")) == ["zstd l1", "none l1"]

    def test_takes_no_noise_for_a_difference(self) -> None:
        more = combination("none", "l2", 2.0, 2.0)
        less = combination("zstd", "l2", 1.0, 2.0)
        noisy = replace(less, metrics={**less.metrics, "rss.total": more.metrics["rss.total"] + 0.003})
        assert axes(ranked([more, noisy])) == ["zstd l2", "none l2"]

    def test_says_where_it_takes_two_figures_for_equal(self) -> None:
        more = combination("none", "l2", 2.0, 2.0)
        less = combination("zstd", "l2", 1.0, 2.0)
        noisy = replace(less, metrics={**less.metrics, "rss.total": more.metrics["rss.total"] + 0.003})
        words = "what differs by less than 1.0 MiB may count as equal, and copies.total decides"
        assert equal_words([more, noisy]) == words
        assert words in " ".join(printed(replace(MATRIX, results=(more, noisy)), 120).split())

    def test_says_nothing_of_it_where_the_smaller_figure_is_first(self) -> None:
        assert equal_words([combination("none", "l1", 1.0, 1.0), combination("none", "l2", 2.0, 2.0)]) == ""

    @pytest.mark.parametrize(
        ("measured", "key"),
        [(("rss.peak", "copies.total"), "rss.peak"), (("copies.total",), "copies.total"), ((), "")],
    )
    def test_without_it_is_by_the_next_that_was_measured(self, measured: tuple[str, ...], key: str) -> None:
        result = combination("none", "l1", 1.0, 1.0)
        few = replace(result, metrics={name: result.metrics[name] for name in measured})
        assert sort_key([few]) == key


def test_a_metric_that_is_sorted_by_has_a_column() -> None:
    results = tuple(
        replace(result, metrics={**result.metrics, "held.result": 1.25}) for result in MATRIX.results[:3]
    )
    sweep = replace(MATRIX.run.sweep, sort="held.result")
    text = printed(replace(MATRIX, results=results, run=replace(MATRIX.run, sweep=sweep)), 120)
    assert "sorted by held.result" in text
    assert text.count("1.25x") == 3


def test_a_sorting_that_was_not_measured_is_told() -> None:
    sweep = replace(MATRIX.run.sweep, sort="held.result")
    text = printed(replace(MATRIX, run=replace(MATRIX.run, sweep=sweep)), 120)
    assert "held.result, to sort by, was not measured" in text


def test_a_row_is_one_line_and_what_has_no_room_is_named() -> None:
    value = "a-value-of-thirty-columns-or-so"
    results = tuple(
        replace(
            result,
            scenario=replace(
                result.scenario,
                variant=replace(
                    result.scenario.variant, axes={"compression": f"{value}-{tier}", "tier": tier}
                ),
            ),
        )
        for result, tier in zip(MATRIX.results[:3], ("l1", "l2", "reference"), strict=True)
        if result.scenario.variant
    )
    text = printed(replace(MATRIX, results=results), 80)
    rows = [line for line in text.splitlines() if line.startswith("a-value")]
    assert len(rows) == 3
    told = " ".join(text.split())
    assert (
        "left out for want of room: verbatim.total, rss.resting, copies.total, stored and peak.heap; a wider "
        "terminal has them"
    ) in told
    assert re.search("^a-value.* 21 ms", text, re.MULTILINE)


def test_a_value_that_all_rows_share_gives_its_room_to_the_figures() -> None:
    text = printed(WIDE, 80)
    assert "of all combinations here: serializer=arrow return_format=pandas" in text
    assert "left out" not in text
    assert "of all combinations here" not in printed(WIDE, 120)


@pytest.mark.parametrize(("read_us", "words"), [(0, "<2 ms"), (1_999, "<2 ms"), (2_000, "2.0 ms")])
def test_a_time_that_is_only_the_sampling_s_is_no_figure(read_us: int, words: str) -> None:
    (first, *others) = MATRIX.results
    others = [replace(result, read_us=88_000) for result in others]
    results = (replace(first, read_us=read_us), *others)
    rows = [line for line in printed(replace(MATRIX, results=results), 120).splitlines() if words in line]
    assert len(rows) == 1


def test_times_that_were_not_sampled_have_no_column() -> None:
    results = tuple(replace(result, read_us=None) for result in MATRIX.results)
    text = printed(replace(MATRIX, results=results), 120)
    assert "time" not in text
