"""Completion in real shells, on terminals of their own."""

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

_START = {
    "bash": (["bash", "--norc", "-i"], ""),
    "zsh": (["zsh", "-f", "-i"], "autoload -Uz compinit && compinit -u; "),
}
_READY = "READY>"
_TIMEOUT_S = 30.0
_LINES = [
    ("cachekit-memprobe completi", "cachekit-memprobe completion 1x"),
    ("cachekit-memprobe run arrow-l1-hit-z", "cachekit-memprobe run arrow-l1-hit-zstd 1x"),
    ("cachekit-memprobe run --budget rss.peak_", "cachekit-memprobe run --budget rss.peak_per_reader=1x"),
    ("cachekit-memprobe run --instrument rss,memr", "cachekit-memprobe run --instrument rss,memray 1x"),
]


class Terminal:
    """A shell on a pseudo-terminal."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._fd, theirs = pty.openpty()
        try:
            self._shell = subprocess.Popen(
                command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
            )
        finally:
            os.close(theirs)
        self._seen = ""

    def wait_for(self, text: str) -> str:
        """All up to a text that the shell prints, which isn't seen again."""
        until = time.monotonic() + _TIMEOUT_S
        while text not in self._seen:
            readable, _, _ = select.select([self._fd], [], [], max(0.0, until - time.monotonic()))
            assert readable, f"{text!r} is not in {self._seen!r}"
            self._seen += os.read(self._fd, 65536).decode(errors="replace")
        before, _, self._seen = self._seen.partition(text)
        return before

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def close(self) -> None:
        self._shell.kill()
        self._shell.wait()
        os.close(self._fd)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "HOME": str(tmp_path), "PS1": f"{_READY} ", "TERM": "dumb"}


@pytest.fixture(params=[*_START])
def terminal(request: pytest.FixtureRequest, environment: dict[str, str]) -> Iterator[Terminal]:
    command, before = _START[request.param]
    if shutil.which(command[0]) is None:
        pytest.skip(f"there is no {command[0]} here")
    shell = Terminal(command, environment)
    try:
        shell.wait_for(_READY)
        shell.type(f'{before}eval "$(cachekit-memprobe completion {request.param})"; echo LO""ADED\r')
        shell.wait_for("LOADED")
        yield shell
    finally:
        shell.close()


def test_a_tab_completes_the_word(terminal: Terminal) -> None:
    for typed, completed in _LINES:
        # In front of the line: echo prints what has become of it.
        terminal.type(f"{typed}\t1x\x01echo 'G''OT:' \r")
        terminal.wait_for("GOT: ")
        assert terminal.wait_for("\r\n").replace("\r", "") == completed


def test_fish_completes_with_meanings(environment: dict[str, str]) -> None:
    if shutil.which("fish") is None:
        pytest.skip("there is no fish here")
    lines = "".join(f"complete -C {typed!r}; echo; " for typed, _ in _LINES)
    code = f"cachekit-memprobe completion fish | source; {lines}"
    done = subprocess.run(["fish", "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.split("\n\n")[:4] == [
        "completion\tPrint the script by which bash, zsh or fish completes.",
        "arrow-l1-hit-zstd",
        "rss.peak_per_reader=\tRSS peak per reader",
        "rss,memray",
    ]
