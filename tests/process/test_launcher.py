"""Processes that a launcher has forked: as good as fresh ones, and as gone when they are done."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.replay.supervisor import Cancelled, Supervisor, supervising
from tests.process.forking import (
    DONE,
    SLEEPER,
    Playground,
    launchers,
    leave,
    runs,
    sized,
    until,
)

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands a forked process to its supervisor"),
]

_HANG = "time.sleep(3600)\n"


class TestAForkedProcess:
    def test_does_its_task_and_its_result_comes(self, ground: Playground, supervisor: Supervisor) -> None:
        assert sized(supervisor, ground.launch(leave("words", "sys.argv"))) == DONE
        assert "'launcher'" in ground.told("words")

    def test_is_a_child_of_ours_that_leads_a_session(
        self, ground: Playground, supervisor: Supervisor
    ) -> None:
        script = leave("ids", "[os.getpid(), os.getppid(), os.getsid(0), os.getpgrp()]")
        sized(supervisor, ground.launch(script))
        pid, parent, session, group = map(int, ground.told("ids").strip("[]").split(","))
        assert parent == os.getpid()
        assert session == group == pid

    def test_has_its_own_folder_and_the_environment_that_it_was_given(
        self, ground: Playground, supervisor: Supervisor
    ) -> None:
        ground.environment["WORD"] = "kept"
        script = "import tempfile\n" + leave(
            "where", '[os.getcwd(), os.environ["HOME"], tempfile.gettempdir(), os.environ["WORD"]]'
        )
        for name in ("one", "other"):
            sized(supervisor, ground.launch(script, name))
            home = str(ground.folder / name)
            assert ground.told("where", name) == str([home, home, home, "kept"])
        assert len(launchers()) == 1

    def test_prints_into_its_own_output(self, ground: Playground, supervisor: Supervisor) -> None:
        script = 'print("out", flush=True); print("err", file=sys.stderr); os.system("echo deep"); 1 / 0'
        with pytest.raises(CouldNotMeasure, match=r"ZeroDivisionError: division by zero") as caught:
            sized(supervisor, ground.launch(script))
        words = str(caught.value).partition("the last it printed:")[2].split()
        assert sorted(words) == ["deep", "err", "out"]

    @pytest.mark.parametrize(
        ("script", "reason"),
        [
            ("os._exit(5)", "ended with status 5 and without a result"),
            ("os.kill(os.getpid(), 9)", r"was killed \(SIGKILL\)"),
            ("os.kill(os.getpid(), 11)", "was killed by signal 11"),
            (_HANG, "did not finish within 1 s; see --timeout"),
        ],
    )
    def test_that_goes_astray_is_told_as_any_and_leaves_the_launcher(
        self, script: str, reason: str, ground: Playground, supervisor: Supervisor
    ) -> None:
        with pytest.raises(CouldNotMeasure, match=reason):
            sized(supervisor, ground.launch(leave("pid", "os.getpid()") + script, timeout_s=1))
        assert not psutil.pid_exists(int(ground.told("pid")))
        (launcher,) = launchers()
        assert sized(supervisor, ground.launch()) == DONE
        assert launchers() == [launcher]

    def test_is_gone_with_all_that_it_has_started(self, ground: Playground, supervisor: Supervisor) -> None:
        sized(supervisor, ground.launch(leave("sleeper", f"{SLEEPER}.pid") + leave("pid", "os.getpid()")))
        assert not psutil.pid_exists(int(ground.told("pid")))
        assert not psutil.pid_exists(int(ground.told("sleeper")))

    def test_dies_with_its_group_when_the_run_is_cancelled(
        self, ground: Playground, supervisor: Supervisor
    ) -> None:
        script = leave("pids", f"[os.getpid(), {SLEEPER}.pid]") + _HANG
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(sized, supervisor, ground.launch(script))
            until((ground.folder / "child" / "pids").exists)
            supervisor.cancel()
            with pytest.raises(Cancelled):
                running.result()
        assert not any(runs(int(pid)) for pid in ground.told("pids").strip("[]").split(","))
        with pytest.raises(Cancelled):
            sized(supervisor, ground.launch())

    def test_is_buried_when_the_run_is_cancelled_the_moment_it_is_there(
        self, ground: Playground, supervisor: Supervisor
    ) -> None:
        others = set(psutil.Process().children())  # multiprocessing's, if an earlier test has needed it
        slow = "import os, time\nat_once = os.setsid\nos.setsid = lambda: (time.sleep(1), at_once())\n"
        ground.write_libraries(sitecustomize=slow)
        sized(supervisor, ground.launch())
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(sized, supervisor, ground.launch())
            until(lambda: len(set(psutil.Process().children()) - others) == 2)
            time.sleep(0.2)  # until its number is known, too
            (forked,) = set(psutil.Process().children()) - others - set(launchers())
            supervisor.cancel()
            with pytest.raises(Cancelled):
                running.result()
        left = psutil.pid_exists(forked.pid)
        psutil.wait_procs([forked])
        assert not left

    def test_has_company(self, ground: Playground, supervisor: Supervisor) -> None:
        """Each waits until the other one is there."""
        script = leave("here", "1") + 'while not os.path.exists("../%s/here"): time.sleep(0.01)\n'
        sized(supervisor, ground.launch())
        pairs = [("one", "other"), ("other", "one")]
        with ThreadPoolExecutor(2) as pool:
            tasks = [pool.submit(sized, supervisor, ground.launch(script % to, name)) for name, to in pairs]
            assert [task.result() for task in tasks] == [DONE, DONE]
        assert len(launchers()) == 1

    def test_leaves_no_descriptor_open(self, ground: Playground, supervisor: Supervisor) -> None:
        sized(supervisor, ground.launch())
        (launcher,) = launchers()
        before = psutil.Process().num_fds(), launcher.num_fds()
        for number in range(3):
            sized(supervisor, ground.launch("", f"child-{number}"))
            with pytest.raises(CouldNotMeasure):
                sized(supervisor, ground.launch("os._exit(1)", f"failed-{number}"))
        assert (psutil.Process().num_fds(), launcher.num_fds()) == before

    def test_is_none_where_there_is_to_be_a_fresh_one(self, ground: Playground, tmp_path: Path) -> None:
        with (
            supervising(tmp_path / "launchers", fork=False) as never,
            supervising(tmp_path, fork=True) as other,
        ):
            sized(never, ground.launch(leave("words", "sys.argv"), "one"))
            sized(other, ground.launch(leave("words", "sys.argv"), "other", fresh=True))
            assert launchers() == []
        assert "launcher" not in ground.told("words", "one") + ground.told("words", "other")


def test_another_environment_has_another_launcher(ground: Playground, supervisor: Supervisor) -> None:
    for word in ("one", "other", "one"):
        ground.environment["WORD"] = word
        sized(supervisor, ground.launch(leave("word", 'os.environ["WORD"]')))
        assert ground.told("word") == word
    assert len(launchers()) == 2


_SUPERVISOR = """
import sys
from pathlib import Path
from tests.process.forking import Playground, leave, sized
from cachekit_memprobe.replay.supervisor import supervising
ground = Playground(Path(sys.argv[1]))
ground.write_libraries(cachekit=sys.argv[2])
with supervising(ground.folder / "launchers", fork=True) as supervisor:
    sized(supervisor, ground.launch(leave("here", "1") + "time.sleep(3600)"))
"""


def _left_by_a_killed_supervisor(
    ground: Playground, cachekit: str, until_there_is: Path
) -> list[psutil.Process]:
    """Which of its processes run on, of the launcher's and the task's; they are ended here."""
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", _SUPERVISOR, str(ground.folder), cachekit],
        env={**os.environ, "PYTHONPATH": str(root)},
    ) as process:
        until(until_there_is.exists)
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGKILL)
    assert children
    _, left = psutil.wait_procs(children, timeout=5)
    for child in left:
        child.kill()
    psutil.wait_procs(left)
    return left


def test_all_die_with_a_supervisor_that_is_killed(ground: Playground) -> None:
    assert _left_by_a_killed_supervisor(ground, "", ground.folder / "child" / "here") == []


def test_so_does_a_launcher_whose_import_hangs(ground: Playground) -> None:
    importing = ground.folder / "importing"
    hangs = f'import time\nopen("{importing}", "w").close()\ntime.sleep(3600)'
    assert _left_by_a_killed_supervisor(ground, hangs, importing) == []
