"""Where releases are looked up, and what is made of an index's answer."""

import base64
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.target import index, uv_settings
from cachekit_memprobe.target.index import Published

PAGE = """<!DOCTYPE html><html><body>
<a href="../../files/cachekit-0.9.1-py3-none-any.whl#sha256=0">cachekit-0.9.1-py3-none-any.whl</a>
<a href="cachekit-0.9.0.tar.gz" data-yanked="it copied">cachekit-0.9.0.tar.gz</a>
<a href="/elsewhere/">elsewhere</a></body></html>"""
DOCUMENT = {
    "files": [
        {
            "filename": "cachekit-0.9.1-py3-none-any.whl",
            "upload-time": "2026-06-15T12:57:07.5Z",
            "yanked": False,
        },
        {"filename": "cachekit-0.9.0.tar.gz", "yanked": "it copied"},
    ]
}


@dataclass
class Index:
    """A server on this machine, and what it was asked with."""

    url: str
    answers: dict[str, tuple[int, str, str]] = field(default_factory=dict)
    asked: list[Mapping[str, str]] = field(default_factory=list)


@pytest.fixture
def served() -> Iterator[Index]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(dict(self.headers))
            status, kind, body = found.answers.get(self.path, (404, "text/html", "no"))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Index(f"http://127.0.0.1:{server.server_address[1]}/simple")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)


def test_json_tells_when_a_file_was_published(served: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    served.answers["/simple/cachekit/"] = (200, "application/vnd.pypi.simple.v1+json", json.dumps(DOCUMENT))
    monkeypatch.setenv("UV_DEFAULT_INDEX", served.url)
    assert index.published("cachekit") == (
        Published("cachekit-0.9.1-py3-none-any.whl", "2026-06-15T12:57:07.5Z"),
        Published("cachekit-0.9.0.tar.gz", is_yanked=True),
    )


def test_html_is_as_good_but_for_the_times(served: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    served.answers["/simple/cachekit/"] = (200, "text/html", PAGE)
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"{served.url}/")
    assert index.published("cachekit") == (
        Published("cachekit-0.9.1-py3-none-any.whl"),
        Published("cachekit-0.9.0.tar.gz", is_yanked=True),
    )


def test_credentials_go_into_a_header_and_nowhere_else(
    served: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", served.url.replace("://", "://joe:hunter2%21@"))
    served.answers["/simple/cachekit/"] = (403, "text/html", "no")
    with pytest.raises(CouldNotMeasure) as caught:
        index.published("cachekit")
    token = base64.b64encode(b"joe:hunter2!").decode()
    assert served.asked[0]["Authorization"] == f"Basic {token}"
    assert "status 403" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)


def test_the_first_index_that_has_it_counts(
    served: Index, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "cachekit"
    folder.mkdir()
    (folder / "cachekit-0.8.0.tar.gz").touch()
    monkeypatch.setenv("UV_DEFAULT_INDEX", tmp_path.as_uri())
    monkeypatch.setenv("UV_INDEX", f"own={served.url}")
    assert index.published("cachekit") == (Published("cachekit-0.8.0.tar.gz"),)
    served.answers["/simple/cachekit/"] = (200, "text/html", PAGE)
    assert [one.name for one in index.published("cachekit")] == [
        "cachekit-0.9.1-py3-none-any.whl",
        "cachekit-0.9.0.tar.gz",
    ]


def test_no_index_at_all_leaves_the_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("cachekit-0.9.1-py3-none-any.whl", "pandas-3.1.1.tar.gz"):
        (tmp_path / name).touch()
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path))
    assert index.published("cachekit") == (Published("cachekit-0.9.1-py3-none-any.whl"),)


@pytest.mark.parametrize("answer", ["[1]", '{"files": 3}', "{"])
def test_what_is_no_answer_is_said_to_be_none(
    served: Index, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    served.answers["/simple/cachekit/"] = (200, "application/vnd.pypi.simple.v1+json", answer)
    monkeypatch.setenv("UV_DEFAULT_INDEX", served.url)
    with pytest.raises(CouldNotMeasure, match="releases of cachekit can't be listed"):
        index.published("cachekit")


def test_indexes_are_asked_in_the_order_of_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_EXTRA_INDEX_URL", "https://c/simple https://d/simple")
    settings = {
        "index": [
            {"url": "https://default/simple", "default": True},
            {"url": "https://e/simple"},
            {"url": "https://never/simple", "explicit": True},
        ],
        "extra-index-url": ["https://f/simple"],
    }
    monkeypatch.setenv("UV_INDEX", "a=https://a/simple https://b/simple?x=/y")
    names = ("a", "b", "c", "d", "e", "f", "default")
    hosts = [url.split("/")[2] for url in uv_settings.indexes(settings)]
    assert hosts == [*names]
