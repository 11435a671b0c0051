import io

import pytest

from cachekit_memprobe import pages
from cachekit_memprobe.cli import explain
from cachekit_memprobe.cli.console import PlainConsole
from tests.unit.cli.conftest import Invoke


def test_without_a_code_every_code_has_a_line(invoke: Invoke) -> None:
    result = invoke("explain")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(pages.titles())
    assert lines[0] == "MEM001  a line copies memory that the read already had"
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("code", ["MEM006", "mem006"])
def test_where_it_is_piped_a_page_is_as_it_was_written(invoke: Invoke, code: str) -> None:
    result = invoke("explain", code)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == pages.page_of("MEM006")


@pytest.mark.parametrize("code", list(pages.titles()))
def test_on_a_terminal_a_page_is_laid_out(monkeypatch: pytest.MonkeyPatch, invoke: Invoke, code: str) -> None:
    terminal = PlainConsole(file=io.StringIO(), force_terminal=True, color_system=None, width=80)
    monkeypatch.setattr(explain, "stdout_console", lambda: terminal)
    assert invoke("explain", code).exit_code == 0
    assert isinstance(terminal.file, io.StringIO)
    text = terminal.file.getvalue()
    assert f"{code}: " in text
    assert "\nWhat it means\n" in text
    assert not {"##", "```", "**"} & set(text.split())
    assert max(map(len, text.splitlines())) <= 80
    # A command that wraps can't be pasted.
    commands = pages.page_of(code).partition("```sh\n")[2].partition("```")[0].splitlines()
    assert commands
    assert [line for line in commands if f" {line}\n" not in text] == []


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("MEM06", "did you mean MEM016, MEM006"),
        ("\x1b[31mMEM", "there are MEM001, MEM002"),
        ("verbatim", "there are MEM001, MEM002"),
        ("README", "there are MEM001, MEM002"),
    ],
)
def test_a_code_that_there_is_not_is_a_usage_error(invoke: Invoke, code: str, remedy: str) -> None:
    result = invoke("explain", code)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"no finding has the code {code!r}; {remedy}" in result.stderr
