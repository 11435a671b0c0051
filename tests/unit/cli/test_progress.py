import io
import threading

import pytest

from cachekit_memprobe.cli import progress as module
from cachekit_memprobe.cli.console import PlainConsole
from cachekit_memprobe.cli.progress import ProgressDisplay
from cachekit_memprobe.model import Phase, Step


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


def test_a_scenario_has_one_line_and_it_ends(terminal: Terminal) -> None:
    steps = [(Phase.STORING, ""), (Phase.MEASURING, "memray"), (Phase.DONE, "")]
    others = [(Phase.LOADING, ""), (Phase.STORING, ""), (Phase.MEASURING, "rss")]
    with ProgressDisplay(silent=False) as display:
        for step, other in zip(steps, others, strict=True):
            display.measuring(Step("a", *step))
            display.measuring(Step("b", *other))
        tasks = display.tasks
    assert [(task.description, task.fields["what"], task.finished) for task in tasks] == [
        ("a", "done", True),
        ("b", "measuring: rss", False),
    ]


def test_threads_may_tell_at_once(terminal: Terminal) -> None:
    with ProgressDisplay(silent=False) as display:
        display.preparing("preparing")
        threads = [
            threading.Thread(target=display.measuring, args=(Step(f"scenario-{number}", Phase.DONE),))
            for number in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        names = {task.description for task in display.tasks if task.visible}
    assert names == {f"scenario-{number}" for number in range(20)}


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
