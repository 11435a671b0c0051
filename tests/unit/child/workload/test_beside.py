"""What works on after a call: it is waited for, for as long as there is something to wait for."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cachekit_memprobe.child import started
from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.workload import beside
from cachekit_memprobe.child.workload.beside import Beside
from cachekit_memprobe.child.workload.callers import Caller, LoopCaller

LATER_S = 0.05


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "LONGEST_S", 0.5)


@pytest.fixture
def ended() -> Iterator[threading.Event]:
    """Set when the test is over, for threads that would never end."""
    event = threading.Event()
    yield event
    event.set()


def later(done: list[str]) -> None:
    time.sleep(LATER_S)
    done.append("done")


def nothing_is_left_of(work: Callable[[list[str]], object]) -> None:
    waiting, done = Beside(Caller()), list[str]()
    work(done)
    assert waiting.wait(patience_s=5) == ()
    assert done == ["done"]


def test_a_thread_is_waited_for() -> None:
    nothing_is_left_of(lambda done: threading.Thread(target=later, args=(done,)).start())


def test_a_timer_is_waited_for_and_what_it_starts() -> None:
    def come(done: list[str]) -> None:
        threading.Thread(target=later, args=(done,)).start()

    nothing_is_left_of(lambda done: threading.Timer(LATER_S, come, (done,)).start())


def test_work_of_an_executor_is_waited_for_on_a_thread_that_was_there_before() -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: None).result()
        nothing_is_left_of(lambda done: [pool.submit(lambda: None), pool.submit(later, done)])


def test_a_thread_is_none_of_an_executor_that_had_its_number_before(ended: threading.Event) -> None:
    with ThreadPoolExecutor(1) as pool:
        kept = pool.submit(threading.current_thread).result()
    for _ in range(100):
        waiting = Beside(Caller())
        thread = threading.Thread(target=ended.wait, name="rests")
        thread.start()
        if thread.ident == kept.ident:
            (name,) = waiting.wait(patience_s=0.1)
            assert name.startswith("the thread rests")
            return
    pytest.skip("no thread has got the number of an earlier one")


def test_a_thread_of_the_targets_own_that_gets_new_work_is_waited_for(ended: threading.Event) -> None:
    wanted, done = threading.Event(), list[str]()

    def work() -> None:
        wanted.wait()
        later(done)
        ended.wait()

    threading.Thread(target=work).start()
    waiting = Beside(Caller())
    wanted.set()
    waiting.wait(patience_s=1)
    assert done == ["done"]


def test_a_thread_that_was_there_before_and_goes_on_is_nobodys(ended: threading.Event) -> None:
    began = threading.Event()

    def beat() -> None:
        while not ended.wait(0.001):
            began.set()

    threading.Thread(target=beat).start()
    began.wait()
    waiting = Beside(Caller())
    assert waiting.wait(patience_s=1) == ()


def test_a_thread_that_only_rests_is_told_by_its_name_and_its_work(ended: threading.Event) -> None:
    def beat() -> None:
        while not ended.wait(0.01):
            pass

    waiting = Beside(Caller())
    threading.Thread(target=beat, name="beat").start()
    (name,) = waiting.wait(patience_s=0.1)
    line = beat.__code__.co_firstlineno
    assert name.startswith(f"the thread beat, which runs beat at {__file__}:{line}")


def test_a_timer_that_sets_itself_again_has_shown_what_it_does(ended: threading.Event) -> None:
    def beat() -> None:
        if not ended.is_set():
            threading.Timer(0.02, beat).start()

    waiting = Beside(Caller())
    beat()
    assert all(name.startswith("the timer Thread-") for name in waiting.wait(patience_s=0.2))


def test_a_timer_that_comes_too_late_is_refused_by_its_name() -> None:
    waiting, timer = Beside(Caller()), threading.Timer(60, bytes)
    timer.daemon = True
    timer.start()
    try:
        with pytest.raises(CouldNotMeasure, match=rf"not done 0\.5 s after.*: the timer {timer.name}"):
            waiting.wait()
    finally:
        timer.cancel()


def test_a_thread_that_works_and_does_not_end_is_refused(ended: threading.Event) -> None:
    def spin() -> None:
        while not ended.is_set():
            pass

    waiting = Beside(Caller())
    threading.Thread(target=spin, name="spinning").start()
    with pytest.raises(CouldNotMeasure, match="the thread spinning, which runs spin"):
        waiting.wait(patience_s=60)


class TestALoop:
    @pytest.fixture
    def caller(self) -> Iterator[LoopCaller]:
        made = LoopCaller(1)
        yield made
        made._crew.executor.shutdown()
        made._loop.run_until_complete(made._loop.shutdown_asyncgens())
        for task in asyncio.all_tasks(made._loop):
            task.cancel()
        made._loop.run_until_complete(asyncio.sleep(0))
        made._loop.close()

    def test_goes_on_with_a_task(self, caller: LoopCaller) -> None:
        waiting, done = Beside(caller), list[str]()

        async def work() -> None:
            await asyncio.sleep(LATER_S)
            done.append("done")

        async def read(_: str) -> None:
            done.append(str(asyncio.get_running_loop().create_task(work()).done()))

        caller.call(read, ["a"])
        assert waiting.wait(patience_s=5) == ()
        assert done == ["False", "done"]

    def test_goes_on_until_a_callback_has_come(self, caller: LoopCaller) -> None:
        waiting, done = Beside(caller), list[str]()

        async def read(_: str) -> None:
            asyncio.get_running_loop().call_later(LATER_S, done.append, "done")

        caller.call(read, ["a"])
        waiting.wait(patience_s=0)
        assert done == ["done"]

    def test_goes_on_with_what_is_due_at_once(self, caller: LoopCaller) -> None:
        waiting, done = Beside(caller), list[str]()

        async def read(_: str) -> None:
            loop = asyncio.get_running_loop()
            loop.call_soon(lambda: loop.call_soon(lambda: loop.call_soon(done.append, "done")))

        caller.call(read, ["a"])
        assert done == []
        waiting.wait(patience_s=0)
        assert done == ["done"]

    def test_has_a_heartbeat_told_by_its_name(self, caller: LoopCaller) -> None:
        waiting = Beside(caller)

        async def beat() -> None:
            while True:
                await asyncio.sleep(0.01)

        async def read(_: str) -> None:
            asyncio.get_running_loop().create_task(beat(), name="beat")

        caller.call(read, ["a"])
        assert waiting.wait(patience_s=0.1) == ("the task beat",)
        waiting.note()
        assert waiting.wait(patience_s=5) == ()


def test_where_a_thread_was_started_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Path(__file__).parent
    monkeypatch.setattr(threading.Thread, "start", threading.Thread.start)  # put back afterwards
    monkeypatch.setattr(started, "_package", [])
    started.listen(str(here))
    started.forget()
    thread = threading.Thread(target=lambda: places.append(started.current_start()))
    places = [started.place_of(thread)]
    thread.start()
    thread.join()
    (place,) = started.places()
    assert (place.file, place.function) == (__file__, test_where_a_thread_was_started_is_known.__name__)
    assert places == [None, place]
    assert started.relative(place.file) == f"workload/{Path(__file__).name}"
