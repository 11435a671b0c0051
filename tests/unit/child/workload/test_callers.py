"""Calls: alone, together on threads, as tasks of a loop; none of them starts a thread."""

import asyncio
import threading
import weakref
from collections.abc import Callable
from concurrent.futures.thread import _WorkItem
from typing import Any

import pytest

from cachekit_memprobe.child.task import Read
from cachekit_memprobe.child.workload.callers import Caller, LoopCaller, ThreadsCaller, caller_for


def thread_name(argument: str) -> str:
    return f"{argument} on {threading.current_thread().name}"


async def worker_name(argument: str) -> str:
    return await asyncio.to_thread(thread_name, argument)


def close(caller: Caller) -> None:
    """What a measured process leaves to its end."""
    crew = getattr(caller, "_crew", None)
    if crew is not None:
        crew.executor.shutdown()
    loop = getattr(caller, "_loop", None)
    if loop is not None:
        loop.close()


@pytest.mark.parametrize(
    ("read", "kind"),
    [
        (Read("l1", "memory"), Caller),
        (Read("l1", "memory", readers=1), Caller),
        (Read("l1", "memory", readers=2), ThreadsCaller),
        (Read("l1", "memory", asynchronous=True), LoopCaller),
        (Read("l1", "memory", asynchronous=True, readers=2), LoopCaller),
    ],
)
def test_the_read_tells_who_calls(read: Read, kind: type[Caller]) -> None:
    caller = caller_for(read)
    assert type(caller) is kind
    close(caller)


def test_one_reader_calls_on_this_thread() -> None:
    assert Caller().call(thread_name, ["a"]) == [f"a on {threading.current_thread().name}"]


@pytest.mark.parametrize(
    ("make", "function"),
    [(lambda: ThreadsCaller(4), thread_name), (lambda: LoopCaller(4), worker_name)],
)
def test_readers_keep_their_order_and_need_no_new_thread(
    make: Callable[[], Caller], function: Callable[[str], object]
) -> None:
    caller = make()
    before = set(threading.enumerate())
    results = caller.call(function, ["a", "b", "c", "d"])
    assert [text.split()[0] for text in results] == ["a", "b", "c", "d"]
    assert set(threading.enumerate()) == before
    close(caller)


def test_readers_on_threads_run_at_the_same_time() -> None:
    caller = ThreadsCaller(3)
    together = threading.Barrier(3)
    assert sorted(caller.call(lambda _name: together.wait(10), ["a", "b", "c"])) == [0, 1, 2]
    close(caller)


@pytest.mark.parametrize(("make", "threads"), [(lambda: ThreadsCaller(3), 3), (lambda: LoopCaller(1), 2)])
def test_an_action_runs_once_on_every_other_thread(make: Callable[[], Caller], threads: int) -> None:
    caller = make()
    names: list[str] = []
    caller.on_other_threads(lambda: names.append(threading.current_thread().name))
    assert len(set(names)) == len(names) == threads
    assert threading.current_thread().name not in names
    close(caller)


def test_an_action_makes_an_executors_threads_forget_their_last_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread sets the result before it forgets the work that has it; this one takes its time."""
    run = _WorkItem.run
    seen_alive = threading.Event()

    def dawdle(item: Any) -> None:
        run(item)
        assert seen_alive.wait(10)

    caller = LoopCaller(1)
    monkeypatch.setattr(_WorkItem, "run", dawdle)
    made = weakref.ref(caller.call(_set_made, ["a"])[0])
    assert made() is not None
    seen_alive.set()
    caller.on_other_threads(lambda: None)
    assert made() is None
    close(caller)


async def _set_made(argument: str) -> set[str]:
    return await asyncio.to_thread(set, argument)


def test_a_reader_that_fails_says_so() -> None:
    caller = ThreadsCaller(2)
    with pytest.raises(ZeroDivisionError):
        caller.call(lambda name: 1 // 0 if name == "b" else 1, ["a", "b"])
    close(caller)
