"""What ``check`` writes into a project: its baseline, and limits that are lower than they were."""

import codecs
import os
from collections.abc import Sequence

import click

from cachekit_memprobe import checking
from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.cli.check_options import CheckOptions
from cachekit_memprobe.cli.checked import Checked
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.report.clean import clean
from cachekit_memprobe.report.view import outcome
from cachekit_memprobe.result import Report
from cachekit_memprobe.runstore import write_atomically


def refuse_unwritable(checked: Checked, check: CheckOptions) -> None:
    """Refuse, before anything is measured, what can't be written afterwards.

    Raises:
        UsageError: a file, or its folder, may not be written to.
    """
    for option, is_given, path in (
        ("--update-baseline", check.update_baseline, checked.baseline_file.path),
        ("--tighten", check.tighten, checked.project.configuration.path),
    ):
        # The folder, too: another file is put in the place of this one.
        for one in (path.absolute().parent, *([path] if os.path.lexists(path) else [])):
            if is_given and not os.access(one, os.W_OK):
                raise UsageError(f"{option}: no permission to write {printable(os.path.relpath(one))}")


def update_baseline(checked: Checked, report: Report, *, is_whole: bool) -> None:
    """Write what was measured to the baseline, and say so on stderr.

    Args:
        is_whole: all of the project's scenarios were to be measured, so that others are dropped.

    Raises:
        UsageError: the baseline that there is can't be used, and is needed.
        MemprobeError: it can't be written.
    """
    before = _usable(checked) if is_whole else checking.read_baseline(checked.baseline_file)
    limited = {
        name: tuple(one.metric for one in held if one.limits or one.own)
        for name, held in checked.held.items()
    }
    kept = {*limited} if is_whole else {*limited, *(before.scenarios if before else ())}
    after = checking.updated(before, report, limited, kept)
    if after.scenarios:
        write_atomically(checked.baseline_file.path, checking.baseline_text(after))
    _say(checking.update_lines(checked.baseline_file, before, after, report))


def _usable(checked: Checked) -> checking.Baseline | None:
    """The baseline that there is; one that can't be used is written anew."""
    try:
        return checking.read_baseline(checked.baseline_file)
    except UsageError:
        return None


def tighten(checked: Checked, report: Report, headroom: float) -> None:
    """Lower the limits in the configuration, and say on stderr which.

    Raises:
        UsageError: the file was changed meanwhile.
        MemprobeError: it can't be written.
    """
    configuration = checked.project.configuration
    if outcome(report) == "unmeasured":
        _say(["no limit is lowered, since not everything could be measured"])
        return
    found = checking.tightened(checked.project.limits, checked.held, report, configuration, headroom)
    if not found:
        _say(["no limit can be lowered"])
        return
    path, text = configuration.path, checking.with_lowered(configuration, found)
    if checking.read(path).text != configuration.text:
        source = printable(configuration.file)
        raise UsageError(f"{source} was changed while it was measured, and is left as it is; run it again")
    mode, has_mark = path.stat().st_mode, path.read_bytes().startswith(codecs.BOM_UTF8)
    write_atomically(path, "\ufeff" * has_mark + text)
    os.chmod(path, mode)
    _say([one.words for one in found])


def _say(lines: Sequence[str]) -> None:
    for line in lines:
        click.echo(clean(line), err=True)
