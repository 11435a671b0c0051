"""What is being measured, on stderr while it is: one line a scenario, gone when the report comes."""

from contextlib import suppress
from types import TracebackType
from typing import IO, Any, cast

from rich.progress import Progress, SpinnerColumn, Task, TaskID, TextColumn, TimeElapsedColumn

from cachekit_memprobe.cli.console import stderr_console
from cachekit_memprobe.model import Phase, Step
from cachekit_memprobe.report.clean import clean_line

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


class ProgressDisplay:
    """A live display; silent when it is asked to be, and when stderr is no terminal.

    Both callbacks may be called from any thread.
    """

    def __init__(self, *, silent: bool) -> None:
        console = stderr_console()
        self._shown = not silent and console.file.isatty() and not console.is_dumb_terminal
        console.file = cast(IO[str], _Forgiving(console.file))
        self._tasks: dict[str, TaskID] = {}
        self._display = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}", markup=False),
            TextColumn("{task.fields[what]}", markup=False, style="dim"),
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

    @property
    def tasks(self) -> list[Task]:
        """One for each scenario that was told of, in that order."""
        return self._display.tasks

    def preparing(self, what: str) -> None:
        """Tell what is done before the first scenario: an environment is made, say."""
        self._tell(_PREPARING, what)

    def measuring(self, step: Step) -> None:
        """Tell what is done for a scenario; its line ends when that is all."""
        preparing = self._tasks.pop(_PREPARING, None)
        if preparing is not None:
            self._display.update(preparing, visible=False)
        what = f"{step.phase.value}: {step.detail}" if step.detail else step.phase.value
        self._tell(step.scenario, what, done=step.phase is Phase.DONE)

    def _tell(self, name: str, what: str, *, done: bool = False) -> None:
        label, words = clean_line(name) or "preparing", clean_line(what)
        if name not in self._tasks:
            self._tasks[name] = self._display.add_task(label, total=1, what=words)
        self._display.update(self._tasks[name], what=words, completed=int(done))
