"""Releases for real, and copies of the newest that faults are put into."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from cachekit_memprobe import target
from cachekit_memprobe.model import Target
from cachekit_memprobe.replay.supervisor import Supervisor, supervising
from tests.process.faults import Copy, Workshop
from tests.process.forking import Playground
from tests.process.injected import FAULTS
from tests.process.injected_beside import BESIDE_FAULTS
from tests.process.serving import OwnRedis, redis_on_a_port


@pytest.fixture(scope="session")
def newest() -> Target:
    """The newest release, in an environment that is made once a session at most."""
    return target.resolve("latest")


@pytest.fixture(scope="session")
def installed() -> Target:
    return target.resolve("installed")


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    """A server that plays the user's: with a password, and with an entry of somebody else."""
    with redis_on_a_port(tmp_path / "own") as url:
        yield OwnRedis(url)


@pytest.fixture(scope="session")
def workshop(newest: Target, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    folder = tmp_path_factory.mktemp("copies")
    yield Workshop(newest.python.parents[1], folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def faulty(workshop: Workshop) -> Callable[[str], Copy]:
    """A copy of the newest release with a fault of :mod:`tests.process.injected` in it, each made once."""
    made: dict[str, Copy] = {}

    def copy_with(fault: str) -> Copy:
        if fault not in made:
            made[fault] = workshop.faulty(fault, {**FAULTS, **BESIDE_FAULTS}[fault])
        return made[fault]

    return copy_with


@pytest.fixture
def ground(tmp_path: Path) -> Playground:
    """A target whose libraries are none."""
    made = Playground(tmp_path)
    made.write_libraries()
    return made


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    """One that may use launchers, and leaves neither a process nor a zombie."""
    before = set(psutil.Process().children())
    with supervising(tmp_path / "launchers", fork=True) as made:
        yield made
    assert set(psutil.Process().children()) == before
