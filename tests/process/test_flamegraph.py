"""memray's flame graphs of real reads, as the command line writes them beside a page."""

import json
import re
import shutil
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.flame_page import Node, root_of
from tests.process.measuring import cli

pytestmark = pytest.mark.process

SCENARIOS = ("arrow-l1-hit-zstd", "arrow-l1-hit-8-readers", "async-file-get", "bytes-l1-hit-encrypted")
"""With native frames and Arrow's threads; several readers; threads of asyncio's; native code of Rust's."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder."""
    folder = tmp_path_factory.mktemp("flames") / "run"
    finished = cli("run", *SCENARIOS, "--size", "8MiB", "--instrument", "memray", "--out", str(folder))
    assert finished.status in (0, 1), finished.stderr
    return folder


@pytest.fixture(scope="module")
def page(run: Path) -> Path:
    html = run.parent / "a page.html"
    assert cli("report", str(run), "--html", str(html), "--flamegraph").status in (0, 1)
    return html


def frames(node: Node) -> list[Node]:
    return [node, *(frame for child in node.children for frame in frames(child))]


@pytest.mark.parametrize("name", SCENARIOS)
def test_it_has_the_heap_of_the_peak_by_stage(name: str, run: Path, page: Path) -> None:
    (link,) = re.findall(rf'<a href="([^"]*/{re.escape(name)}\.html)">', page.read_text())
    root = root_of((page.parent / unquote(link)).read_text())
    report = json.loads((run / "report.json").read_text())
    (result,) = (one for one in report["results"] if one["scenario"] == name)
    assert root.size_bytes == result["metrics_bytes"]["peak.heap"]
    assert {stage.label: stage.size_bytes for stage in root.children} == {
        stage["name"]: stage["live_bytes"] for stage in result["stages"] if stage["live_bytes"]
    }
    files = [frame.file for frame in frames(root)]
    assert not [file for file in files if "memprobe" in file or file.startswith("/")]
    assert any(file.startswith("cachekit/") for file in files)


def test_a_capture_that_is_gone_costs_no_other_one(run: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(run, tmp_path / "run")
    (broken / f"scenarios/{SCENARIOS[0]}/memray.bin").write_bytes(b"")
    html = tmp_path / "page.html"
    finished = cli("report", str(broken), "--html", str(html), "--flamegraph")
    assert finished.status == 3
    assert {file.stem for file in (tmp_path / "page.flamegraphs").iterdir()} == {*SCENARIOS[1:]}
    assert html.read_text().count("memray's flame graph of") == 3
