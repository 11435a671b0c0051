import os
import shutil
import subprocess

import pytest

from cachekit_memprobe.child.printable import pasted, printable, shortened

NAMES = [
    "plain.toml",
    "two words.toml",
    "größe.toml",
    "it's.toml",
    "a\nb.toml",
    "\x1b[31mred\x1b[0m.toml",
    "c1\x9b31m.toml",
    "\u202egpj.toml",
    "\u2066isolated.toml",
    "line\u2028separator.toml",
    "tag\U000e0041.toml",
    "latin-\udce4.toml",
    "back\\slash'\n.toml",
    "-rf",
    "$(id)`id`;&.toml",
    "\x7f.toml",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_are_shown_on_one_line_that_a_terminal_does_not_act_on(name: str) -> None:
    assert printable(name).isprintable()
    assert pasted(name).isprintable()


def test_no_two_names_look_the_same() -> None:
    assert len({*map(printable, NAMES)}) == len({*map(pasted, NAMES)}) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_a_shell_reads_a_path_back(name: str) -> None:
    said = subprocess.run(
        ["bash", "-c", f"printf %s {pasted(name)}"],
        capture_output=True,
        check=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    ).stdout
    assert os.fsdecode(said) == (f"./{name}" if name.startswith("-") else name)


def test_plain_names_stay_as_they_are() -> None:
    assert printable("größe a.toml") == "größe a.toml"
    assert pasted("runs/today-1.toml") == "runs/today-1.toml"


def test_what_a_library_says_is_one_line_and_not_too_long() -> None:
    assert shortened("a\n  b\t\x1b[31m", 9) == r"'a b \x1b[31m'"
    assert shortened("x" * 10, 9) == f"{'x' * 9}..."
