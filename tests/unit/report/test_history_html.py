"""The page of a history: what tells most comes first, and nothing of it is markup that isn't ours."""

import re
from dataclasses import replace

import pytest

from cachekit_memprobe.history import ScenarioHistory
from cachekit_memprobe.report.history.chart import chart_of
from cachekit_memprobe.report.history.html import history_html
from cachekit_memprobe.report.history.telling import Curve, curves_of
from tests.golden.long_history import HOSTILE_HISTORY, LONG_HISTORY, every_link
from tests.golden.pictures import HOSTILE

SCENARIO = LONG_HISTORY.scenarios[0]
PAGE = history_html(LONG_HISTORY, every_link(LONG_HISTORY))


def curve(metric: str, scenario: ScenarioHistory = SCENARIO) -> Curve:
    return next(one for one in curves_of(scenario) if metric in (one.metric, *one.likewise))


class TestTheCurves:
    def test_begin_with_the_one_that_moves_most(self) -> None:
        assert [one.metric for one in curves_of(SCENARIO)] == [
            "copies.stats",
            "rss.peak",
            "copies.total",
            "peak.heap",
            "copies.decode",
        ]

    def test_that_say_the_same_are_one(self) -> None:
        assert curve("copies.unwrap") == curve("peak.heap") == curve("verbatim.unwrap")
        assert curve("copies.unwrap").likewise == ("copies.unwrap", "verbatim.unwrap")

    def test_of_what_never_changes_are_the_headlines(self) -> None:
        (only,) = curves_of(replace(SCENARIO, steps=()))[:1]
        assert only.metric in ("copies.total", "peak.heap", "rss.peak")
        assert not only.steps


class TestAChart:
    def test_is_broken_where_there_is_no_figure(self) -> None:
        chart = chart_of(curve("peak.heap"), LONG_HISTORY.points, [""] * 25)
        assert len(chart.dots) == 23
        assert len(chart.lacking) == 2
        assert chart.path.count("M") == 3

    def test_names_each_step_with_its_line(self) -> None:
        chart = chart_of(curve("peak.heap"), LONG_HISTORY.points, [""] * 25)
        assert [(mark.label, mark.kind) for mark in chart.marks] == [
            ("0.9.0: 0.25x -> 1.25x, wrapper.py:126", "more"),
            ("0.10.0: 1.25x -> 0.25x, wrapper.py:126", "less"),
        ]
        assert chart.marks[0].label_y != chart.marks[1].label_y  # one would cover the other
        assert chart.description == "; ".join(mark.label for mark in chart.marks) + "."

    def test_rises_where_there_is_more(self) -> None:
        dots = chart_of(curve("peak.heap"), LONG_HISTORY.points, [""] * 25).dots
        by_name = {dot.name: dot.y for dot in dots}
        assert by_name["0.9.1: 1.25x"] < by_name["0.8.0: 0.25x"] == by_name["0.24.1: 0.25x"]

    def test_of_one_point_is_a_dot(self) -> None:
        (dot,) = chart_of(Curve("peak.heap", (1.0,), ()), LONG_HISTORY.points[:1], ["a.html"]).dots
        assert (dot.link, dot.name) == ("a.html", "0.4.0: 1.00x")


class TestThePage:
    def test_is_small(self) -> None:
        assert len(PAGE.encode()) < 300_000

    def test_links_every_point_that_was_measured(self) -> None:
        assert PAGE.count('href="history-reports/0.10.0.html"') == 4 * (1 + 5)  # the table, and each chart
        assert "history-reports/0.4.1.html" not in PAGE
        assert "<a " not in history_html(LONG_HISTORY)

    def test_says_what_could_not_be_measured(self) -> None:
        assert "there is no wheel for it" in PAGE
        assert "does not apply: the scenario is for 0.8.0 or newer" in PAGE

    def test_has_what_got_worse_and_since_when(self) -> None:
        text = re.sub(r"<[^>]+>", " ", PAGE[PAGE.index('id="worse"') :])
        assert "arrow-l1-hit copies.total 0.25x in 0.20.0 0.51x in 0.24.1 +0.26x 0.22.0" in " ".join(
            text.split()
        )

    def test_says_so_if_nothing_did(self) -> None:
        fine = replace(SCENARIO, regressions=())
        page = history_html(replace(LONG_HISTORY, scenarios=(fine,)))
        assert "no figure of a whole read is worse" in page

    @pytest.mark.parametrize("links", [{}, every_link(HOSTILE_HISTORY, "x")], ids=["plain", "linked"])
    def test_takes_nothing_for_markup(self, links: dict[tuple[str, int], str]) -> None:
        page = history_html(HOSTILE_HISTORY, links)
        assert "alert(1)" in page
        assert "<script" not in page
        assert "<img" not in page
        assert HOSTILE not in page
        assert "\u202e" not in page
