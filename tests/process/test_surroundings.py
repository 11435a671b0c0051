"""Surroundings in which the tool can't work, or hardly: a sentence and an exit code that is no verdict."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

_TOOL = f"{sys.executable} -m cachekit_memprobe"
_RELATIVE = {"XDG_STATE_HOME": "state", "HOME": "home", "XDG_CACHE_HOME": ""}


def shell(script: str, folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run a shell script in which ``tool`` is the command line."""
    command = f'tool() {{ {_TOOL} "$@"; }}\n{script}'
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **variables}
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=env, capture_output=True, text=True, timeout=120
    )


_CASES = {
    "stdout closed": ("tool show arrow-l1-hit >&-", 0, ""),
    "all closed": ("tool show nothing <&- >&- 2>&-", 2, ""),
    "stdout full": (
        "tool show arrow-l1-hit >/dev/full",
        3,
        "can't be written: No space",
    ),
    "stdout full, version": (
        "tool --version >/dev/full",
        3,
        "can't be written: No space",
    ),
    "stdout closed by its reader": ("set -o pipefail; tool --help | true", 141, ""),
    "stderr full": ("tool show nothing 2>/dev/full", 2, ""),
    "stdout read only": ("touch f; tool --help 1<f", 3, "can't be written: Bad file"),
    "working directory deleted": (
        "mkdir d; cd d; rmdir ../d; tool init",
        2,
        "the working directory was deleted",
    ),
    "file too large": (
        "(ulimit -f 1; tool init) && exit 1; code=$?; test -e memprobe-scenario.toml || exit $code",
        2,
        "File too large",
    ),
    "run folder's name too long": (f"tool report {'x' * 300}", 2, "File name too long"),
    "file's name too long": (f"tool show {'x' * 300}.toml", 2, "File name too long"),
    "links in a circle": ("ln -s a a; tool report a", 2, "Too many levels of symbolic links"),
}


@pytest.mark.parametrize("name", _CASES)
def test_is_told_in_a_sentence(name: str, tmp_path: Path) -> None:
    script, code, told = _CASES[name]
    ended = shell(script, tmp_path)
    assert (ended.returncode, ended.stderr.count("\n")) == (code, int(bool(told))), ended.stderr
    assert told in ended.stderr


@pytest.mark.parametrize(
    ("package", "code", "command"),
    [
        ("click", "def (", "list"),
        ("rich", "import sys; sys.nothing", "show x"),
        ("packaging", "1 / 0", "show x"),
    ],
)
def test_a_broken_package_is_no_verdict(package: str, code: str, command: str, tmp_path: Path) -> None:
    (tmp_path / "broken" / package).mkdir(parents=True)
    (tmp_path / "broken" / package / "__init__.py").write_text(code)
    ended = shell(f"tool {command}", tmp_path, PYTHONPATH=str(tmp_path / "broken"))
    assert ended.returncode == 3
    assert ended.stderr.startswith("error: ")
    assert ended.stderr.endswith(f"install it again: pip install --force-reinstall {package}\n")
    assert ended.stderr.count("\n") == 1


def test_what_the_shell_has_closed_is_no_file_of_the_tools(tmp_path: Path) -> None:
    code = (
        "import os, sys; from cachekit_memprobe.__main__ import _open_standard_streams as opened; opened(); "
        "print('lost'); print('lost', file=sys.stderr); sys.exit(min(os.pipe()))"
    )
    ended = shell(f'{sys.executable} -c "{code}" <&- >&- 2>&-', tmp_path)
    assert (ended.returncode, ended.stdout, ended.stderr) == (3, "", "")
