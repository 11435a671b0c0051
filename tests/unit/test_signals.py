import os
import signal
from pathlib import Path

import psutil
import pytest

from cachekit_memprobe import offspring, processes
from cachekit_memprobe.offspring import Mark
from cachekit_memprobe.signals import Terminated, terminable, undisturbed


@pytest.mark.parametrize(
    ("signum", "raised"), [(signal.SIGTERM, Terminated), (signal.SIGINT, KeyboardInterrupt)]
)
def test_a_signal_waits_until_it_is_let_through(signum: int, raised: type[BaseException]) -> None:
    reached = []

    def work() -> None:
        with terminable(), undisturbed() as let_through:
            os.kill(os.getpid(), signum)
            reached.append("begun")
            let_through()
            reached.append("never")

    with pytest.raises(raised):
        work()
    assert reached == ["begun"]


def test_a_signal_that_nobody_lets_through_comes_at_the_end() -> None:
    reached = []

    def work() -> None:
        with terminable():
            with undisturbed():
                os.kill(os.getpid(), signal.SIGHUP)
                reached.append("begun")
            reached.append("never")

    with pytest.raises(Terminated):
        work()
    assert reached == ["begun"]


@pytest.mark.process
def test_a_program_that_has_just_been_started_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal between its start and the moment from which it would be ended."""
    began: list[int] = []

    def interrupted(pid: int) -> Mark:
        began.append(pid)
        os.kill(os.getpid(), signal.SIGQUIT)
        return Mark(None)

    monkeypatch.setattr(offspring, "mark", interrupted)
    with terminable(), pytest.raises(Terminated):
        processes.run(["sleep", "1000"], env={"PATH": os.defpath}, cwd=tmp_path, timeout_s=60)
    assert not psutil.pid_exists(began[0])
