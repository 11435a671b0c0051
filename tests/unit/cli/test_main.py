import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from cachekit_memprobe import __version__
from cachekit_memprobe.cli import COMMANDS, main
from cachekit_memprobe.cli.boundary import run
from cachekit_memprobe.cli.console import stdout_console
from tests.unit.cli.conftest import Invoke


def test_the_version(invoke: Invoke) -> None:
    assert invoke("--version").stdout == f"cachekit-memprobe, version {__version__}\n"


def test_every_command_is_listed(invoke: Invoke) -> None:
    text = invoke("--help").stdout
    commands = [
        line.split()[0] for line in text.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    ]
    assert commands == [*COMMANDS] == sorted(COMMANDS)


@pytest.mark.parametrize("command", [*COMMANDS, "runs prune", "runs export"])
def test_every_command_has_help_that_fits(invoke: Invoke, command: str) -> None:
    result = invoke(*command.split(), "--help")
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_help_of_run_has_examples_and_exit_codes(invoke: Invoke) -> None:
    text = invoke("run", "--help").stdout
    assert "cachekit-memprobe run arrow-l1-hit --size 300MB" in text
    for code, meaning in enumerate(("everything was measured", "a budget was", "the command", "something")):
        assert f"\n  {code}  {meaning}" in text


@pytest.mark.parametrize("command", [*COMMANDS, "runs prune", "runs export"])
def test_examples_come_before_all_else_and_can_be_used(invoke: Invoke, command: str) -> None:
    text = invoke(*command.split(), "--help").stdout
    sections = re.findall(r"^(\S.*):$", text, re.MULTILINE)
    assert sections[0] == "Examples"
    examples = text.partition("Examples:\n")[2].partition("\n\n")[0].replace("\\\n", "")
    for line in examples.splitlines():
        line_of_own = line.partition("cachekit-memprobe")[2]  # "git bisect run" may stand before it
        words = shlex.split(line_of_own.partition(" > ")[0], comments=True)
        called: click.Command | None = main
        rest = words
        while rest and isinstance(called, click.Group):
            _, called, rest = called.resolve_command(click.Context(called), rest)
        assert called is not None
        assert " ".join(words).startswith(command)
        called.make_context("x", rest).close()


def test_options_of_run_have_headings(invoke: Invoke) -> None:
    others = invoke("run", "--help").stdout.partition("\nOptions:\n")[2].partition("\n\n")[0]
    assert others == "  -h, --help  Show this message and exit."


def test_a_misspelt_command_gets_the_one_that_was_meant(invoke: Invoke) -> None:
    result = invoke("docter")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "there is no command 'docter'; did you mean doctor?" in result.stderr
    assert "the commands are bisect, check, compare, completion, doctor, " in invoke("quux").stderr
    assert "did you mean prune?" in invoke("runs", "purne").stderr


@pytest.mark.process
def test_help_needs_neither_pyarrow_nor_pandas() -> None:
    code = (
        "import sys\nfrom cachekit_memprobe.cli import main\n"
        "try:\n    main(['run', '--help'])\nexcept SystemExit:\n    pass\n"
        "print({'pyarrow', 'pandas', 'cachekit', 'memray'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


@pytest.mark.process
def test_a_reader_that_stops_early_is_no_error_message() -> None:
    code = (
        "import os, sys\nfrom cachekit_memprobe.cli import main\n"
        "read, write = os.pipe()\nos.close(read)\nos.dup2(write, 1)\n"
        "main(['show', 'arrow-l1-hit'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.process
def test_a_terminal_that_knows_only_ascii_gets_ascii() -> None:
    code = (
        "from rich.rule import Rule\nfrom cachekit_memprobe.cli.console import stdout_console\n"
        "stdout_console().print('größe', Rule('x'))"
    )
    environment = {"PYTHONIOENCODING": "ascii", "COLUMNS": "72"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, check=False)
    assert (done.stdout, done.stderr) == (b"gr??e\n" + b"-" * 34 + b" x " + b"-" * 35 + b"\n", b"")


def test_an_interrupt_while_options_are_read_is_no_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(ctx: click.Context, param: click.Parameter, value: str) -> str:
        raise KeyboardInterrupt

    command = click.Command("x", params=[click.Option(["--size"], callback=interrupted)])
    monkeypatch.setattr(sys, "argv", ["x", "--size", "1MiB"])
    with pytest.raises(SystemExit) as ended:
        run(command)
    assert ended.value.code == 130
    assert capsys.readouterr().err.strip() == "error: interrupted; there is no verdict"


@pytest.mark.process
@pytest.mark.parametrize("arguments", [["--help"], ["run", "--no-such-option"], []])
def test_both_names_of_the_program_end_alike(arguments: list[str]) -> None:
    script = Path(sys.executable).with_name("cachekit-memprobe")
    names = ([str(script)], [sys.executable, "-m", "cachekit_memprobe"])
    ended = [subprocess.run([*name, *arguments], capture_output=True, check=False) for name in names]
    assert [done.returncode for done in ended] == [0 if arguments == ["--help"] else 2] * 2
    assert not any(b"Traceback" in done.stderr for done in ended)


def test_no_terminal_is_as_wide_as_it_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines are padded to its width, and nobody waits for lines of 100 million columns."""
    monkeypatch.setenv("COLUMNS", "99999999")
    assert stdout_console().width == 1000
