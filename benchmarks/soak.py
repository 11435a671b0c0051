"""Does anything pile up? Many runs in one process, and many runs that a signal ends at a random moment.

``python benchmarks/soak.py [--runs 50] [--signals 200] [--seed 1]``. Ends with 1 if something isn't flat.
"""

import argparse
import collections
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import redis

from cachekit_memprobe import pipeline, programs, target
from cachekit_memprobe.metrics import MEMRAY, RSS
from cachekit_memprobe.model import Run, RunOptions, Scenario
from cachekit_memprobe.runstore import RunFolder
from cachekit_memprobe.scenario import load_bundled, with_overrides
from cachekit_memprobe.servers import OwnServers
from cachekit_memprobe.servers.process import LOOPBACK, ServerProcess, on_a_free_port
from cachekit_memprobe.servers.redis import start_redis

_SIZE_BYTES = 8 << 20
_NAMES = ("arrow-l1-hit", "redis-l2-hit", "redis-l2-hit-encrypted", "memcached-l2-hit")
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_WARM_UP = 5
"""Runs after which libraries have loaded what they load once."""

_FLAT_MB = 0.5
"""A run, by which the memory of this process may grow."""

_KEPT_RUNS = 3
_ENDING_S = 60


@dataclass(frozen=True)
class State:
    """What could pile up."""

    memory_mb: float
    descriptors: int
    threads: int
    children: int
    temporary_files: int
    run_folders: int
    redis_keys: int
    memcached_items: int


@dataclass(frozen=True)
class Place:
    """Where it all happens: folders of the soak's own, and servers that play the user's."""

    temporary: Path
    state: Path
    url: str
    address: tuple[str, int] | None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name in _NAMES if self.address or not name.startswith("memcached"))

    @property
    def own(self) -> OwnServers:
        return OwnServers(self.url, (self.address,) if self.address else ())

    def look(self) -> State:
        process = psutil.Process()
        client: redis.Redis = redis.Redis.from_url(self.url)
        with client:
            keys = client.dbsize()
        stats = _stats(self.address) if self.address else "curr_items 0"
        return State(
            memory_mb=process.memory_info().rss / (1 << 20),
            descriptors=process.num_fds(),
            threads=process.num_threads(),
            children=len(process.children(recursive=True)),
            temporary_files=sum(1 for _ in self.temporary.rglob("*")),
            run_folders=sum(1 for _ in self.state.glob("cachekit-memprobe/runs/*")),
            redis_keys=int(str(keys)),
            memcached_items=int(stats.partition("curr_items ")[2].split()[0]),
        )


@contextmanager
def _place() -> Iterator[Place]:
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="memprobe-soak-"))).resolve()
        folders = [root / name for name in ("tmp", "state", "redis", "memcached")]
        for folder in folders:
            folder.mkdir()
        temporary, state, of_redis, of_memcached = folders
        os.environ.update(
            TMPDIR=str(temporary), XDG_STATE_HOME=str(state), CACHEKIT_MEMPROBE_KEEP_RUNS=str(_KEPT_RUNS)
        )
        tempfile.tempdir = None
        server = start_redis(of_redis)
        stack.callback(server.close)
        address = None
        if programs.memcached():
            memcached, port = on_a_free_port(
                lambda port: _memcached(port, of_memcached), lambda _, port: _listens((LOOPBACK, port))
            )
            stack.callback(memcached.close)
            address = (LOOPBACK, port)
        yield Place(temporary, state, server.connection("x").environment["CACHEKIT_REDIS_URL"], address)


def _memcached(port: int, folder: Path) -> ServerProcess:
    """The user's, which asks for no login."""
    user = ("-u", "root") if os.geteuid() == 0 else ()
    room = ("-I", "64m", "-m", "512")
    network = ("-l", LOOPBACK, "-p", str(port))
    return ServerProcess("memcached", (str(programs.memcached()), *network, *room, *user), folder)


def _listens(address: tuple[str, int]) -> bool:
    try:
        return "pid" in _stats(address)
    except OSError:
        return False


def _stats(address: tuple[str, int]) -> str:
    with socket.create_connection(address, timeout=5) as client:
        client.sendall(b"stats\r\n")
        answer = b""
        while not answer.endswith(b"END\r\n"):
            answer += client.recv(65536)
    return answer.decode()


def soak_runs(place: Place, count: int) -> list[str]:
    """Run in this process; what isn't flat."""
    installed = target.resolve("installed")
    options = RunOptions((RSS, MEMRAY), reads=2)
    states = []
    print(f"{count} runs in one process, each of {', '.join(place.names)}")
    for number in range(1, count + 1):
        planned = Run.planned(installed, options, [_scenario(name) for name in place.names])
        pipeline.run(planned, RunFolder.create(), lambda _step: None, _by_turns(place, number))
        states.append(place.look())
        if number in (1, _WARM_UP, count) or number % 10 == 0:
            print(f"  after {number:3}: {_line(states[-1])}", flush=True)
    return _not_flat(states)


def _by_turns(place: Place, number: int) -> OwnServers:
    """Every other run starts servers of its own."""
    return place.own if number % 2 else OwnServers()


def _scenario(name: str) -> Scenario:
    return with_overrides(load_bundled(name), size_bytes=_SIZE_BYTES)


def _not_flat(states: list[State]) -> list[str]:
    if len(states) <= _WARM_UP:
        return []
    first, last = states[_WARM_UP - 1], states[-1]
    growth_mb = (last.memory_mb - first.memory_mb) / (len(states) - _WARM_UP)
    print(f"  memory of this process: {growth_mb:+.2f} MB a run")
    found = [f"memory grows by {growth_mb:.2f} MB a run"] if growth_mb > _FLAT_MB else []
    return found + _grown(first, last)


def _grown(first: State, last: State) -> list[str]:
    """What else there is more of."""
    found = []
    for name, before in vars(first).items():
        after = vars(last)[name]
        if name != "memory_mb" and after > before:
            found.append(f"{name.replace('_', ' ')}: {before} before, {after} after")
    return found


def _line(state: State) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value:.0f}" for name, value in vars(state).items())


def soak_signals(place: Place, count: int, chance: random.Random) -> list[str]:
    """Start runs, and end each with a signal at a random moment; what went wrong, and what isn't flat."""
    usual_s = {name: _timed(lambda name=name: _run(place, name).communicate()) for name in place.names}  # type: ignore[misc]
    before, problems = place.look(), []
    ends: collections.Counter[str] = collections.Counter()
    print(f"{count} runs that a signal ends")
    for number in range(1, count + 1):
        name, signum = chance.choice(place.names), chance.choice(_SIGNALS)
        after_s = chance.uniform(0, usual_s[name])
        end, problem = _signalled(place, name, signum, after_s)
        ends[end] += 1
        if problem:
            problems.append(f"{name}, {signum.name} after {after_s:.2f} s: {problem}")
            print(f"  {problems[-1]}", flush=True)
        if number % 20 == 0 or number == count:
            print(f"  after {number:3}: {_line(place.look())}", flush=True)
    print("  how they ended: " + ", ".join(f"{end} {times}" for end, times in ends.most_common()))
    return problems + _grown(before, place.look())


def _timed(action: Callable[[], object]) -> float:
    began = time.monotonic()
    action()
    return time.monotonic() - began


def _run(place: Place, name: str) -> "subprocess.Popen[str]":
    servers = ["--redis-url", place.url]
    if place.address:
        servers += ["--memcached-servers", "{}:{}".format(*place.address)]
    size = ("--size", f"{_SIZE_BYTES >> 20}MiB")
    return subprocess.Popen(
        [sys.executable, "-m", "cachekit_memprobe", "run", name, *size, "--quick", *servers],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _signalled(place: Place, name: str, signum: signal.Signals, after_s: float) -> tuple[str, str]:
    """How the run ended, and what was wrong with that or with what it left."""
    run = _run(place, name)
    with run:
        time.sleep(after_s)
        run.send_signal(signum)
        try:
            _, said = run.communicate(timeout=_ENDING_S)
        except subprocess.TimeoutExpired:
            run.kill()
            return "not at all", f"it still runs {_ENDING_S} s later"
    expected = {128 + signum: "cleaned up", -signum: "before or after all that matters"}
    end = expected.get(run.returncode, f"by itself, with {run.returncode}")
    return end, "; ".join(_left(place, run.returncode, said))


def _left(place: Place, status: int, said: str) -> Iterator[str]:
    state = place.look()
    if "Traceback" in said and status > 0:
        yield f"a traceback: {said[-300:]}"
    if state.temporary_files:
        yield f"{state.temporary_files} temporary files: {[*place.temporary.iterdir()]}"
    if state.redis_keys or state.memcached_items:
        yield f"{state.redis_keys} keys in Redis, {state.memcached_items} in Memcached"
    for process in psutil.process_iter(["cmdline", "cwd"]):
        with suppress(psutil.Error):
            if str(place.temporary) in f"{process.info['cwd']} {process.info['cmdline']}":
                yield f"a process: {process.info['cmdline']}"


def main() -> int:
    """Soak; 1 if something isn't flat."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--signals", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    # A shell's background job ignores SIGINT, and so would every run that is started here.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with _place() as place:
        problems = soak_signals(place, asked.signals, random.Random(asked.seed)) if asked.signals else []
        problems += soak_runs(place, asked.runs) if asked.runs else []
    print("\n".join(["not flat:", *(f"  {problem}" for problem in problems)]) if problems else "all flat")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
