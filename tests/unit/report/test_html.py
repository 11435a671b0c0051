"""The page, parsed back: what it shows is what the JSON says, and names are text."""

import base64
import hashlib
import json
import lzma
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from cachekit_memprobe.child.seen import RssSample
from cachekit_memprobe.child.stages import STAGES
from cachekit_memprobe.report.html import render_html
from cachekit_memprobe.report.html.plot import FINE, HEIGHT, WIDTH, polygon
from cachekit_memprobe.report.html.resident import course_of
from cachekit_memprobe.report.html.staircase import drawing_of
from cachekit_memprobe.report.json import to_json
from cachekit_memprobe.result import Report
from cachekit_memprobe.units import format_payloads
from tests.golden.pictures import FAILING, HOSTILE, PASSING, STAIRCASE, hostile, many
from tests.golden.reports import (
    FILE_GET,
    FILE_MAP,
    LOGICAL_BYTES,
    NOT_APPLICABLE,
    UNMEASURED,
    report_of,
    size,
)

ALL = report_of(FAILING, PASSING, FILE_GET, FILE_MAP, NOT_APPLICABLE, UNMEASURED)


class Page(HTMLParser):
    """Tables by their class, as rows of texts, and all that a browser would take for markup."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: list[tuple[str, list[list[str]]]] = []
        self.lists: list[list[str]] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._into: list[str] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "table":
            self.tables.append((dict(attrs).get("class") or "", []))
        elif tag == "tr":
            self._into = None
            self.tables[-1][1].append([])
        elif tag in ("td", "th"):
            self._into = self.tables[-1][1][-1]
            self._into.append("")
        elif tag == "ul":
            self.lists.append([])
        elif tag == "li":
            self._into = self.lists[-1]
            self._into.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("table", "ul"):
            self._into = None

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._into is not None:
            self._into[-1] = (self._into[-1] + data).strip()

    def rows(self, kind: str) -> list[list[list[str]]]:
        return [rows for name, rows in self.tables if name == kind]


def page_of(report: Report) -> Page:
    return Page(render_html(report))


def results_of(report: Report) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = json.loads(to_json(report))["results"]
    return results


def written(payloads: float | None) -> str:
    return "-" if payloads is None else format_payloads(payloads)


def test_the_summary_has_the_figures_of_the_json() -> None:
    heading, *rows = page_of(ALL).rows("sum")[0]
    metrics = heading[2:]
    assert metrics.pop() == "also over"
    assert metrics == ["copies.total", "peak.heap", "rss.peak"]
    for row, result in zip(rows, results_of(ALL), strict=True):
        assert row[0] == result["scenario"]
        assert row[2:5] == [written(result["metrics"].get(metric)) for metric in metrics]
        errors = [one for one in result["budgets"] if one["level"] == "error"]
        over = [one["metric"] for one in errors if one["status"] == "over"]
        others = [name for name in over if name not in metrics]
        assert row[5:] == ([", ".join(others)] if others else [])


def test_the_stages_have_the_figures_of_the_json() -> None:
    measured = [result for result in results_of(ALL) if result["stages"]]
    tables = page_of(ALL).rows("st")
    assert len(tables) == len(measured)
    for (_, *rows, total), result in zip(tables, measured, strict=True):
        copies: dict[str, list[float]] = {}
        nothing: list[str] = []
        stage = ""
        for row in rows:
            if len(row) == 1:
                nothing += row[0].removeprefix("nothing in ").split(", ")
                continue
            stage = row[0] or stage
            copies.setdefault(stage, []).append(float(row[2].rstrip("x")))
        for said in result["stages"]:
            shown = copies.get(said["name"], [0.0])
            assert sum(shown) == pytest.approx(said["copies"], abs=0.0051 * len(shown)), said["name"]
            assert said["name"] in copies or said["name"] in nothing or not said["calls"]
        of_all = sum(said["copies_bytes"] for said in result["stages"]) / LOGICAL_BYTES
        assert total[2] == written(of_all)


def test_limits_have_the_figures_of_the_json_in_a_table_or_in_a_list() -> None:
    page = page_of(ALL)
    shown = {(row[0], row[2], row[1]) for rows in page.rows("bu") for row in rows[1:]}
    for figures, _, metrics in (entry.partition(": ") for entries in page.lists for entry in entries):
        observed, _, limit = figures.partition(" of ")
        shown |= {(metric, observed, limit) for metric in metrics.split(", ")}
    for result in results_of(ALL):
        for limit in result["budgets"]:
            assert (limit["metric"], written(limit["observed"]), written(limit["limit"])) in shown


def test_a_limit_that_is_kept_to_is_listed_only_where_the_scenario_is_folded() -> None:
    assert len(page_of(report_of(PASSING)).rows("bu")[0]) == 1 + len(PASSING.budgets)
    assert len(page_of(report_of(PASSING, PASSING, PASSING)).rows("bu")[0]) == 1 + 1


def test_a_reason_that_neighbours_share_is_said_once_and_spans_them() -> None:
    page = page_of(report_of(FAILING))
    spans = [attrs["rowspan"] for tag, attrs in page.elements if tag == "td" and "rowspan" in attrs]
    assert spans == ["2"]  # of peak.heap and rss.peak


def test_the_table_below_the_staircase_has_its_steps_and_its_peak() -> None:
    heading, *rows = page_of(report_of(FAILING)).rows("r")[0]
    assert heading == ["step", "unwrap", "materialize", "heap"]
    shown: dict[int, list[str]] = {}
    for numbers, *figures in rows:
        first, _, last = numbers.partition(" to ")
        shown.update(dict.fromkeys(range(int(first), int(last or first) + 1), figures))
    for number, step in enumerate(STAIRCASE.steps, 1):
        sizes = (*step.live_bytes[:2], step.total_bytes)
        assert shown[number] == [written(size_bytes / LOGICAL_BYTES) for size_bytes in sizes]


def heights(path: str, x: float) -> list[float]:
    """How high a path of right angles is at a place, without what is below it: each part's."""
    edges = []
    for ring in path.split("z")[:-1]:
        begin, *corners = re.findall(r"([Mhv])(-?\d+)(?: (\d+))?", ring)
        here = (int(begin[1]), int(begin[2]))
        for direction, change, _ in corners:
            after = (here[0] + int(change), here[1]) if direction == "h" else (here[0], here[1] + int(change))
            if min(here[0], after[0]) < x < max(here[0], after[0]):
                edges.append(after[1])
            here = after
    edges.sort()
    return [low - high for high, low in zip(edges[::2], edges[1::2], strict=True)]


def test_the_paths_of_the_staircase_are_as_high_as_its_steps() -> None:
    drawing = drawing_of(STAIRCASE, LOGICAL_BYTES, None)
    assert drawing is not None
    width, units = WIDTH / len(STAIRCASE.steps), HEIGHT / (2.001 * 1.08)
    for area in drawing.areas:
        for number, step in enumerate(STAIRCASE.steps):
            payloads = step.live_bytes[STAIRCASE.stages.index(area.stage)] / LOGICAL_BYTES
            assert sum(heights(area.path, (number + 0.5) * width)) == pytest.approx(payloads * units, abs=1)
    assert drawing.peak.x == round(4.5 * width)
    assert drawing.peak.words == "2.00x"
    assert HEIGHT - drawing.peak.y == pytest.approx(2.001 * units, abs=1)


def test_the_reads_are_told_one_by_one() -> None:
    rows = page_of(report_of(FAILING)).rows("r")[1]
    assert rows[0] == ["read", "time", "before", "peak", "anonymous", "file-backed", "settled"]
    for number, (row, read) in enumerate(zip(rows[1:], FAILING.resident, strict=True), 1):
        sizes = (read.peak_bytes, read.anon_bytes, read.file_bytes, read.settled_bytes)
        assert row[0] == f"{number}"
        assert row[3:] == [written(size_bytes / LOGICAL_BYTES) for size_bytes in sizes]


def test_each_peak_is_drawn_where_the_kernels_mark_is_with_the_growth_before_it() -> None:
    course = course_of(FAILING)
    assert course is not None
    marks = [HEIGHT - int(y) for y in re.findall(r"M\d+ (-?\d+)H", course.peaks)]
    left = [HEIGHT - int(y) for y in re.findall(r"M\d+ (-?\d+)H", course.settled)]
    units = HEIGHT / (2.3 * 1.08)
    assert marks == pytest.approx([(2.1 + 0.05 * number) * units for number in range(5)], abs=1)
    assert left == pytest.approx([0.05 * number * units for number in range(1, 6)], abs=1)
    assert [layer.name for layer in course.layers] == ["anonymous", "file-backed"]
    assert course.peak.words == "2.30x"


def test_a_line_that_ends_level_is_drawn_to_its_end() -> None:
    # The last two of them are one place in the picture.
    points = [(0.0, 9), (4.0, 2), (8.2, 2), (8.4, 2), (8.4, 9), (0.0, 9)]
    assert polygon(points) == "M0 9l4-7 4 0 0 7-8 0z"


def test_a_limit_is_over_what_was_resident_before_its_own_read() -> None:
    course = course_of(FAILING)
    assert course is not None
    limits = [int(y) for y in re.findall(r"M\d+ (-?\d+)H", course.limits)]
    marks = [int(y) for y in re.findall(r"M\d+ (-?\d+)H", course.peaks)]
    units = HEIGHT / (2.3 * 1.08)
    assert [low - high for low, high in zip(limits, marks, strict=True)] == pytest.approx(
        [(2.1 - 1.4) * units] * 5, abs=1
    )


def test_of_many_samples_those_stay_that_make_the_shape() -> None:
    heights_of_samples = [*range(100), *(10 for _ in range(100)), *range(10, 80), *(80 for _ in range(130))]
    samples = tuple(
        RssSample(1000 * at, size(high / 100), 0, 0) for at, high in enumerate(heights_of_samples)
    )
    one = replace(FAILING.resident[0], peak_bytes=size(0.99), course=samples)
    drawn = course_of(replace(FAILING, resident=(one,), budgets=()), replace(FINE, samples=6))
    assert drawn is not None
    (layer,) = drawn.layers
    upper = corners(layer.path)[:6]
    units = HEIGHT / (0.99 * 1.08)
    tower, fall = upper[1], upper[2]
    assert HEIGHT - tower[1] == pytest.approx(0.99 * units, abs=1)
    assert HEIGHT - fall[1] == pytest.approx(0.10 * units, abs=1)
    assert fall[0] - tower[0] <= 3


def corners(path: str) -> list[tuple[int, int]]:
    """Of a path of straight lines, told as differences."""
    begin, _, steps = path.partition("l")
    x, y = map(int, begin[1:].split())
    found = [(x, y)]
    numbers = [int(number) for number in re.findall(r"-?\d+", steps.partition("z")[0])]
    for right, down in zip(numbers[::2], numbers[1::2], strict=True):
        x, y = x + right, y + down
        found.append((x, y))
    return found


def test_what_stays_of_a_read_is_filled_below_the_next_ones() -> None:
    reads = [
        replace(read, baseline_anon_bytes=300_000_000 + size(0.05 * number))
        for number, read in enumerate(FAILING.resident)
    ]
    drawn = course_of(replace(FAILING, resident=tuple(reads)))
    assert drawn is not None
    rings = [corners(ring + "z") for ring in drawn.layers[0].path.split("z")[:-1]]
    assert [max(y for _, y in ring) for ring in rings] == [HEIGHT] * 5
    begins = [HEIGHT - ring[0][1] for ring in rings]
    units = HEIGHT / (2.3 * 1.08)
    assert begins == pytest.approx([0.05 * number * units for number in range(5)], abs=1)


def test_reads_without_samples_are_a_table_and_no_picture() -> None:
    bare = replace(FAILING, resident=tuple(replace(read, course=()) for read in FAILING.resident))
    assert course_of(bare) is None
    assert "read by read" in render_html(report_of(bare))


def test_the_json_of_the_report_is_in_it() -> None:
    (link,) = [attrs["href"] for tag, attrs in page_of(ALL).elements if "download" in attrs]
    assert link is not None
    packed = base64.b64decode(link.partition(",")[2])
    assert json.loads(lzma.decompress(packed)) == json.loads(to_json(ALL))


def test_names_from_outside_are_text() -> None:
    text = render_html(report_of(hostile(), hostile(PASSING)), {"MEM001": HOSTILE})
    page = Page(text)
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "img", "iframe", "object", "link", "form"}
    assert sum(tag == "style" for tag, _ in page.elements) == 1
    for tag, attrs in page.elements:
        assert not [name for name in attrs if name.startswith("on") or name == "style"], tag
        for name in ("href", "src"):
            assert (attrs.get(name) or "#").startswith(("#", "data:application/x-xz;base64,"))
    assert "alert(1)" in page.text
    assert "\u202e" not in text


def test_the_policy_lets_in_nothing_but_the_style_that_it_names() -> None:
    text = render_html(ALL)
    style = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[0].encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in text
    assert "url(http" not in style[0]
    assert "@import" not in style[0]


def test_every_stage_has_a_colour_and_a_pattern() -> None:
    text = render_html(report_of(FAILING))
    for number, stage in enumerate(STAGES):
        assert f"--{stage}:#" in text
        assert f"id=p{number} " in text
        assert all(f".{kind}{number}{{" in text for kind in "ksc")


def test_scenarios_that_need_a_look_are_open_and_others_folded() -> None:
    folded = re.findall(r"<details( open)?><summary><h2>", render_html(report_of(FAILING, PASSING, PASSING)))
    assert folded == [" open", "", ""]


def test_what_many_scenarios_have_is_said_once() -> None:
    sentence = "a tracemalloc window opened after unwrap misses"
    assert render_html(report_of(FAILING, PASSING)).count(sentence) == 2
    assert render_html(report_of(FAILING, PASSING, PASSING)).count(sentence) == 1


def test_a_finding_has_its_remedy_where_one_is_given() -> None:
    page = page_of(report_of(FAILING))
    assert "What to do" not in page.text
    with_it = Page(render_html(report_of(FAILING), {"MEM001": "Pass the view on.", "MEM009": "unheard of"}))
    assert "Pass the view on." in with_it.text
    assert "unheard of" not in with_it.text
    assert ("a", {"href": "#MEM001"}) in with_it.elements


def test_a_report_of_all_scenarios_is_small_enough_to_be_sent() -> None:
    assert len(render_html(report_of(*many(38))).encode()) < 300_000
