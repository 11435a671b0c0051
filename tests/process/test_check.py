"""A project's budgets, checked on real releases, and a real bisection over its history."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.process.measuring import Finished, cli, finish, start_cli

pytestmark = [pytest.mark.process, pytest.mark.release]

_ROOT = Path(__file__).parents[2]

_CONFIGURATION = """\
[tool.cachekit-memprobe]
scenarios = ["arrow-l1-hit"]

[tool.cachekit-memprobe.budget."arrow-*"]
copies.unwrap = { hard = "100KiB", message = "ask the data team" }
"""

_SMALL = """\
summary = "A DataFrame of 8 MiB as Arrow: L1 hit"
releases = "{releases}"
[value]
kind = "dataframe"
size = "8MiB"
[cache]
serializer = "arrow"
l1 = true
[read]
tier = "l1"
route = "memory"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(_CONFIGURATION)
    return tmp_path


def _checked(project: Path, release: str, *options: str) -> Finished:
    config = str(project / "pyproject.toml")
    return cli("check", "--config", config, "--quick", "--cachekit", release, *options, COLUMNS="100")


def test_the_copy_of_0_9_1_is_over_the_projects_limit_and_0_10_0_within(project: Path) -> None:
    red = _checked(project, "0.9.1")
    assert red.status == 1, red.stderr
    (breach,) = (part for part in red.stdout.split("\n\n") if part.startswith("arrow-l1-hit: copies.unwrap"))
    assert breach.splitlines()[4:] == [
        "where        see unwrap at cachekit/serializers/wrapper.py:126, 1.00x",
        "set in       pyproject.toml:5",
        '             tool.cachekit-memprobe.budget."arrow-*".copies.unwrap.hard',
        "message      ask the data team",
    ]
    green = _checked(project, "0.10.0")
    assert green.status == 0, green.stdout + green.stderr


def test_a_baseline_holds_the_next_release_to_the_last(project: Path) -> None:
    (project / "pyproject.toml").write_text(
        _CONFIGURATION.replace('{ hard = "100KiB", message = "ask the data team" }', '"+5%"')
    )
    assert _checked(project, "0.10.0").status == 2
    assert _checked(project, "0.10.0", "--update-baseline").status == 0
    assert _checked(project, "0.10.0").status == 0
    red = _checked(project, "0.9.1")
    assert red.status == 1
    assert "(+5% over 0.00x)" in red.stdout


class _History:
    """A repository whose commits each change one file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.commits: list[str] = []
        self.git("init", "-q")

    def git(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        identity: Mapping[str, str] = {
            **os.environ,
            **{f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "PYTHONPATH": str(_ROOT),
            **variables,
        }
        return subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env=identity,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    def commit(self, file: str, text: str) -> str:
        (self.folder / file).write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", f"Change {file}")
        self.commits.append(self.git("rev-parse", "HEAD").stdout.strip())
        return self.commits[-1]


def _budget(limit: str) -> str:
    return f'scenarios = ["read.toml"]\n[budget."*"]\ncopies.total = "{limit}"\n'


def test_git_bisect_finds_the_commit_that_a_check_is_red_since(tmp_path: Path) -> None:
    history = _History(tmp_path)
    (tmp_path / "memprobe.toml").write_text(_budget("2x"))
    good = history.commit("read.toml", _SMALL.format(releases=""))
    unmeasured = history.commit("read.toml", _SMALL.format(releases="<0.1"))
    history.commit("read.toml", _SMALL.format(releases=">=0.9"))
    culprit = history.commit("memprobe.toml", _budget("0.5x"))
    history.commit("notes.txt", "nothing")
    bad = history.commit("notes.txt", "nothing more")
    history.git("bisect", "start", bad, good)
    check = (sys.executable, "-m", "cachekit_memprobe", "check", "--quick", "--bisect")
    found = history.git("bisect", "run", *check)
    assert f"{culprit} is the first bad commit" in found.stdout, found.stdout + found.stderr
    # What can't be measured is neither good nor bad.
    history.git("checkout", "-q", unmeasured)
    config = str(tmp_path / "memprobe.toml")
    assert cli("check", "--quick", "--bisect", "--config", config).status == 125
    assert cli("check", "--quick", "--config", config).status == 3


def test_git_bisect_ends_where_a_check_cant_be_done(tmp_path: Path) -> None:
    history = _History(tmp_path)
    (tmp_path / "memprobe.toml").write_text(_budget("2x"))
    good = history.commit("read.toml", _SMALL.format(releases=""))
    history.commit("memprobe.toml", _budget("much"))
    bad = history.commit("memprobe.toml", _budget("0.5x"))
    history.git("bisect", "start", bad, good)
    check = (sys.executable, "-m", "cachekit_memprobe", "check", "--quick", "--bisect")
    found = history.git("bisect", "run", *check)
    assert found.returncode != 0
    assert "first bad commit" not in found.stdout
    assert "memprobe.toml:3" in found.stdout + found.stderr


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_check_ends_the_bisection(tmp_path: Path, signum: signal.Signals) -> None:
    (tmp_path / "memprobe.toml").write_text(_budget("2x"))
    (tmp_path / "read.toml").write_text(_SMALL.format(releases=""))
    out = tmp_path / "run"
    config = str(tmp_path / "memprobe.toml")
    process = start_cli("check", "--bisect", "--config", config, "--out", str(out))
    deadline = time.monotonic() + 60
    while not (out / "run.json").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signum)
    ended = finish(process)
    assert ended.status == 128
    assert "there is no verdict" in ended.stderr
