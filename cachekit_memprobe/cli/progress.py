"""What is being measured, on stderr while it is: one line a scenario, gone when the report comes."""

from contextlib import AbstractContextManager, suppress
from types import TracebackType

from rich.progress import Progress, SpinnerColumn, Task, TaskID, TextColumn, TimeElapsedColumn

from cachekit_memprobe.cli.console import stderr_console
from cachekit_memprobe.model import Phase, Step
from cachekit_memprobe.report.clean import clean_line

_PREPARING = ""
"""No scenario's name."""


def _if_anyone_watches() -> AbstractContextManager[None]:
    """A terminal that was closed is no reason to end what is shown there, nor to end it otherwise."""
    return suppress(OSError)


class ProgressDisplay:
    """A live display; silent when it is asked to be, and when stderr is no terminal.

    Both callbacks may be called from any thread.
    """

    def __init__(self, *, silent: bool) -> None:
        console = stderr_console()
        self._shown = not silent and console.file.isatty() and not console.is_dumb_terminal
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
        with _if_anyone_watches():
            self._display.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with _if_anyone_watches():
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
        with _if_anyone_watches():
            self._show(name, what, done)

    def _show(self, name: str, what: str, done: bool) -> None:
        label, words = clean_line(name) or "preparing", clean_line(what)
        if name not in self._tasks:
            self._tasks[name] = self._display.add_task(label, total=1, what=words)
        self._display.update(self._tasks[name], what=words, completed=int(done))
