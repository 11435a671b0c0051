"""Memcached: Debian's server, started for the run, or the user's own servers."""

import os
import pwd
import secrets
import socket
from collections.abc import Iterable
from pathlib import Path

from cachekit_memprobe import programs
from cachekit_memprobe.child.task import Link
from cachekit_memprobe.child.workload.login import log_in
from cachekit_memprobe.errors import CouldNotMeasure, UsageError
from cachekit_memprobe.model import Connection
from cachekit_memprobe.servers.left_behind import LeftBehind
from cachekit_memprobe.servers.process import LOOPBACK, ServerProcess, on_a_free_port
from cachekit_memprobe.servers.redaction import redacted

LARGEST_ITEM_BYTES = 1 << 30
"""Of memcached's option ``-I``; the key and the item's header count too."""

_DEFAULT_ITEM_BYTES = 1 << 20
_TIMEOUT_S = 5.0
_USER = "memprobe"
_LOGINS = "logins"
"""The file that memcached reads them from."""
_MB = 1 << 20

Address = tuple[str, int]


class MemcachedServers:
    """One server that was started for the run, or the user's, over which pymemcache spreads the keys."""

    def __init__(
        self,
        addresses: tuple[Address, ...],
        left: LeftBehind,
        process: ServerProcess | None = None,
        login: str = "",
    ) -> None:
        """``left`` has the keys that children have stored, as memcached can't list them.

        ``login`` is that of a server that was started for the run; cachekit knows none of the user's.
        """
        self._addresses = addresses
        self._left = left
        self._process = process
        self._login = login

    def connection(self, namespace: str) -> Connection:
        for address in self._addresses:
            try:
                _ask(address, "version", self._login)
            except OSError as error:
                raise CouldNotMeasure(self._unreachable(error)) from None
        servers = ",".join(f"{host}:{port}" for host, port in self._addresses)
        journal = str(self._left.note(namespace))
        return Connection(Link(namespace, servers=servers, journal=journal, login=self._login))

    def explained(self, failure: str) -> str:
        ended = self._process.end() if self._process else None
        return f"{ended}\n{failure}" if ended else self._redacted(failure)

    def forget(self, namespace: str) -> None:
        keys = self._left.keys(namespace)
        try:
            for address in self._addresses:
                for key in keys:
                    _ask(address, f"delete {key}", self._login)
        except OSError as error:
            if self._process is None:
                raise CouldNotMeasure(
                    f"{len(keys)} entries are left behind in the servers of --memcached-servers, where they "
                    f"expire within {self._left.lasting}: {self._redacted(str(error))}"
                ) from None
        else:
            self._left.forget(namespace)

    def close(self) -> None:
        if self._process is not None:
            self._process.close()

    def _redacted(self, text: str) -> str:
        """Without the names of the user's servers."""
        return text if self._process else redacted(text, (host for host, _ in self._addresses))

    def _unreachable(self, error: OSError) -> str:
        if self._process is not None:
            return self.explained(f"the Memcached server of the run does not answer: {error}")
        said = self._redacted(error.strerror or str(error))
        return f"a server of --memcached-servers does not answer: {said}; check the addresses and the server"


def parse_memcached_servers(text: str) -> tuple[Address, ...]:
    """``host:port,host:port`` as addresses.

    Raises:
        UsageError: it isn't that.
    """
    addresses = []
    for part in text.split(","):
        host, _, port = part.strip().rpartition(":")
        if not host or not port.isdecimal() or len(port) > 5 or not 0 < int(port) < 65536:
            raise UsageError(
                f"{part.strip()!r} is not host:port; write the servers like cache-1:11211,cache-2:11211"
            )
        addresses.append((host, int(port)))
    return tuple(addresses)


def start_memcached(folder: Path, value_bytes: Iterable[int]) -> MemcachedServers:
    """A server for the run, on the loopback interface, with room for values of the given sizes.

    It is behind a password, which cachekit has no setting for: its client is logged in as it connects. A
    socket in a private folder would do as well, but a user's client receives by TCP, in other pieces, and RSS
    is another then.

    Raises:
        CouldNotMeasure: there is no memcached here, or it doesn't run.
    """
    program = programs.memcached()
    if program is None:
        raise CouldNotMeasure(
            "memcached is not on PATH; install it (`apt-get install memcached`), or name servers of yours "
            "with --memcached-servers"
        )
    sizes, password = list(value_bytes), secrets.token_hex(16)
    login = f"{_USER} {password}"
    logins = folder / _LOGINS
    logins.touch(mode=0o600)
    logins.write_text(f"{_USER}:{password}\n", encoding="ascii")
    try:
        process, port = on_a_free_port(
            lambda port: ServerProcess("memcached", (str(program), *_arguments(port, sizes)), folder),
            lambda process, port: _answers(process, port, login),
        )
    finally:
        logins.unlink()  # it has been read
    return MemcachedServers(((LOOPBACK, port),), LeftBehind(folder), process, login)


def _arguments(port: int, value_bytes: list[int]) -> tuple[str, ...]:
    # A frame is larger than its value: by half for the byte storage of old releases, by a few KiB always.
    frames = [2 * size + _DEFAULT_ITEM_BYTES for size in value_bytes]
    item_mb = min(LARGEST_ITEM_BYTES, max(frames)) // _MB
    # The item may be half of the memory at most; memory is taken as it is needed. An entry that doesn't
    # fit is refused (-M), where memcached would otherwise drop another one silently.
    room_mb = 2 * item_mb + 2 * sum(frames) // _MB + 64
    network = ("-l", LOOPBACK, "-p", str(port), "-U", "0", "-t", "2", "-Y", _LOGINS)
    memory = ("-I", f"{item_mb}m", "-m", str(room_mb), "-M")
    user = ("-u", pwd.getpwuid(0).pw_name) if os.geteuid() == 0 else ()
    return (*network, *memory, *user)


def _answers(process: ServerProcess, port: int, login: str) -> bool:
    """Its process number proves that it is the server that was started here."""
    try:
        return f"STAT pid {process.pid}\r\n" in _ask((LOOPBACK, port), "stats", login, until="END\r\n")
    except OSError:
        return False


def _ask(address: Address, command: str, login: str, until: str = "\r\n") -> str:
    """One command of the text protocol, and its answer."""
    with socket.create_connection(address, timeout=_TIMEOUT_S) as connection:
        if login:
            log_in(connection, login)
        connection.sendall(f"{command}\r\n".encode())
        answer = b""
        while not answer.endswith(until.encode()):
            chunk = connection.recv(65536)
            if not chunk:
                raise ConnectionResetError("the connection was closed")
            answer += chunk
    return answer.decode("utf-8", errors="replace")
