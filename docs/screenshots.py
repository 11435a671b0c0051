"""Make the pictures of README from a saved run: ``python docs/screenshots.py RUN_FOLDER``.

The run is ``cachekit-memprobe run arrow-l1-hit bytes-file-get --cachekit 0.9.1 --size 16MB``. Needs Debian's
``chromium`` and the test extra's playwright.
"""

import os
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Literal

from playwright.sync_api import sync_playwright

from cachekit_memprobe import pages, pipeline
from cachekit_memprobe.report.html import render_html
from cachekit_memprobe.result import Report
from cachekit_memprobe.runstore import RunFolder

IMAGES = Path(__file__).parent / "images"
PICTURES: dict[str, tuple[Literal["light", "dark"], int]] = {
    "arrow-l1-hit": ("light", 1000),
    "bytes-file-get": ("dark", 800),
}
"""Of each scenario the colours, and how much of it is shown, in pixels."""


def only(report: Report, name: str) -> Report:
    """The report of one of the scenarios."""
    results = tuple(result for result in report.results if result.scenario.name == name)
    return replace(
        report, results=results, run=replace(report.run, scenarios=tuple(one.scenario for one in results))
    )


def main(folder: Path) -> None:
    """Write a PNG for each of the scenarios."""
    report = pipeline.explain(RunFolder.open(folder))
    IMAGES.mkdir(exist_ok=True)
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as scratch:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        for name, (scheme, height) in PICTURES.items():
            page = Path(scratch) / f"{name}.html"
            page.write_text(render_html(only(report, name), pages.remedies()), encoding="utf-8")
            tab = browser.new_page(viewport={"width": 900, "height": height}, color_scheme=scheme)
            tab.goto(page.as_uri())
            tab.screenshot(path=IMAGES / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
