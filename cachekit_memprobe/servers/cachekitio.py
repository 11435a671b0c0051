"""CachekitIO: a stand-in on the loopback interface, behind a host name that exists nowhere.

See :mod:`cachekit_memprobe.servers.cachekitio_process` for what it speaks. Children reach it through
settings that httpx and urllib3 both heed, so nothing of cachekit is changed: ``HTTPS_PROXY`` leads to
it, and ``SSL_CERT_FILE`` makes its certificate, made for the run, trusted in the child alone.
"""

import json
import secrets
import sys
from pathlib import Path

from cachekit_memprobe.child.task import Link
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.model import Connection
from cachekit_memprobe.servers import cachekitio_process
from cachekit_memprobe.servers.process import LOOPBACK, ServerProcess
from cachekit_memprobe.servers.redaction import redacted

_HOST = "cachekit-memprobe.invalid"
"""Of the top-level domain that never resolves (RFC 6761): no request can go astray."""


class CachekitIOServer:
    """The stand-in, started for the run."""

    def __init__(self, process: ServerProcess, port: int, api_key: str, authority: Path) -> None:
        """``authority`` is the file with the certificate that vouches for the server's."""
        self._process = process
        self._port = port
        self._api_key = api_key
        self._authority = authority

    def connection(self, namespace: str) -> Connection:
        if self._process.end() is not None:
            raise CouldNotMeasure(self.explained("the CachekitIO server of the run does not answer"))
        link = Link(namespace, api_url=f"https://{_HOST}", api_key=self._api_key)
        environment = {
            "CACHEKIT_ALLOW_CUSTOM_HOST": "true",
            "HTTPS_PROXY": f"http://{LOOPBACK}:{self._port}",
            "SSL_CERT_FILE": str(self._authority),
        }
        return Connection(link, environment)

    def explained(self, failure: str) -> str:
        ended = self._process.end()
        return redacted(f"{ended}\n{failure}" if ended else failure, (self._api_key,))

    def forget(self, namespace: str) -> None:
        self._process.tell(f"{namespace}\n")

    def close(self) -> None:
        self._process.close()


def start_cachekitio(folder: Path) -> CachekitIOServer:
    """A stand-in for the run, with a certificate and a key of its own.

    Raises:
        CouldNotMeasure: it doesn't run.
    """
    import trustme

    authority = trustme.CA()
    certificate = authority.issue_cert(_HOST)
    authority_file = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(authority_file))
    api_key = f"ck_live_{secrets.token_hex(16)}"
    settings = {
        "certificate": b"".join(blob.bytes() for blob in certificate.cert_chain_pems).decode("ascii"),
        "private_key": certificate.private_key_pem.bytes().decode("ascii"),
        "api_key": api_key,
    }
    command = (sys.executable, "-I", "-S", str(cachekitio_process.__file__))
    process = ServerProcess("the CachekitIO server", command, folder)
    try:
        process.tell(json.dumps(settings) + "\n")
        process.wait_until(lambda: process.said().endswith("\n"))
        port = int(process.said())
    except BaseException as failure:
        process.close()
        if isinstance(failure, ValueError):
            raise CouldNotMeasure(
                f"the CachekitIO server gave an unexpected answer: {process.said()}"
            ) from None
        raise
    return CachekitIOServer(process, port, api_key, authority_file)
