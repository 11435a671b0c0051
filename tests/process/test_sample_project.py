"""A project with a function, a budget and a workflow of its own: red where its read copies, then green."""

import shutil
import venv
from pathlib import Path

import pytest
import yaml

from tests.workflows import Runner, Script, scripts

pytestmark = [pytest.mark.process, pytest.mark.release]

PROJECT = Path(__file__).parents[1] / "sample_project"
NEVER_A_HIT = """\
[calls.report]
call = "shop.orders:load_report"
args = ["2026-11-24"]

[budget.report]
rss.peak = "2x"
"""


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A checkout of the project."""
    checkout, home = tmp_path / "shop", tmp_path / "runner"
    shutil.copytree(PROJECT, checkout)
    (checkout / ".git").mkdir()
    home.mkdir()
    return Runner(checkout, home)


def check_step(runner: Runner) -> Script:
    workflow = yaml.safe_load((runner.checkout / ".github/workflows/memory.yml").read_text())
    return scripts(workflow["jobs"]["memory"]["steps"])["Check"]


def line_of(runner: Runner, start: str) -> int:
    lines = (runner.checkout / "pyproject.toml").read_text().splitlines()
    (number,) = (number for number, line in enumerate(lines, 1) if line.startswith(start))
    return number


def test_it_is_red_where_the_read_copies_and_green_where_it_does_not(runner: Runner) -> None:
    red = runner.run(check_step(runner), {"matrix.cachekit": "0.9.1"}, GITHUB_ACTIONS="true")
    assert red.returncode == 1, red.stderr
    annotated = [line for line in red.stdout.splitlines() if line.startswith("::error ")]
    for metric in ("rss.peak", "copies.unwrap"):
        place = f"file=pyproject.toml,line={line_of(runner, metric)},"
        (annotation,) = (line for line in annotated if place in line)
        assert "serializers/wrapper.py:126" in annotation
    assert "the orders are read by 20 workers at once" in red.stdout

    green = runner.run(check_step(runner), {"matrix.cachekit": "0.10.0"}, GITHUB_ACTIONS="true")
    assert green.returncode == 0, green.stderr
    assert "::error" not in green.stdout
    assert not (runner.checkout / ".cache").exists()  # nothing of the project's own cache was written


def test_without_cachekit_nothing_is_green(runner: Runner, tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", symlinks=True, with_pip=False)
    command = f'cachekit-memprobe check --quick --python "{tmp_path}/bare/bin/python"'
    missing = runner.run(Script("check", command))
    assert (missing.returncode, "cachekit" in missing.stderr) == (3, True)


def test_a_function_that_is_never_a_hit_is_unmeasured(runner: Runner) -> None:
    (runner.checkout / "never.toml").write_text(NEVER_A_HIT)
    never = runner.run(Script("check", "cachekit-memprobe check --quick --config never.toml"))
    assert never.returncode == 3
    assert "shop.orders:load_report is never read from the cache" in never.stdout
