"""Releases for real, and copies of the newest that faults are put into."""

import shutil
from collections.abc import Callable, Iterator

import pytest

from cachekit_memprobe import target
from cachekit_memprobe.model import Target
from tests.process.faults import Copy, Workshop
from tests.process.injected import FAULTS


@pytest.fixture(scope="session")
def newest() -> Target:
    """The newest release, in an environment that is made once a session at most."""
    return target.resolve("latest")


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
            made[fault] = workshop.faulty(fault, FAULTS[fault])
        return made[fault]

    return copy_with
