"""What is being measured, on stderr while it is: what runs now, and a line for each that has ended."""

import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import IO, Any, cast

from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from cachekit_memprobe.cli.console import stderr_console
from cachekit_memprobe.cli.remaining import Remaining
from cachekit_memprobe.model import Phase, Step
from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.styles import VERDICT_STYLES
from cachekit_memprobe.report.words import ended_line
from cachekit_memprobe.result import Result

_PREPARING = ""
"""No scenario's name."""


class _Forgiving:
    """A stream that may be closed: a terminal that is gone is no reason to end what was shown there."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _What(ProgressColumn):
    """What is done for a scenario; of the run, how far it is, which is asked anew each time."""

    def render(self, task: Task) -> Text:
        remaining = task.fields.get("remaining")
        return Text(task.fields["what"] if remaining is None else remaining.words, style="dim")


class ProgressDisplay:
    """A live display, and a line for each scenario that has ended.

    It is all silent when it is asked to be. When stderr is no terminal, there are the lines only. All that
    is told may be told from any thread.
    """

    def __init__(self, *, silent: bool) -> None:
        console = stderr_console()
        # Where stderr is closed, rich would write to stdout.
        self._silent = silent or sys.stderr is None
        self._shown = not self._silent and console.file.isatty() and not console.is_dumb_terminal
        console.file = cast(IO[str], _Forgiving(console.file))
        self._console = console
        self._lock = threading.Lock()
        self._tasks: dict[str, TaskID] = {}
        self._remaining: Remaining | None = None
        self._any_ended = False
        self._display = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}", markup=False),
            _What(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not self._shown,
        )

    def __enter__(self) -> "ProgressDisplay":
        self._display.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._display.stop()
        if self._shown and self._any_ended:
            self._console.print()  # The report follows.

    @property
    def tasks(self) -> list[Task]:
        """What is shown: how far the run is, and below it what runs now."""
        return self._display.tasks

    def preparing(self, what: str) -> None:
        """Tell what is done before the first scenario: an environment is made, say."""
        with self._lock:
            self._tell(_PREPARING, "preparing", what)

    def planned(self, work: Mapping[str, int]) -> None:
        """Tell which scenarios there are, and how much work each is beside the others."""
        with self._lock:
            self._end(_PREPARING)
            self._remaining = Remaining(work)
            if len(work) > 1:
                self._display.add_task("all", total=None, what="", remaining=self._remaining)

    def measuring(self, step: Step) -> None:
        """Tell what is done for a scenario; its line is gone when that is all."""
        with self._lock:
            self._end(_PREPARING)
            if self._remaining is not None:
                tell = self._remaining.done if step.phase is Phase.DONE else self._remaining.begun
                tell(step.scenario)
            if step.phase is Phase.DONE:
                self._end(step.scenario)
                return
            what = f"{step.phase.value}: {step.detail}" if step.detail else step.phase.value
            self._tell(step.scenario, step.scenario, what)

    def ended(self, result: Result) -> None:
        """Print what came of a scenario, above what runs now."""
        if self._silent:
            return
        self._any_ended = True
        line = Text(ended_line(result), overflow="fold")
        name, _, rest = line.plain.partition(": ")
        line.stylize(
            VERDICT_STYLES[result.verdict], len(name) + 2, len(line.plain) - len(rest.partition("  ")[2])
        )
        # Not out(), which would break the display: but in one line, however narrow the console is.
        with suppress(ValueError):  # stderr is closed
            self._console.print(line, soft_wrap=True)

    def say(self, line: str) -> None:
        """Print a line above what runs now."""
        if self._silent:
            return
        self._any_ended = True
        with suppress(ValueError):  # stderr is closed
            self._console.print(Text(line, overflow="fold"), soft_wrap=True)

    def _tell(self, name: str, label: str, what: str) -> None:
        words = clean_line(what)
        if name not in self._tasks:
            self._tasks[name] = self._display.add_task(clean_line(label), total=1, what=words)
        self._display.update(self._tasks[name], what=words)

    def _end(self, name: str) -> None:
        task = self._tasks.pop(name, None)
        if task is not None:
            self._display.remove_task(task)
