"""Redis: a Valkey server for the run, which speaks its protocol, or the user's own server."""

import secrets
from pathlib import Path
from urllib.parse import quote, urlsplit

import redis

from cachekit_memprobe import programs
from cachekit_memprobe.child.task import Link
from cachekit_memprobe.errors import CouldNotMeasure, UsageError
from cachekit_memprobe.model import Connection
from cachekit_memprobe.servers.left_behind import LeftBehind
from cachekit_memprobe.servers.process import SOCKET, ServerProcess, socket_of
from cachekit_memprobe.servers.redaction import redacted, secrets_of_url

_SCHEMES = ("redis", "rediss", "unix")
_TIMEOUT_S = 5.0
_PROBE_S = 0.5
"""For a server that has just been started."""

_KEYS_AT_ONCE = 1000
# Larger than any value that fits into memory: the machine is the limit, not the server's defaults.
_LARGEST_VALUE_BYTES = 1 << 40


class RedisServer:
    """A server behind a URL."""

    def __init__(
        self, url: str, process: ServerProcess | None = None, left: LeftBehind | None = None
    ) -> None:
        """``process`` is the server's when it was started for the run, ``left`` goes with the user's."""
        self._url = url
        self._process = process
        self._left = left
        self._secrets = secrets_of_url(url) if process is None else (urlsplit(url).password or "",)
        self._client: redis.Redis = redis.Redis.from_url(
            url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S
        )

    def connection(self, namespace: str) -> Connection:
        try:
            self._client.ping()
        except (redis.RedisError, OSError) as error:
            raise CouldNotMeasure(self._unreachable(error)) from None
        if self._left is not None:
            self._left.note(namespace)
        # A finite timeout would only measure how busy the machine is.
        environment = {"CACHEKIT_REDIS_URL": self._url, "CACHEKIT_SOCKET_TIMEOUT": "60"}
        return Connection(Link(namespace), environment)

    def explained(self, failure: str) -> str:
        ended = self._process.end() if self._process else None
        return redacted(f"{ended}\n{failure}" if ended else failure, self._secrets)

    def forget(self, namespace: str) -> None:
        try:
            self._unlink_all(f"*{namespace}*")
        except (redis.RedisError, OSError) as error:
            if self._left is not None:
                raise CouldNotMeasure(
                    f"entries named *{namespace}* are left behind in the Redis server of --redis-url, where "
                    f"they expire within {self._left.lasting}: {redacted(str(error), self._secrets)}"
                ) from None
        else:
            if self._left is not None:
                self._left.forget(namespace)

    def close(self) -> None:
        self._client.close()
        if self._process is not None:
            self._process.close()

    def _unlink_all(self, pattern: str) -> None:
        batch: list[bytes] = []
        for key in self._client.scan_iter(match=pattern, count=_KEYS_AT_ONCE):
            batch.append(key)
            if len(batch) == _KEYS_AT_ONCE:
                self._client.unlink(*batch)
                batch.clear()
        if batch:
            self._client.unlink(*batch)

    def _unreachable(self, error: Exception) -> str:
        if self._process is not None:
            return self.explained(f"the Redis server of the run does not answer: {error}")
        said = redacted(str(error), self._secrets)
        return f"the Redis server of --redis-url does not answer: {said}; check the URL and the server"


def check_redis_url(url: str) -> str:
    """The URL, if it is one.

    Raises:
        UsageError: it isn't; the message doesn't quote it, as there may be a password in it.
    """
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # reading it checks it
        if parts.scheme in _SCHEMES and (parts.hostname or parts.scheme == "unix"):
            redis.Redis.from_url(url).close()
            return url
    except ValueError:
        pass
    raise UsageError(
        "that is not the URL of a Redis server; write it like redis://localhost:6379/0, "
        "rediss://:PASSWORD@host:6379 or unix:///run/redis.sock"
    )


def start_redis(folder: Path) -> RedisServer:
    """A server for the run: behind a socket in a private folder and a password, and nothing of it on disk.

    Raises:
        CouldNotMeasure: there is no binary for this machine, or it doesn't run.
    """
    password = secrets.token_hex(16)
    process = _start(str(_binary()), password, folder)
    try:
        url = f"unix://:{password}@{quote(socket_of(process, folder))}?db=0"
        process.wait_until(lambda: _answers(url))
    except BaseException:
        process.close()
        raise
    return RedisServer(url, process)


def _binary() -> Path:
    found = programs.redis_server()
    if found is None:
        raise CouldNotMeasure(
            f"there is no Redis server to start: neither the package {programs.REDIS_PACKAGE}, which is not "
            f"for every platform and Python, nor one of {', '.join(programs.REDIS_NAMES)} on PATH. Install "
            "one of them, or name a server of yours with --redis-url"
        )
    return found


def _start(binary: str, password: str, folder: Path) -> ServerProcess:
    settings = {
        "port": 0,
        "unixsocket": SOCKET,
        "unixsocketperm": 700,
        "requirepass": password,
        "daemonize": "no",
        "save": '""',
        "appendonly": "no",
        "maxmemory": 0,
        "proto-max-bulk-len": _LARGEST_VALUE_BYTES,
        "client-query-buffer-limit": _LARGEST_VALUE_BYTES,
    }
    process = ServerProcess("the Valkey server", (binary, "-"), folder)
    process.tell("".join(f"{name} {value}\n" for name, value in settings.items()), end=True)
    return process


def _answers(url: str) -> bool:
    """The password proves that it is the server that was started here."""
    client: redis.Redis = redis.Redis.from_url(url, socket_timeout=_PROBE_S)
    try:
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
    finally:
        client.close()
