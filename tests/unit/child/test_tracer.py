"""The tracer on code of this file: stages of functions, coroutines, threads."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from cachekit_memprobe.child.probes.staged import StageCalls
from cachekit_memprobe.child.resolve import Watched
from cachekit_memprobe.child.stages import BACKEND_GET, DECODE, OTHER, STATS, Place
from cachekit_memprobe.child.tracer import StageTracer


def decode() -> None:
    pass


def backend_get() -> None:
    pass


def wrapper() -> None:
    backend_get()
    decode()


async def get_async() -> None:
    await asyncio.to_thread(backend_get)
    await asyncio.sleep(0)


async def trip() -> None:
    await get_async()
    decode()


async def async_wrapper() -> None:
    await asyncio.create_task(trip())


def errand() -> None:
    pass


def sends_a_thread() -> None:
    thread = threading.Thread(target=errand, name="errand")
    thread.start()
    thread.join()


async def sends_to_a_worker() -> None:
    await asyncio.to_thread(errand)


STAGES_OF: dict[Callable[..., object], str] = {
    decode: DECODE,
    backend_get: BACKEND_GET,
    wrapper: STATS,
    get_async: BACKEND_GET,
    trip: STATS,
    async_wrapper: STATS,
    sends_a_thread: DECODE,
    sends_to_a_worker: BACKEND_GET,
}


class Moves(StageCalls):
    """Which thread went from where to where."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, str, str]] = []

    def moved(self, before: Place, after: Place, *, entered: bool) -> None:
        super().moved(before, after, entered=entered)
        self.seen.append((threading.current_thread().name, before.stage, after.stage))


@pytest.fixture
def moves() -> Moves:
    return Moves()


@pytest.fixture
def tracer(moves: Moves) -> StageTracer:
    watched = {
        function.__code__: Watched(stage, function.__name__, __file__, function.__code__.co_firstlineno)
        for function, stage in STAGES_OF.items()
    }
    return StageTracer(watched, moves, str(Path(__file__).parent))


def test_a_read_enters_each_stage_and_leaves_it(tracer: StageTracer, moves: Moves) -> None:
    tracer.start()
    wrapper()
    tracer.stop()
    wrapper()
    assert moves.calls == Counter({STATS: 1, BACKEND_GET: 1, DECODE: 1})
    assert moves.seen[0][1:] == (OTHER, STATS)
    assert moves.seen[-1][1:] == (STATS, OTHER)


def test_a_coroutine_is_entered_once_however_often_it_waits(tracer: StageTracer, moves: Moves) -> None:
    tracer.start()
    try:
        asyncio.run(async_wrapper())
    finally:
        tracer.stop()
    assert moves.calls == Counter({STATS: 1, BACKEND_GET: 1, DECODE: 1})


def test_a_worker_thread_is_in_its_own_stage_and_the_waiting_thread_in_none(
    tracer: StageTracer, moves: Moves
) -> None:
    tracer.start()
    try:
        asyncio.run(async_wrapper())
    finally:
        tracer.stop()
    main = threading.current_thread().name
    worker = [step for step in moves.seen if step[0] != main]
    assert [step[1:] for step in worker] == [(OTHER, BACKEND_GET), (BACKEND_GET, OTHER)]
    before = [step for step in moves.seen[: moves.seen.index(worker[1])] if step[0] == main]
    assert before[-1][2] in (OTHER, STATS, BACKEND_GET)
    assert moves.seen[-1] == (main, STATS, OTHER)


def test_a_thread_that_runs_already_takes_part_once_it_has_joined(tracer: StageTracer, moves: Moves) -> None:
    steps = {name: threading.Event() for name in ("joined", "go", "done")}

    def work() -> None:
        tracer.join()
        steps["joined"].set()
        steps["go"].wait(10)
        wrapper()
        tracer.leave()
        wrapper()
        steps["done"].set()

    thread = threading.Thread(target=work, name="old")
    thread.start()
    steps["joined"].wait(10)
    tracer.start()
    steps["go"].set()
    steps["done"].wait(10)
    tracer.stop()
    thread.join()
    assert {name for name, _, _ in moves.seen} == {"old"}
    assert moves.calls == Counter({STATS: 1, BACKEND_GET: 1, DECODE: 1})


def test_readers_at_the_same_time_have_a_position_each(tracer: StageTracer, moves: Moves) -> None:
    together = threading.Barrier(4)

    def work() -> None:
        together.wait(10)
        wrapper()

    tracer.start()
    threads = [threading.Thread(target=work, name=f"reader {number}") for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tracer.stop()
    assert moves.calls == Counter({STATS: 4, BACKEND_GET: 4, DECODE: 4})
    for thread in threads:
        steps = [step[1:] for step in moves.seen if step[0] == thread.name]
        assert steps == [
            (OTHER, STATS),
            (STATS, BACKEND_GET),
            (BACKEND_GET, STATS),
            (STATS, DECODE),
            (DECODE, STATS),
            (STATS, OTHER),
        ]


@pytest.mark.parametrize(
    ("function", "stage"),
    [(sends_a_thread, DECODE), (lambda: asyncio.run(sends_to_a_worker()), BACKEND_GET)],
    ids=["thread", "worker"],
)
def test_what_a_stage_has_another_thread_do_belongs_to_it(
    function: Callable[[], None], stage: str, moves: Moves, tracer: StageTracer
) -> None:
    tracer.start()
    try:
        function()
    finally:
        tracer.stop()
    main = threading.current_thread().name
    assert [step[1:] for step in moves.seen if step[0] != main] == [(OTHER, stage), (stage, OTHER)]
    assert moves.calls == Counter({stage: 1})


def statements() -> None:
    len("one")
    len(
        "two",
    )


def test_statements_of_one_stage_have_a_position_each() -> None:
    first = statements.__code__.co_firstlineno
    starts = {first + 1: first + 1, first + 2: first + 2, first + 3: first + 2, first + 4: first + 2}
    watched = Watched(STATS, "statements", __file__, first, dict.fromkeys(starts, DECODE), starts)
    lines: list[int] = []

    class Lines(StageCalls):
        def moved(self, before: Place, after: Place, *, entered: bool) -> None:
            if after.stage == DECODE:
                lines.append(after.line)

    tracer = StageTracer({statements.__code__: watched}, Lines(), "/nowhere")
    tracer.start()
    statements()
    tracer.stop()
    assert lines == [first + 1, first + 2]
