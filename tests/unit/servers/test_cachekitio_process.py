"""The stand-in for cachekit.io, spoken to as cachekit's clients do."""

import http.client
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.servers.cachekitio import CachekitIOServer, start_cachekitio
from cachekit_memprobe.servers.cachekitio_process import Store

pytestmark = pytest.mark.process

HOST = "cachekit-memprobe.invalid"
PATH = "/v1/cache/ns%3Aours%3Akey"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CachekitIOServer]:
    started = start_cachekitio(tmp_path_factory.mktemp("cachekitio"))
    yield started
    started.close()
    assert "was killed by SIGKILL" in started.explained("gone")
    with pytest.raises(CouldNotMeasure, match="does not answer"):
        started.connection("ours")


@pytest.fixture
def client(server: CachekitIOServer) -> Iterator["Client"]:
    connection = server.connection("ours")
    context = ssl.create_default_context(cafile=connection.environment["SSL_CERT_FILE"])
    port = int(connection.environment["HTTPS_PROXY"].rpartition(":")[2])
    tunnel = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=30)
    tunnel.set_tunnel(HOST, 443)
    yield Client(tunnel, connection.link.api_key)
    tunnel.close()


class Client:
    """One connection, through the tunnel."""

    def __init__(self, connection: http.client.HTTPSConnection, api_key: str) -> None:
        self.connection = connection
        self.api_key = api_key

    def ask(
        self, method: str, path: str = PATH, body: bytes = b"", api_key: str | None = None
    ) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {api_key or self.api_key}"}
        self.connection.request(method, path, body=body, headers=headers)
        self.response = self.connection.getresponse()
        return self.response.status, self.response.read()


def test_an_entry_is_stored_read_and_deleted(client: Client) -> None:
    assert client.ask("GET") == (404, b"")
    assert client.ask("PUT", body=b"frame")[0] == 200
    assert client.ask("GET") == (200, b"frame")
    assert client.response.headers["X-CacheKit-Freshness"] == "fresh"
    assert client.ask("HEAD") == (200, b"")
    assert client.ask("DELETE")[0] == 200
    assert client.ask("HEAD") == (404, b"")


def test_a_stranger_gets_nothing(client: Client) -> None:
    assert client.ask("PUT", body=b"frame")[0] == 200
    assert client.ask("GET", api_key="ck_live_wrong") == (401, b"")
    assert client.ask("GET", path="/elsewhere") == (404, b"")
    assert client.ask("DELETE")[0] == 200


def test_health_and_locks(client: Client) -> None:
    assert client.ask("GET", "/v1/cache/health")[0] == 200
    status, body = client.ask("POST", f"{PATH}/lock", body=b"{}")
    assert (status, b"lock_id" in body) == (200, True)


def test_a_namespace_is_forgotten(server: CachekitIOServer, client: Client) -> None:
    client.ask("PUT", body=b"frame")
    client.ask("PUT", "/v1/cache/theirs", body=b"frame")
    server.forget("ours")
    while client.ask("GET")[0] == 200:
        pass  # it is told on another channel
    assert client.ask("GET", "/v1/cache/theirs") == (200, b"frame")


def test_without_tls_there_is_nothing(server: CachekitIOServer) -> None:
    proxy = server.connection("ours").environment["HTTPS_PROXY"]
    plain = http.client.HTTPConnection(proxy.removeprefix("http://"), timeout=30)
    plain.request("GET", PATH)
    assert plain.getresponse().status == 404
    plain.close()


def test_its_private_key_is_in_no_file(server: CachekitIOServer) -> None:
    authority = Path(server.connection("ours").environment["SSL_CERT_FILE"])
    texts = [path.read_text() for path in authority.parent.rglob("*") if path.is_file()]
    assert texts
    assert not any("PRIVATE KEY" in text for text in texts)


def test_a_store_forgets_by_name() -> None:
    store = Store()
    store.entries = {"ns:one:a": b"", "ns:other:a": b""}
    store.forget("one")
    assert list(store.entries) == ["ns:other:a"]
