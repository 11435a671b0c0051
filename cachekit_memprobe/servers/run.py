"""The servers of one run: each is started once, when a scenario needs it, and shared by all that do."""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cachekit_memprobe.child.shortage import is_shortage, with_shortage
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.model import Connection, Scenario
from cachekit_memprobe.servers.cachekitio import start_cachekitio
from cachekit_memprobe.servers.memcached import Address, MemcachedServers, start_memcached
from cachekit_memprobe.servers.server import Server


@dataclass(frozen=True)
class OwnServers:
    """The servers that the user wants to be used; for the others one is started.

    Attributes:
        redis_url: it may hold a password.
        memcached: addresses.
    """

    redis_url: str | None = field(default=None, repr=False)
    memcached: tuple[Address, ...] = field(default=(), repr=False)


class Servers:
    """The servers that run, and the reasons why others don't."""

    def __init__(self, servers: Mapping[str, Server], reasons: Mapping[str, str]) -> None:
        """Both by backend."""
        self._servers = servers
        self._reasons = reasons

    @contextmanager
    def connect(self, scenario: Scenario) -> Iterator[Connection]:
        """How the scenario's children reach its server, where nobody else's entries are in their way.

        What they have stored is deleted at the end. A failure inside is told with the server's share in
        it, and without anything that is nobody's business.

        Raises:
            CouldNotMeasure: the server does not run or does not answer, or the block raises it.
        """
        backend = scenario.caching.backend
        if backend in self._reasons:
            raise CouldNotMeasure(self._reasons[backend])
        server = self._servers.get(backend)
        if server is None:
            yield Connection()
            return
        # A name and not a number: other runs may use the user's server at the same time.
        namespace = f"memprobe-{secrets.token_hex(6)}"
        connection = server.connection(namespace)
        failures = []
        try:
            yield connection
        except CouldNotMeasure as failure:
            failures.append(server.explained(str(failure)))
        finally:
            try:
                server.forget(namespace)
            except CouldNotMeasure as remains:
                failures.append(str(remains))
        if failures:
            raise CouldNotMeasure("\n".join(failures))


@contextmanager
def serving(scenarios: Sequence[Scenario], own: OwnServers, folder: Path) -> Iterator[Servers]:
    """Run the servers that the scenarios need.

    To be entered in a thread that lives as long as the run: on Linux servers die with the thread that
    started them. One that can't be started only keeps its own scenarios from being measured.

    Args:
        folder: for the servers' files; somebody else removes it.
    """
    starters = _starters(scenarios, own)
    wanted = dict.fromkeys(scenario.caching.backend for scenario in scenarios)
    servers: dict[str, Server] = {}
    reasons: dict[str, str] = {}
    with ExitStack() as stack:
        for backend in (name for name in wanted if name in starters):
            own_folder = folder / backend
            try:
                own_folder.mkdir(parents=True, mode=0o700)
                servers[backend] = starters[backend](own_folder)
            except CouldNotMeasure as reason:
                reasons[backend] = str(reason)
            except OSError as error:
                if not is_shortage(error):
                    raise
                reasons[backend] = with_shortage(str(error))
            else:
                stack.callback(servers[backend].close)
        yield Servers(servers, reasons)


def _starters(scenarios: Sequence[Scenario], own: OwnServers) -> Mapping[str, Callable[[Path], Server]]:
    redis_url, memcached = own.redis_url, own.memcached
    sizes = [case.value.logical_bytes for case in scenarios if case.caching.backend == "memcached"]
    return {
        "redis": lambda folder: _redis(redis_url, folder),
        "memcached": (lambda folder: MemcachedServers(memcached, folder))
        if memcached
        else (lambda folder: start_memcached(folder, sizes)),
        "cachekitio": start_cachekitio,
    }


def _redis(url: str | None, folder: Path) -> Server:
    # Its client is slow to import, and most runs don't need it.
    from cachekit_memprobe.servers.redis import RedisServer, start_redis

    return start_redis(folder) if url is None else RedisServer(url)
