"""Launchers that die, hang or can't fork: one measurement is lost at most, and it says why."""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.replay import launcher as client
from cachekit_memprobe.replay.supervisor import Cancelled, Supervisor, supervising
from tests.process.forking import DONE, PANDAS, THREAD, Playground, launchers, leave, runs, sized, until

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands a forked process to its supervisor"),
]

_ENDED = "the launcher of measured processes ended"
_HUNG = "the launcher of measured processes did not answer in time"


def only_launcher() -> psutil.Process:
    (launcher,) = launchers()
    return launcher


class TestALauncherThatIsKilled:
    def test_costs_the_next_measurement_and_is_replaced(
        self, ground: Playground, supervisor: Supervisor
    ) -> None:
        sized(supervisor, ground.launch())
        first = only_launcher()
        first.kill()
        with pytest.raises(CouldNotMeasure, match=_ENDED):
            sized(supervisor, ground.launch())
        assert sized(supervisor, ground.launch()) == DONE
        assert only_launcher() != first

    def test_leaves_a_process_that_it_has_forked_to_do_its_task(
        self, ground: Playground, supervisor: Supervisor
    ) -> None:
        script = leave("here", "1") + 'while not os.path.exists("go"): time.sleep(0.01)'
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(sized, supervisor, ground.launch(script))
            until((ground.folder / "child" / "here").exists)
            only_launcher().kill()
            (ground.folder / "child" / "go").touch()
            assert running.result() == DONE

    def test_while_it_imports_costs_the_measurement_that_waits_for_it(
        self, ground: Playground, supervisor: Supervisor
    ) -> None:
        ground.write_libraries(cachekit='print("still here", flush=True)\nimport time\ntime.sleep(3600)')
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(sized, supervisor, ground.launch())
            until(lambda: "still here" in _output_of(ground))
            only_launcher().kill()
            with pytest.raises(CouldNotMeasure, match=f"{_ENDED}; the last it printed:\n  still here"):
                running.result()
        ground.write_libraries()
        assert sized(supervisor, ground.launch()) == DONE

    def test_by_itself_is_told_with_its_last_words(self, ground: Playground, supervisor: Supervisor) -> None:
        ground.write_libraries(cachekit='import os\nprint("no way", flush=True)\nos._exit(7)')
        with pytest.raises(CouldNotMeasure, match=f"{_ENDED}; the last it printed:\n  no way"):
            sized(supervisor, ground.launch())


class TestALauncherThatHangs:
    def test_costs_the_next_measurement_and_is_replaced(
        self, ground: Playground, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sized(supervisor, ground.launch())
        first = only_launcher()
        first.suspend()
        with monkeypatch.context() as hasty:
            hasty.setattr(client, "_ANSWER_S", 0.2)
            with pytest.raises(CouldNotMeasure, match=_HUNG):
                sized(supervisor, ground.launch())
        assert not runs(first.pid)
        assert sized(supervisor, ground.launch()) == DONE

    def test_while_it_imports_is_given_up(
        self, ground: Playground, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ground.write_libraries(cachekit="import time\ntime.sleep(3600)")
        monkeypatch.setattr(client, "_READY_S", 0.2)
        with pytest.raises(CouldNotMeasure, match=_HUNG):
            sized(supervisor, ground.launch())
        assert launchers() == []

    def test_while_it_imports_ends_with_a_run_that_is_cancelled(
        self, ground: Playground, supervisor: Supervisor
    ) -> None:
        ground.write_libraries(cachekit="import time\ntime.sleep(3600)")
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(sized, supervisor, ground.launch())
            until(launchers)
            supervisor.cancel()
            with pytest.raises(Cancelled):
                running.result()


def _output_of(ground: Playground) -> str:
    """What the first launcher has printed."""
    file = ground.folder / "launchers" / "1" / "output.txt"
    return file.read_text() if file.exists() else ""


_FRESH = leave("words", "sys.argv") + leave("parent", "os.getppid()")


class TestALauncherThatIsPrepared:
    """What is wrong with it is told then, and not waited for a second time."""

    def test_forks_at_once_afterwards(self, ground: Playground, supervisor: Supervisor) -> None:
        supervisor.prepare(ground.launch())
        launcher = only_launcher()
        assert sized(supervisor, ground.launch()) == DONE
        assert only_launcher() == launcher

    def test_costs_that_measurement_if_it_is_lost(self, ground: Playground, supervisor: Supervisor) -> None:
        ground.write_libraries(cachekit="import os; os._exit(1)")
        with pytest.raises(CouldNotMeasure, match=_ENDED):
            supervisor.prepare(ground.launch())
        assert launchers() == []
        ground.write_libraries()
        assert sized(supervisor, ground.launch()) == DONE

    def test_is_given_up_if_it_can_not_fork(self, ground: Playground, supervisor: Supervisor) -> None:
        ground.write_libraries(cachekit="1 / 0")
        supervisor.prepare(ground.launch())
        assert launchers() == []
        assert sized(supervisor, ground.launch()) == DONE
        assert len(list((ground.folder / "launchers").iterdir())) == 1

    def test_is_none_for_a_fresh_process(self, ground: Playground, supervisor: Supervisor) -> None:
        supervisor.prepare(ground.launch(fresh=True))
        assert launchers() == []


class TestALauncherThatCanNotFork:
    """Then every process is a fresh one."""

    @pytest.mark.parametrize(
        "libraries",
        [
            {"cachekit": 'raise ImportError("broken on purpose")'},
            {"cachekit": "1 / 0"},
            {"cachekit": "import no_such_package"},
            {"pyarrow": THREAD},
            {"pandas": f"{THREAD}\n{PANDAS}"},
        ],
        ids=["broken", "faulty", "lacking", "thread-of-pyarrow", "thread-of-pandas"],
    )
    def test_is_gone_and_others_do_its_work(
        self, libraries: dict[str, str], ground: Playground, supervisor: Supervisor
    ) -> None:
        ground.write_libraries(**libraries)
        for name in ("one", "other"):
            assert sized(supervisor, ground.launch(_FRESH, name)) == DONE
            assert "launcher" not in ground.told("words", name)
            assert int(ground.told("parent", name)) == os.getpid()
        assert launchers() == []
        assert len(list((ground.folder / "launchers").iterdir())) == 1  # nobody asks a second time

    def test_is_no_matter_to_several_who_wait_for_it(
        self, ground: Playground, supervisor: Supervisor
    ) -> None:
        ground.write_libraries(cachekit="import time\ntime.sleep(0.5)\n1 / 0")
        names = [f"child-{number}" for number in range(3)]
        with ThreadPoolExecutor(3) as pool:
            tasks = [pool.submit(sized, supervisor, ground.launch(_FRESH, name)) for name in names]
            assert [task.result() for task in tasks] == [DONE] * 3
        assert launchers() == []

    def test_is_one_without_a_library_that_the_target_lacks(
        self, ground: Playground, supervisor: Supervisor
    ) -> None:
        ground.write_libraries(pyarrow='raise ModuleNotFoundError("no pyarrow", name="pyarrow")')
        assert sized(supervisor, ground.launch(leave("words", "sys.argv"))) == DONE
        assert "launcher" in ground.told("words")


class TestATargetWhoseImportStartsAThread:
    """It is left to the forked processes; what it imports itself isn't, where that comes to the same."""

    @pytest.mark.parametrize(
        ("first", "helper", "last", "is_imported"),
        [
            ("", "", THREAD, True),
            ("", THREAD, "", False),
            (
                "import os; os.environ['LEAN'] = '1'",
                "import os; 'LEAN' in os.environ or __import__('extra')",
                THREAD,
                False,
            ),
            (
                "import sys; sys.modules['extra'] = None",
                "try: import extra\nexcept ImportError: pass",
                THREAD,
                False,
            ),
            ("import sys; sys.cachekit = True", "import sys; sys.cachekit", THREAD, False),
        ],
        ids=["of-its-own", "of-another", "told-by-a-variable", "told-by-a-module", "needed-first"],
    )
    def test_is_forked_without(
        self,
        first: str,
        helper: str,
        last: str,
        is_imported: bool,
        ground: Playground,
        supervisor: Supervisor,
    ) -> None:
        ground.write_libraries(cachekit=f"{first}\nimport helper\n{last}", helper=helper, extra="")
        names = '[name in sys.modules for name in ("pandas", "helper", "cachekit")]'
        script = leave("words", "sys.argv") + leave("loaded", names)
        assert sized(supervisor, ground.launch(script)) == DONE
        assert "without-target" in ground.told("words")
        assert ground.told("loaded") == str([True, is_imported, False])
        assert only_launcher().num_threads() == 1


def test_a_launcher_outlives_the_thread_that_needed_it_first(ground: Playground, tmp_path: Path) -> None:
    with supervising(tmp_path / "launchers", fork=True) as supervisor:
        thread = threading.Thread(target=sized, args=(supervisor, ground.launch()))
        thread.start()
        thread.join()
        psutil.wait_procs(launchers(), timeout=0.5)
        alive = len(launchers()) == 1
    assert alive
