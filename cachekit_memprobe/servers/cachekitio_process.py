"""A stand-in for cachekit.io: as much of its HTTP protocol as a cache's writes and reads need.

Run by path, standard library only: ``python cachekitio_process.py``. The first line on stdin is a JSON
object with ``certificate`` and ``private_key`` (PEM) and ``api_key``; the first line that it prints is
the port on the loopback interface that it has chosen. A later line on stdin is a namespace whose entries
are forgotten. It ends when stdin does.

No release of cachekit accepts an address of this machine, or one without TLS. So this is also the
forward proxy that leads there: a client asks it to CONNECT to the host of its API, and from then on
speaks TLS with it. It offers HTTP/1.1 only.
"""

import json
import ssl
import sys
import tempfile
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

LOOPBACK = "127.0.0.1"
_PREFIX = "/v1/cache/"
_FRESH_FOR_S = 86_400
_IDLE_S = 600


class Store:
    """The entries, by key."""

    def __init__(self) -> None:
        self.entries: dict[str, bytes] = {}

    def forget(self, namespace: str) -> None:
        for key in [key for key in self.entries if namespace in key]:
            self.entries.pop(key, None)


class Server(ThreadingHTTPServer):
    """One thread for each connection; they end with the process."""

    daemon_threads = True

    def __init__(self, store: Store, context: ssl.SSLContext, api_key: str) -> None:
        super().__init__((LOOPBACK, 0), Handler)
        self.store = store
        self.context = context
        self.authorization = f"Bearer {api_key}"


class Handler(BaseHTTPRequestHandler):
    """A connection: CONNECT, TLS, then requests for ``/v1/cache/KEY``."""

    protocol_version = "HTTP/1.1"
    timeout = _IDLE_S
    server: Server

    def do_CONNECT(self) -> None:  # http.server's name
        self.send_response(200)
        self.end_headers()
        self.close_connection = False  # though the request may be of HTTP/1.0, as Python 3.11 writes it
        self.connection = self.server.context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb")

    def do_GET(self) -> None:
        key = self._key()
        if key == "health":
            self._answer(200, json.dumps({"version": "memprobe"}).encode())
        elif key is not None:
            self._send_entry(self.server.store.entries.get(key))

    do_HEAD = do_GET

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        key = self._key()
        if key is not None:
            self.server.store.entries[key] = body
            self._answer(200)

    def do_POST(self) -> None:
        """A lock: nobody else wants it."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self._key() is not None:
            self._answer(200, json.dumps({"lock_id": "memprobe"}).encode())

    def do_DELETE(self) -> None:
        key = self._key()
        if key is not None:
            self.server.store.entries.pop(key, None)
            self._answer(200)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: keys are in the requests."""

    def _key(self) -> str | None:
        """The key of a request that may be answered; any other has its answer when this returns."""
        path = urlsplit(self.path).path
        if not isinstance(self.connection, ssl.SSLSocket) or not path.startswith(_PREFIX):
            self._answer(404)
        elif self.headers.get("Authorization") != self.server.authorization:
            self._answer(401)
        else:
            return unquote(path.removeprefix(_PREFIX))
        return None

    def _send_entry(self, entry: bytes | None) -> None:
        if entry is None:
            self._answer(404)
        else:
            fresh = {"X-CacheKit-Freshness": "fresh", "X-CacheKit-Fresh-For": str(_FRESH_FOR_S)}
            self._answer(200, entry, fresh)

    def _answer(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()


def context_of(certificate: str, private_key: str) -> ssl.SSLContext:
    """What the server's side of TLS needs; OpenSSL reads it from a file, which is gone at once."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    with tempfile.TemporaryDirectory(dir=".") as folder:
        pem = Path(folder, "chain.pem")
        pem.write_text(private_key + certificate, encoding="ascii")
        context.load_cert_chain(pem)
    return context


def main() -> None:
    """Serve until stdin ends."""
    settings = json.loads(sys.stdin.readline())
    store = Store()
    context = context_of(settings["certificate"], settings["private_key"])
    server = Server(store, context, settings["api_key"])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    for line in sys.stdin:
        store.forget(line.strip())


if __name__ == "__main__":
    main()
