"""Folders of this machine, which have no business in a report that is passed on."""

import re

_QUOTED = re.compile(r"""(?<=["'])~?/[^"'\n]*/[^"'/\n]*(?=["'])""")
_BARE = re.compile(r"""(?<![\w.:/~"'-])~?/(?:[^\s/"'<>|;,()\[\]]+/)+[^\s/"'<>|;,()\[\]:]*""")
_EVERYWHERE = ("/proc/", "/sys/", "/dev/")
_KEPT_FROM = re.compile(r"(?:.*/)?(?:site-packages|dist-packages|lib/python3\.\d+|(?=cachekit_memprobe/))/?")


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
