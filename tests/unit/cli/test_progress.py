import io
import sys
import threading
from dataclasses import replace

import pytest

from cachekit_memprobe.cli import progress as module
from cachekit_memprobe.cli.console import PlainConsole
from cachekit_memprobe.cli.progress import ProgressDisplay
from cachekit_memprobe.model import Phase, Step
from tests.golden.reports import L1_HIT, UNMEASURED


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    stream = Terminal()
    console = PlainConsole(
        file=stream, width=100, markup=False, force_terminal=True, _environ={"TERM": "xterm"}
    )
    monkeypatch.setattr(module, "stderr_console", lambda: console)
    return stream


def test_what_is_measured_is_shown(terminal: Terminal) -> None:
    with ProgressDisplay(silent=False) as display:
        display.preparing("making an environment for cachekit 0.9.1")
        display.measuring(Step("arrow-l1-hit", Phase.MEASURING, "[rss] 1/1 \x07"))
    text = terminal.getvalue()
    assert "arrow-l1-hit" in text
    assert "measuring: [rss] 1/1" in text
    assert "\x07" not in text


def test_only_what_runs_now_has_a_line(terminal: Terminal) -> None:
    with ProgressDisplay(silent=False) as display:
        display.preparing("making an environment")
        display.planned({"a": 1, "b": 1, "c": 1})
        for name in ("a", "b", "c"):
            display.measuring(Step(name, Phase.STORING))
        display.measuring(Step("b", Phase.MEASURING, "rss"))
        display.measuring(Step("a", Phase.DONE))
        shown = [(task.description, task.fields["what"]) for task in display.tasks]
    assert shown == [("all", ""), ("b", "measuring: rss"), ("c", "storing the value")]
    assert "1/3 done" in terminal.getvalue()


def test_of_one_scenario_it_is_not_counted(terminal: Terminal) -> None:
    with ProgressDisplay(silent=False) as display:
        display.planned({"a": 1})
        display.measuring(Step("a", Phase.STORING))
        assert [task.description for task in display.tasks] == ["a"]


def test_threads_may_tell_at_once(terminal: Terminal) -> None:
    names = [f"scenario-{number}" for number in range(20)]
    with ProgressDisplay(silent=False) as display:
        display.planned(dict.fromkeys(names, 1))

        def measure(name: str) -> None:
            display.measuring(Step(name, Phase.STORING))
            display.measuring(Step(name, Phase.DONE))
            display.ended(replace(L1_HIT, scenario=replace(L1_HIT.scenario, name=name)))

        threads = [threading.Thread(target=measure, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [task.description for task in display.tasks] == ["all"]
    text = terminal.getvalue()
    assert [name for name in names if f"{name}: " not in text] == []


@pytest.mark.parametrize("silent", [False, True])
def test_without_a_terminal_there_is_a_line_for_each_that_has_ended(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, silent: bool
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    name = "a-name-that-is-so-long-that-no-line-of-80-columns-could-hold-it-and-its-figures"
    with ProgressDisplay(silent=silent) as display:
        display.measuring(Step(name, Phase.STORING))
        display.ended(replace(L1_HIT, scenario=replace(L1_HIT.scenario, name=f"{name}\x1b[31m")))
        display.ended(UNMEASURED)
    lines = [
        f"{name}: FAIL  copies 2.00x  heap 2.00x  rss 2.00x",
        "json-l1-hit: COULD NOT MEASURE: the memray child was killed by signal 9 (SIGKILL), most likely "
        "because memory ran out",
    ]
    assert capsys.readouterr().err.splitlines() == ([] if silent else lines)


def test_where_stderr_is_closed_nothing_gets_into_stdout(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    with ProgressDisplay(silent=False) as display:
        display.measuring(Step("a", Phase.STORING))
        display.ended(L1_HIT)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("error", [OSError(5, "it is gone"), ValueError("it is closed")])
def test_a_terminal_that_is_gone_is_no_reason_to_end(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    with ProgressDisplay(silent=False) as display:

        def write(text: str) -> int:
            raise error

        monkeypatch.setattr(terminal, "write", write)
        display.ended(L1_HIT)
        monkeypatch.undo()


def test_it_is_silent_when_asked(terminal: Terminal) -> None:
    with ProgressDisplay(silent=True) as display:
        display.measuring(Step("a", Phase.DONE))
    assert terminal.getvalue() == ""


def test_it_is_silent_without_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with ProgressDisplay(silent=False) as display:
        display.measuring(Step("a", Phase.DONE))
    assert capsys.readouterr().err == ""
