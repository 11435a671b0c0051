"""The error boundary: whatever a command raises becomes a message and an exit code that is not a verdict."""

import errno
import functools
import io
import os
import sys
import termios
import traceback
from collections.abc import Callable
from typing import NoReturn, ParamSpec

import click

from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.child.shortage import with_shortage
from cachekit_memprobe.errors import (
    EXIT_BROKEN_PIPE,
    EXIT_INTERRUPTED,
    EXIT_UNMEASURED,
    MemprobeError,
    exit_code_of,
)
from cachekit_memprobe.report.clean import clean
from cachekit_memprobe.signals import Terminated, ignore_further, terminable

_Options = ParamSpec("_Options")


def run(program: click.Command) -> NoReturn:
    """Run the command line as a whole.

    click by itself ends with 1 when it is interrupted while it reads options.
    """
    try:
        sys.exit(program.main(standalone_mode=False))
    except click.Abort:
        ignore_further()
        sys.exit(_interrupted())
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(shown)
        click.echo(clean(shown.getvalue()), err=True, nl=False)
        sys.exit(error.exit_code)


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
        code, by_signal = _outcome(command)
    if by_signal:
        ignore_further()
    return code


def _outcome(command: Callable[[], int]) -> tuple[int, bool]:
    """The exit code, and whether a signal made it."""
    try:
        return _completed(command), False
    except Terminated as ending:
        return _tell(f"ended by {ending.name}; there is no verdict", int(str(ending.code))), True
    except KeyboardInterrupt:
        return _interrupted(), True


def _completed(command: Callable[[], int]) -> int:
    try:
        code = command()
        # Here, not at the interpreter's end, where a broken pipe could no longer be handled.
        if sys.stdout is not None:  # It is None where the shell has closed it: list >&-
            sys.stdout.flush()
        return code
    except click.ClickException:
        raise
    except MemprobeError as error:
        return _tell(str(error), exit_code_of(error))
    except BrokenPipeError:
        _discard_output()
        return EXIT_BROKEN_PIPE
    except OSError as error:
        if error.errno == errno.EIO and _terminal_is_closed():
            _discard_output()
            return EXIT_BROKEN_PIPE
        return _tell(_describe(error), EXIT_UNMEASURED)
    except Exception:
        traceback.print_exc()
        return _tell("this is a bug in cachekit-memprobe; there is no verdict", EXIT_UNMEASURED)


def _interrupted() -> int:
    return _tell("interrupted; there is no verdict", EXIT_INTERRUPTED)


def _tell(message: str, code: int) -> int:
    """To whoever still listens: a terminal may be closed, and the code says it all the same."""
    try:
        click.echo(f"error: {clean(message)}", err=True)
    except (OSError, ValueError):
        _discard_output()
    return code


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


def _discard_output() -> None:
    """Send to nowhere what is buffered for nobody, so that the interpreter's last flush doesn't fail."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
