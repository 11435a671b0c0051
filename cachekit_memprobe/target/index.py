"""What package indexes say of a project's files, asked where uv would ask: the simple API, as JSON or HTML.

uv installs, but lists no releases, and no index tells when a file was published but by this API.
"""

import base64
import json
import netrc
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.target import uv_settings
from cachekit_memprobe.target.excerpt import without_hosts

_ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.2, application/vnd.pypi.simple.v1+html;q=0.3"
_TIMEOUT_S = 30.0
_LARGEST_BYTES = 64 << 20


@dataclass(frozen=True)
class Published:
    """A file of an index.

    Attributes:
        uploaded: ISO 8601; empty where the index doesn't tell.
    """

    name: str
    uploaded: str = ""
    is_yanked: bool = False


def published(project: str) -> tuple[Published, ...]:
    """The files of a project, of the first index that has it, and those beside all indexes.

    Raises:
        UsageError: a configuration of uv's can't be read.
        CouldNotMeasure: no index answers, or none has the project.
    """
    settings = uv_settings.settings()
    found = [*_beside(uv_settings.find_links(settings), project)]
    failures = []
    for url in uv_settings.indexes(settings):
        try:
            files = _asked(url, project)
        except (OSError, ValueError) as error:
            failures.append(without_hosts(str(getattr(error, "reason", error))))
        else:
            if files:
                return (*files, *found)
    if found:
        return tuple(found)
    reason = "; ".join(dict.fromkeys(failures)) or f"no index of uv's settings has {project}"
    raise CouldNotMeasure(f"the releases of {project} can't be listed: {reason}")


def _asked(url: str, project: str) -> tuple[Published, ...]:
    """Those of one index; none if it doesn't have the project.

    Raises:
        OSError, ValueError: it doesn't answer, or not as an index does.
    """
    if "://" not in url:
        url = Path(url).absolute().as_uri()
    if url.startswith("file:"):
        folder = Path(urllib.request.url2pathname(urllib.parse.urlsplit(url).path), project)
        page = folder / "index.html"
        return tuple(_of_html(page.read_text("utf-8"))) if page.is_file() else tuple(_in_folder(folder))
    request = _request(f"{url.rstrip('/')}/{project}/")
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
            body = answer.read(_LARGEST_BYTES)
            is_json = "json" in (answer.headers.get_content_type() or "")
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return ()
        raise ValueError(f"the index answers with status {error.code}") from None
    return tuple(_of_json(json.loads(body)) if is_json else _of_html(body.decode("utf-8", "replace")))


def _request(url: str) -> urllib.request.Request:
    """With the credentials of the address, or those of a netrc file, which belong into a header."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise ValueError("an index of uv's settings has an address that is no URL")
    host = parts.hostname or ""
    bare = parts._replace(netloc=host + (f":{parts.port}" if parts.port else "")).geturl()
    headers = {"Accept": _ACCEPT, "User-Agent": "cachekit-memprobe"}
    user, password = map(urllib.parse.unquote, (parts.username or "", parts.password or ""))
    if not (user or password) and "UV_NO_NETRC" not in os.environ:
        with suppress(OSError, netrc.NetrcParseError):
            known = netrc.netrc().authenticators(host)
            user, password = (known[0] or "", known[2] or "") if known else ("", "")
    if user or password:
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        headers["Authorization"] = f"Basic {token}"
    return urllib.request.Request(bare, headers=headers)


def _of_json(document: Any) -> Iterator[Published]:
    """PEP 691, with the times of PEP 700."""
    files = document.get("files") if isinstance(document, Mapping) else None
    if not isinstance(files, Sequence):
        raise ValueError("the index's answer has no files in it")
    for one in files:
        if isinstance(one, Mapping) and isinstance(one.get("filename"), str):
            uploaded = one.get("upload-time")
            yield Published(
                one["filename"], uploaded if isinstance(uploaded, str) else "", bool(one.get("yanked"))
            )


class _Anchors(HTMLParser):
    """The links of a page, of which each is a file."""

    def __init__(self) -> None:
        super().__init__()
        self.files: list[Published] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        path = urllib.parse.urlsplit(given.get("href") or "").path if tag == "a" else ""
        name = urllib.parse.unquote(path.rpartition("/")[2])
        if re.search(r"\.(whl|tar\.gz|zip)$", name):
            self.files.append(Published(name, is_yanked="data-yanked" in given))


def _of_html(text: str) -> list[Published]:
    """PEP 503."""
    anchors = _Anchors()
    anchors.feed(text)
    return anchors.files


def _beside(places: Sequence[str], project: str) -> Iterator[Published]:
    """Those of folders of files; a page of links is as good as an index's."""
    for place in places:
        with suppress(OSError, ValueError):
            path = urllib.request.url2pathname(urllib.parse.urlsplit(place).path)
            folder = Path(path if place.startswith("file:") else place)
            if folder.is_dir():
                yield from (one for one in _in_folder(folder) if _is_of(one.name, project))
            elif place.startswith(("http://", "https://")):
                request = _request(place)
                with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
                    page = answer.read(_LARGEST_BYTES).decode("utf-8", "replace")
                yield from (one for one in _of_html(page) if _is_of(one.name, project))


def _in_folder(folder: Path) -> Iterator[Published]:
    with suppress(FileNotFoundError, NotADirectoryError):
        yield from (Published(path.name) for path in sorted(folder.iterdir()) if path.is_file())


def _is_of(name: str, project: str) -> bool:
    return re.sub(r"[-_.]+", "-", name.lower()).startswith(f"{project}-")
