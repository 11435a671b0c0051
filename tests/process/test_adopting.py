"""Whose children the processes of a launcher become, and only while they have to."""

import ctypes
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cachekit_memprobe.replay.launcher import adopting
from cachekit_memprobe.replay.supervisor import supervising
from tests.process.forking import DONE, Playground, sized

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands a forked process to its supervisor"),
]

_PR_SET_CHILD_SUBREAPER, _PR_GET_CHILD_SUBREAPER = 36, 37


def adopts() -> bool:
    found = ctypes.c_int()
    ctypes.CDLL(None).prctl(_PR_GET_CHILD_SUBREAPER, ctypes.byref(found), 0, 0, 0)
    return bool(found.value)


def adopt(yes: bool) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(yes), 0, 0, 0)


@pytest.fixture(autouse=True)
def as_any_program() -> Iterator[None]:
    """Tests that start processes adopt orphans themselves."""
    before = adopts()
    adopt(False)
    yield
    adopt(before)


def test_orphans_are_adopted_inside_and_as_before_outside() -> None:
    with adopting():
        assert adopts()
        with adopting():
            assert adopts()
        assert adopts()
    assert not adopts()


def test_who_adopted_before_does_afterwards() -> None:
    adopt(True)
    with adopting():
        assert adopts()
    assert adopts()


def test_a_failure_changes_nothing_of_that() -> None:
    with pytest.raises(KeyboardInterrupt), adopting():
        raise KeyboardInterrupt
    assert not adopts()


class _Adopter:
    """Somebody who adopts on a thread, from when to when is told."""

    def __init__(self) -> None:
        self._begun, self._end = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        with adopting():
            self._begun.set()
            self._end.wait(60)

    def begin(self) -> None:
        self._thread.start()
        self._begun.wait(60)

    def end(self) -> None:
        self._end.set()
        self._thread.join()


def test_two_runs_that_overlap_adopt_until_both_have_ended() -> None:
    first, second = _Adopter(), _Adopter()
    first.begin()
    second.begin()
    first.end()
    adopted = adopts()
    second.end()
    assert (adopted, adopts()) == (True, False)


def test_a_forked_process_comes_to_a_program_that_adopts_nothing_else(
    ground: Playground, tmp_path: Path
) -> None:
    with supervising(tmp_path / "launchers", fork=True) as supervisor:
        assert sized(supervisor, ground.launch()) == DONE
    assert not adopts()
