"""The page in headless Chromium: nothing is asked for, nothing overflows, and axe finds no fault."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest
from playwright.sync_api import Browser, sync_playwright

from cachekit_memprobe.comparing import compare
from cachekit_memprobe.flames import Flame, Flames
from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.comparison.html import comparison_html
from cachekit_memprobe.report.flamegraph import flame_graph
from cachekit_memprobe.report.history.html import history_html
from cachekit_memprobe.report.html import render_html
from tests.golden.comparisons import NEW, OLD
from tests.golden.long_history import HOSTILE_HISTORY, LONG_HISTORY, every_link
from tests.golden.pictures import FAILING, HOSTILE, PASSING, hostile
from tests.golden.reports import FILE_GET, FILE_MAP, NOT_APPLICABLE, UNMEASURED, report_of
from tests.golden.sweeps import MATRIX_AT_SIZES

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here; Debian's package is chromium"),
]

PAGES = {
    "every-verdict": render_html(
        report_of(FAILING, PASSING, FILE_GET, FILE_MAP, NOT_APPLICABLE, UNMEASURED),
        {"MEM001": "Pass the view on."},
    ),
    "sweep": render_html(MATRIX_AT_SIZES),
    "comparison": comparison_html(compare(OLD, NEW)),
    "history": history_html(LONG_HISTORY, every_link(LONG_HISTORY)),
    "hostile-history": history_html(HOSTILE_HISTORY, every_link(HOSTILE_HISTORY, quote(HOSTILE))),
    "hostile": render_html(
        report_of(hostile(), hostile(PASSING)), {"MEM001": HOSTILE}, {HOSTILE: quote(f"{HOSTILE}.html")}
    ),
}
FLAMES = Flames(
    (
        Flame("unwrap", (("unwrap", "cachekit/wrapper.py", 126),), 3_000, 1),
        Flame(HOSTILE, ((HOSTILE, HOSTILE, 3),), 2_000, 1),
    ),
    {"cachekit/wrapper.py:126": HOSTILE},
)
WIDTHS, SCHEMES = (390, 1280), ("light", "dark")
VIEWS = [
    view
    for view in product(PAGES, WIDTHS, SCHEMES)
    if view[0] != "hostile-history" or view[1:] == (390, "light")
]
AXE_RULES = {
    ("every-verdict", 1280, "light"): ["wcag2a", "wcag2aa"],
    ("every-verdict", 1280, "dark"): ["color-contrast"],
    ("sweep", 390, "light"): ["wcag2a", "wcag2aa"],
    ("comparison", 1280, "light"): ["wcag2a", "wcag2aa"],
    ("comparison", 1280, "dark"): ["color-contrast"],
    ("history", 1280, "dark"): ["color-contrast"],
    ("history", 390, "light"): ["wcag2a", "wcag2aa"],
}
"""It takes its time, so it looks at each thing once."""

TOO_WIDE = """() => [...document.querySelectorAll('body *')].filter(element => {
    const box = element.getBoundingClientRect();
    return box.width && (box.right > innerWidth + 1 || box.left < -1) && !element.closest('.w') &&
        !(element.closest('svg') && !(element instanceof SVGSVGElement));
}).map(element => element.outerHTML.slice(0, 120))"""
OUTSIDE = """() => [...document.querySelectorAll('svg.p text')].filter(element => {
    const box = element.getBoundingClientRect();
    return box.width && (box.right > innerWidth + 1 || box.left < -1);
}).map(element => element.outerHTML)"""
CHARTS = """() => [...document.querySelectorAll('svg.p')].map(chart => {
    const box = chart.getBoundingClientRect();
    return [chart.querySelector('title').textContent, Math.min(box.width, box.height)];
})"""
FRAMES = """() => [...document.querySelectorAll('#chart .frame')].map(frame => {
    // What it says of a frame it makes when the mouse gets there.
    frame.dispatchEvent(new MouseEvent('mouseover', {bubbles: true}));
    return frame.querySelector('.d3-flame-graph-label').textContent;
})"""
AXE = """async rules => (await axe.run({runOnly: rules})).violations.map(
    found => found.id + ': ' + found.nodes.slice(0, 3).map(node => node.html.slice(0, 200)).join(' | '))"""


@dataclass(frozen=True)
class Seen:
    """What one look at a page has told; ``charts`` by their titles, with their smaller side in pixels."""

    complaints: list[str]
    requests: list[str]
    too_wide: list[str]
    outside: list[str]
    scroll_width: int
    charts: list[tuple[str, float]]
    background: str
    violations: list[str]
    frames: list[str]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Mapping[Any, Seen]:
    folder, before = tmp_path_factory.mktemp("pages"), set(psutil.Process().children(recursive=True))
    with sync_playwright() as playwright:
        # Chromium's sandbox refuses to run for root, as in most containers.
        arguments = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        for name, text in PAGES.items():
            (folder / f"{name}.html").write_text(text, encoding="utf-8")
        (folder / "flames.html").write_text(flame_graph(FLAMES, hostile(), report_of(hostile())), "utf-8")
        looks: dict[Any, Seen] = {
            view: look(browser, folder / f"{view[0]}.html", *view[1:]) for view in VIEWS
        }
        looks["flames"] = look(browser, folder / "flames.html", 1280, "light")
        started = set(psutil.Process().children(recursive=True)) - before
        browser.close()
    # The tests' process adopts orphans, and Chromium leaves some to be buried.
    psutil.wait_procs(started, timeout=5)
    return looks


def look(browser: Browser, page: Path, width: int, scheme: Any) -> Seen:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    tab = context.new_page()
    complaints: list[str] = []
    requests: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("dialog", lambda dialog: complaints.append(dialog.message))
    tab.on("request", lambda request: requests.append(request.url))
    tab.goto(page.as_uri())
    if page.stem == "flames":
        tab.wait_for_selector("#chart .frame .d3-flame-graph-label")
    tab.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")
    found = Seen(
        [*complaints],
        [*requests],
        tab.evaluate(TOO_WIDE),
        tab.evaluate(OUTSIDE),
        tab.evaluate("document.documentElement.scrollWidth"),
        [tuple(chart) for chart in tab.evaluate(CHARTS)],
        tab.evaluate("getComputedStyle(document.body).backgroundColor"),
        axe(tab, AXE_RULES.get((page.stem, width, scheme))),
        tab.evaluate(FRAMES),
    )
    context.close()
    return found


def axe(tab: Any, rules: list[str] | None) -> list[str]:
    if rules is None:
        return []
    tab.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    found: list[str] = tab.evaluate(AXE, rules)
    return found


@pytest.mark.parametrize("view", VIEWS, ids=str)
class TestAPage:
    def test_asks_for_nothing_and_complains_of_nothing(self, seen: Any, view: tuple[str, int, str]) -> None:
        assert seen[view].complaints == []
        assert len(seen[view].requests) == 1  # of itself

    def test_is_as_wide_as_the_window(self, seen: Any, view: tuple[str, int, str]) -> None:
        assert seen[view].too_wide == []
        assert seen[view].outside == []
        assert seen[view].scroll_width <= view[1]

    def test_has_its_colours(self, seen: Any, view: tuple[str, int, str]) -> None:
        shades = [int(shade) for shade in seen[view].background.strip("rgb()").split(",")]
        assert (sum(shades) > 384) == (view[2] == "light")


@pytest.mark.parametrize("view", AXE_RULES, ids=str)
def test_axe_finds_no_fault(seen: Any, view: tuple[str, int, str]) -> None:
    assert seen[view].violations == []


@pytest.mark.parametrize("width", WIDTHS)
def test_every_chart_is_there(seen: Any, width: int) -> None:
    charts = seen["every-verdict", width, "light"].charts
    titles = [title for title, _ in charts]
    both = [title for title, _ in seen["comparison", width, "light"].charts]
    assert both == ["The heap during the read"] * 2
    assert titles.count("The heap during the read") == 2
    assert sum(title.startswith("The resident set over the reads") for title in titles) == 2
    assert titles.count("Who keeps memory alive after the read") == 2
    assert all(side > 40 for _, side in charts)


def test_a_flame_graph_is_drawn_and_stays_text(seen: Any) -> None:
    assert (seen["flames"].complaints, len(seen["flames"].requests)) == ([], 1)
    name = clean_line(HOSTILE)
    assert seen["flames"].frames == ["<root>", "unwrap", name, name, f"{name} at {name}:3"]
