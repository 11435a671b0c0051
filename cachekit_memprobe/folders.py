"""Folders of this machine: where the tool keeps its own, and how they are kept out of a report."""

import re
from collections.abc import Callable
from pathlib import Path

from cachekit_memprobe.errors import UsageError

_QUOTED = re.compile(r"""(?<=["'])~?/[^"'\n]*/[^"'/\n]*(?=["'])""")
_BARE = re.compile(r"""(?<![\w.:/~"'-])~?/(?:[^\s/"'<>|;,()\[\]]+/)+[^\s/"'<>|;,()\[\]:]*""")
_EVERYWHERE = ("/proc/", "/sys/", "/dev/")
_KEPT_FROM = re.compile(r"(?:.*/)?(?:site-packages|dist-packages|lib/python3\.\d+|(?=cachekit_memprobe/))/?")


def own_folder(find: Callable[[str], Path], variable: str, remedy: str) -> Path:
    """The folder of this tool's in one of the user's, as platformdirs finds it.

    Raises:
        UsageError: there is none, since no home is known or a variable is a relative path: what is kept
            would be scattered over the folders in which the tool is started.
    """
    try:
        folder = find("cachekit-memprobe")
    except (RuntimeError, KeyError, OSError):  # without a home, by its release
        folder = Path()
    if not folder.is_absolute():
        raise UsageError(
            f"no home folder is known: set HOME, or {variable}, to an absolute path, or {remedy}"
        )
    return folder


def without_folders(text: str) -> str:
    """The text with each absolute path cut down to its name, or to what lies below an interpreter's packages.

    ``File "/home/joe/env/lib/python3.11/site-packages/cachekit/x.py"`` becomes ``File "cachekit/x.py"``.
    """
    return _BARE.sub(_shortened, _QUOTED.sub(_shortened, text))


def _shortened(found: "re.Match[str]") -> str:
    path = found.group()
    if path.startswith(_EVERYWHERE):
        return path
    if below := _KEPT_FROM.match(path):
        return path[below.end() :]
    return path.rstrip("/").rpartition("/")[2]
