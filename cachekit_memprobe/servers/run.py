"""The servers of one run: each is started once, when a scenario needs it, and shared by all that do."""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from cachekit_memprobe.child.shortage import is_shortage, with_shortage
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.model import Connection, Scenario
from cachekit_memprobe.servers.cachekitio import start_cachekitio
from cachekit_memprobe.servers.left_behind import LeftBehind
from cachekit_memprobe.servers.memcached import Address, MemcachedServers, start_memcached
from cachekit_memprobe.servers.server import Server

_SOON = "a day"
_UNKNOWN_BYTES = 1 << 29
"""What a function returns may be of any size; so much is made room for."""

_PRIVATE, _THEIRS = "private-", "theirs-"


@dataclass(frozen=True)
class OwnServers:
    """The servers that the user wants to be used; for the others one is started.

    Attributes:
        redis_url: it may hold a password.
        memcached: addresses.
    """

    redis_url: str | None = field(default=None, repr=False)
    memcached: tuple[Address, ...] = field(default=(), repr=False)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The backends that have one of these."""
        given = {"redis": self.redis_url, "memcached": self.memcached}
        return tuple(kind for kind, server in given.items() if server)


class Servers:
    """The servers that run, and the reasons why others don't."""

    def __init__(self, servers: Mapping[str, Server], reasons: Mapping[str, str]) -> None:
        """Both by the server's name, see :func:`server_of`."""
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
        name = server_of(scenario)
        if name in self._reasons:
            raise CouldNotMeasure(self._reasons[name])
        server = self._servers.get(name)
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
def serving(
    scenarios: Sequence[Scenario],
    own: OwnServers,
    folder: Path,
    notes: Path | None = None,
    lasting: str = _SOON,
) -> Iterator[Servers]:
    """Run the servers that the scenarios need.

    To be entered in a thread that lives as long as the run: on Linux servers die with the thread that
    started them. One that can't be started only keeps its own scenarios from being measured.

    Args:
        folder: for the servers' files; somebody else removes it.
        notes: for what is stored in servers of the user's, see :func:`forget_left_behind`; in ``folder``
            if it isn't given.
        lasting: how long entries last at most, in words.
    """
    starters = _starters(scenarios)
    theirs = _own_servers(own, notes or folder / "notes", lasting)
    wanted = {server_of(scenario): scenario.caching.backend for scenario in scenarios}
    servers: dict[str, Server] = {}
    reasons: dict[str, str] = {}
    with ExitStack() as stack:
        for name, backend in wanted.items():
            if backend not in starters or (name.startswith(_THEIRS) and backend not in theirs):
                continue
            own_folder = folder / name
            private = partial(starters[backend], own_folder)
            start = private if name.startswith(_PRIVATE) else theirs.get(backend) or private
            try:
                own_folder.mkdir(parents=True, mode=0o700)
                servers[name] = start()
            except CouldNotMeasure as reason:
                reasons[name] = str(reason)
            except OSError as error:
                if not is_shortage(error):
                    raise
                reasons[name] = with_shortage(str(error))
            else:
                stack.callback(servers[name].close)
        yield Servers(servers, reasons)


def server_of(scenario: Scenario) -> str:
    """Which server of the run a scenario reads from, by name.

    The user's own function has keys that a server of theirs may have already, and would overwrite: it gets
    a private one, unless it is to use their cache.
    """
    call = scenario.value.call
    if call is None:
        return scenario.caching.backend
    return f"{_THEIRS if call.own_cache else _PRIVATE}{scenario.caching.backend}"


def forget_left_behind(own: OwnServers, notes: Path) -> None:
    """Delete what a killed run has left in servers of the user's, as far as this run is given servers.

    A note goes as soon as its names were looked for. If it was another server that had them, they expire.

    Args:
        notes: of the killed run; those that can't be dealt with stay.
    """
    for backend, connected in _own_servers(own, notes, _SOON).items():
        server = connected()
        try:
            for namespace in LeftBehind(notes / backend).namespaces():
                server.forget(namespace)
        except CouldNotMeasure:
            pass
        finally:
            server.close()


def _starters(scenarios: Sequence[Scenario]) -> dict[str, Callable[[Path], Server]]:
    sizes = [
        case.value.logical_bytes or _UNKNOWN_BYTES
        for case in scenarios
        if case.caching.backend == "memcached"
    ]
    return {
        "redis": _start_redis,
        "memcached": lambda folder: start_memcached(folder, sizes),
        "cachekitio": start_cachekitio,
    }


def _own_servers(own: OwnServers, notes: Path, lasting: str) -> dict[str, Callable[[], Server]]:
    url, addresses = own.redis_url, own.memcached
    found: dict[str, Callable[[], Server]] = {}
    if url is not None:
        found["redis"] = lambda: _redis(url, LeftBehind(notes / "redis", lasting))
    if addresses:
        found["memcached"] = lambda: MemcachedServers(addresses, LeftBehind(notes / "memcached", lasting))
    return found


# Redis's client is slow to import, and most runs don't need it.


def _start_redis(folder: Path) -> Server:
    from cachekit_memprobe.servers.redis import start_redis

    return start_redis(folder)


def _redis(url: str, left: LeftBehind) -> Server:
    from cachekit_memprobe.servers.redis import RedisServer

    return RedisServer(url, left=left)
