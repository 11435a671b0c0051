"""What ``check --bisect`` ends with, whoever ends it: ``git bisect run`` blames no innocent commit."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cachekit_memprobe import bisecting, errors

CODES = {
    errors.EXIT_OK: 0,
    errors.EXIT_OVER_BUDGET: 1,
    errors.EXIT_UNMEASURED: 125,
    errors.EXIT_USAGE: 128,
    errors.EXIT_INTERRUPTED: 128,
    errors.EXIT_TERMINATED: 128,
    errors.EXIT_HUNG_UP: 128,
    errors.EXIT_QUIT: 128,
    errors.EXIT_BROKEN_PIPE: 128,
}


def test_only_a_verdict_is_good_or_bad() -> None:
    assert {code: bisecting.exit_code(code) for code in CODES} == CODES
    assert {value for name, value in vars(errors).items() if name.startswith("EXIT_")} == {*CODES}
    assert all(bisecting.exit_code(code) >= 125 for code in range(256) if code not in (0, 1))


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (("check", "--bisect"), True),
        (("check", "--nonsense", "--bisect", "arrow-*"), True),
        (("check", "--quick"), False),
        (("run", "--bisect"), False),
        (("check", "--", "--bisect"), False),
        ((), False),
    ],
)
def test_which_command_lines_are_of_a_bisection(arguments: tuple[str, ...], asked: bool) -> None:
    assert bisecting.is_asked(arguments) is asked


def ended(folder: Path, *arguments: str) -> int:
    command = (sys.executable, "-m", "cachekit_memprobe", *arguments)
    variables = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, check=False).returncode


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "--bisect"),  # there is no configuration
        ("check", "--bisect", "--no-such-option"),
        ("check", "--bisect", "--jobs", "many"),
        ("check", "--bisect", "--explain"),
    ],
)
def test_what_is_refused_ends_the_bisection(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / ".git").mkdir()
    assert ended(tmp_path, *arguments) == 128


def test_what_is_refused_ends_with_2_elsewhere(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert ended(tmp_path, "check", "--no-such-option") == 2
