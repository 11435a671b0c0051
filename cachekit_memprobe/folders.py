"""Folders of this machine: where the tool keeps its own, and how they are kept out of a report."""

import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from cachekit_memprobe.errors import UsageError

_HERE = "\ue000"
"""Stands for a folder that is known, until its path is shortened. No text has this character."""

_ELSEWHERE = "…"
_AFTER = r"""(?<![\w./~"'-])"""
_DOUBLY_QUOTED = re.compile(r"""(?<=")(?:~[\w.-]*)?/(?!/)[^"\n]*/[^"/\n]*(?=")""")
_QUOTED = re.compile(r"""(?<=')(?:~[\w.-]*)?/(?!/)[^'\n]*/[^'/\n]*(?=')""")
_BARE = re.compile(_AFTER + r"""(?:~[\w.-]*)?/(?!/)(?:[^\s/"'<>|;,()\[\]]+/)+[^\s/"'<>|;,()\[\]:]*""")
_URL = re.compile(r"""file:/+[^\s"'<>|;,()\[\]]*""")
_WINDOWS = re.compile(r"""\b[A-Za-z]:\\+(?:[^\s\\"'<>|:]+\\+)+""")
_ALONE = re.compile(f"/?{_HERE}/?")
_EVERYWHERE = ("/proc/", "/sys/", "/dev/")
_KEPT_FROM = re.compile(r"(?:.*/)?(?:site-packages|dist-packages|lib/python3\.\d+|(?=cachekit_memprobe/))/?")
_OF_A_USER = re.compile(r"/(?:home|Users)/[^/]+/?")
_VARIABLES = ("HOME", "TMPDIR", "PWD", "VIRTUAL_ENV", "CACHEKIT_MEMPROBE_CACHE_DIR")
_STANDARD = "XDG_"


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


def without_folders(text: str, known: Iterable[str | Path] = ()) -> str:
    """The text with each absolute path cut down to its name, or to what lies below an interpreter's packages.

    ``File "/home/joe/env/lib/python3.11/site-packages/cachekit/x.py"`` becomes ``File "cachekit/x.py"``.
    Where a path with blanks ends can only be told if it is quoted, or below a folder that is known.

    Args:
        known: folders, or files in them, besides those of this process: its home, its temporary folder, ...
    """
    for folder in _longest_first({*map(str, known), *_own()}):
        for written in dict.fromkeys((folder, repr(folder)[1:-1], folder.replace("'", "\\'"), quote(folder))):
            text = re.sub(re.escape(written) + r"(?![\w-])", f"/{_HERE}", text)
    for pattern in (_DOUBLY_QUOTED, _QUOTED, _URL, _BARE):
        text = pattern.sub(_shortened, text)
    return _ALONE.sub(_ELSEWHERE, _WINDOWS.sub("", text))


def _own() -> Iterator[str]:
    yield from (sys.prefix, sys.base_prefix, str(Path(__file__).parents[1]), tempfile.gettempdir())
    with suppress(OSError):
        yield os.getcwd()
    for name, value in os.environ.items():
        if name in _VARIABLES or name.startswith(_STANDARD):
            yield value


def _longest_first(paths: Iterable[str]) -> list[str]:
    """The folders with those around them, but for the roots of everybody's, such as ``/tmp``."""
    folders = set()
    for path in map(Path, filter(os.path.isabs, paths)):
        for written in (path, Path(os.path.realpath(path))):
            folders |= {str(one) for one in (written, *written.parents) if len(one.parts) > 2}
    return sorted(folders, key=len, reverse=True)


def _shortened(found: "re.Match[str]") -> str:
    return public_path(found.group())


def public_path(path: str) -> str:
    """One path, cut down as :func:`without_folders` does with those in a text."""
    if path.startswith(_EVERYWHERE):
        return path
    if _OF_A_USER.fullmatch(path):
        return _ELSEWHERE
    if below := _KEPT_FROM.match(path):
        return path[below.end() :]
    return path.rstrip("/").rpartition("/")[2]
