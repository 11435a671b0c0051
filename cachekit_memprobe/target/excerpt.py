"""What a child wrote, made fit to be shown and to be saved in a report."""

import os
import re
from urllib.parse import urlsplit

from cachekit_memprobe.processes import last_lines

_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s`'\"<>()]+", re.IGNORECASE)
_CREDENTIALS = re.compile(r"[^\s/@`'\"]+@[^\s/@`'\"]+\.[^\s`'\")]+")
_LINE_CHARS = 300


def tail(text: str, lines: int = 6) -> str:
    """The last lines that are not empty, indented by two; the home directory is written ``~``."""
    kept = last_lines(_without_home(text), lines)
    return "\n".join(f"  {line[:_LINE_CHARS]}" for line in kept)


def without_hosts(text: str) -> str:
    """The text without URLs, their credentials and the names of their hosts.

    An index is often private, and its URL may carry a token anywhere, in its path too.
    """
    hosts = {_host(url) for url in _URL.findall(text)}
    shown = _CREDENTIALS.sub("<url>", _URL.sub("<url>", text))
    for host in sorted(filter(None, hosts), key=len, reverse=True):
        shown = re.sub(rf"(?<![\w.-]){re.escape(host)}(:\d+)?(?![\w-])", "<host>", shown, flags=re.IGNORECASE)
    return shown


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:  # half of an IPv6 address
        return None


def _without_home(text: str) -> str:
    home = os.path.expanduser("~")  # not Path.home(), which raises where there is none
    return text if home in ("/", "~") else text.replace(home + "/", "~/")
