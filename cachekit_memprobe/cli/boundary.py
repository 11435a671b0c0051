"""The error boundary: whatever a command raises becomes a message and an exit code that is not a verdict."""

import errno
import functools
import io
import os
import sys
import termios
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn, ParamSpec, TextIO

import click

from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.child.shortage import with_shortage
from cachekit_memprobe.errors import (
    EXIT_BROKEN_PIPE,
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_UNMEASURED,
    EXIT_USAGE,
    MemprobeError,
    exit_code_of,
)
from cachekit_memprobe.obstacles import failed_to_print, folder_is_gone, obstacle
from cachekit_memprobe.report.clean import clean
from cachekit_memprobe.signals import Terminated, ignore_further, terminable

_Options = ParamSpec("_Options")


def run(program: click.Command) -> NoReturn:
    """Run the command line as a whole, and bound what no command does, such as that it can't be imported."""
    sys.exit(_exit_code(functools.partial(_called, program)))


def _called(program: click.Command) -> int:
    """The exit code of what ends before a command does: of ``--help``, and of a usage that is wrong."""
    stdout = sys.stdout
    try:
        return int(program.main(standalone_mode=False) or EXIT_OK)
    except click.Abort:
        raise KeyboardInterrupt from None
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(shown)
        _print(functools.partial(click.echo, clean(shown.getvalue()), err=True, nl=False))
        return error.exit_code
    except SystemExit:
        # click ends with 1 where whoever read the help has closed it, and puts another stdout in its place.
        if sys.stdout is not stdout:
            return EXIT_BROKEN_PIPE
        raise


def exits(command: Callable[_Options, int]) -> Callable[_Options, NoReturn]:
    """Make a function that returns an exit code into a command that ends the process with it.

    Python's own exit status for an exception is 1, which says here that a budget was exceeded; nothing
    but a verdict may say that.
    """

    @functools.wraps(command)
    def bounded(*args: _Options.args, **options: _Options.kwargs) -> NoReturn:
        sys.exit(_exit_code(functools.partial(command, *args, **options)))

    return bounded


def _exit_code(command: Callable[[], int]) -> int:
    with terminable():
        code = _outcome(command)
        # Here, not at the interpreter's end, where it could no longer be handled.
        try:
            if sys.stdout is not None:
                sys.stdout.flush()
        except (OSError, ValueError) as error:
            # What has failed before is told already.
            code = code if code == EXIT_UNMEASURED else _failed_to_print(error)
    for stream in (sys.stdout, sys.stderr):
        _drop_unwritten(stream)
    return code


def _outcome(command: Callable[[], int]) -> int:
    try:
        return command()
    except click.ClickException:
        raise
    except MemprobeError as error:
        return _tell(str(error), exit_code_of(error))
    except Terminated as ending:
        ignore_further()
        return _tell(f"ended by {ending.name}; there is no verdict", int(str(ending.code)))
    except KeyboardInterrupt:
        ignore_further()
        return _tell("interrupted; there is no verdict", EXIT_INTERRUPTED)
    except Exception as error:
        return _failed(error)


def _failed(error: Exception) -> int:
    """What ends a command that nobody has foreseen, but for those of the machine."""
    if isinstance(error, BrokenPipeError):
        return EXIT_BROKEN_PIPE
    if isinstance(error, OSError) and folder_is_gone():
        remedy = "change to one that exists, or name every file and folder (--out) by its whole path"
        return _tell(f"the working directory was deleted: {remedy}", EXIT_USAGE)
    if reason := obstacle(error):
        return _tell(reason, EXIT_UNMEASURED)
    if isinstance(error, OSError):
        return _failed_to_print(error) if failed_to_print(error) else _tell(_describe(error), EXIT_UNMEASURED)
    _print(functools.partial(traceback.print_exception, error))
    return _tell("this is a bug in cachekit-memprobe; there is no verdict", EXIT_UNMEASURED)


def _failed_to_print(error: OSError | ValueError) -> int:
    """Nobody reads any more, or there is no room for what is to be read."""
    if isinstance(error, BrokenPipeError):
        return EXIT_BROKEN_PIPE
    if isinstance(error, OSError) and error.errno == errno.EIO and _terminal_is_closed():
        return EXIT_BROKEN_PIPE
    reason = error.strerror if isinstance(error, OSError) else error
    return _tell(f"what is to be printed can't be written: {reason}", EXIT_UNMEASURED)


def _tell(message: str, code: int) -> int:
    _print(functools.partial(click.echo, f"error: {clean(message)}", err=True))
    return code


def _print(show: Callable[[], object]) -> None:
    """Print to stderr; who has closed or filled it gets the exit code all the same."""
    with suppress(OSError, ValueError):
        show()


def _describe(error: OSError) -> str:
    reason = error.strerror or type(error).__name__
    return with_shortage(f"{reason}: {printable(error.filename)}" if error.filename else reason)


def _terminal_is_closed() -> bool:
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                termios.tcgetattr(stream.fileno())
        except termios.error as error:
            if error.args[0] == errno.EIO:
                return True
        except (OSError, ValueError):  # no file behind it
            pass
    return False


def _writable(stream: TextIO | None) -> bool:
    try:
        if stream is not None:
            stream.flush()
    except (OSError, ValueError):
        return False
    return True


def _drop_unwritten(stream: TextIO | None) -> None:
    """Send what can't be written to nowhere, so that the interpreter's last flush doesn't fail on it."""
    if stream is not None and not _writable(stream):
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
