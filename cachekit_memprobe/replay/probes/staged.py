"""What the instruments share that follow a read through its stages.

Importable by the measured child process: standard library and target only.
"""

import sys
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from cachekit_memprobe.replay import wire
from cachekit_memprobe.replay.proof import CannotMeasure
from cachekit_memprobe.replay.resolve import watch_list
from cachekit_memprobe.replay.tracer import Listener, Position, StageTracer
from cachekit_memprobe.replay.workload.reader import Reader, settle
from cachekit_memprobe.stages import required_stages


class StageCalls(Listener):
    """Counts how often the read enters each stage from another one."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self._lock = threading.RLock()

    def moved(self, before: Position, after: Position, *, entered: bool) -> None:
        if entered and after.stage != before.stage:
            with self._lock:
                self.calls[after.stage] += 1


def required_of(task: wire.Task) -> tuple[str, ...]:
    """The stages that the task's read can't avoid."""
    return required_stages(
        tier=task.read["tier"],
        route=task.read["route"],
        serializer=task.caching["serializer"],
        form=task.stored["form"],
        compression=task.caching["compression"],
        return_format=task.caching["return_format"],
        encrypted=bool(task.caching["encryption"]),
        backfill=bool(task.read["backfill"]),
    )


def alone(task: wire.Task) -> wire.Task:
    """The task with a single reader, for what can't be told of several: whose memory a block is."""
    return replace(task, read={**task.read, "readers": 1, "keys": 1})


def open_tracer(task: wire.Task, reader: Reader, listener: Listener) -> StageTracer:
    """A tracer for the release that is loaded.

    Raises:
        CannotMeasure: the release lacks a function that the read must pass.
    """
    watched = watch_list(
        reader.release,
        backend=task.caching["backend"],
        compressed=task.caching["compression"] != "none",
        required=required_of(task),
    )
    return StageTracer(watched, listener, f"{package_folder()}/cachekit")


def require_passed(task: wire.Task, calls: Counter[str], release: str) -> None:
    """Refuse a read that never entered a stage on its way.

    Raises:
        CannotMeasure: naming the stages; to show 0 copies there would be a guess.
    """
    missed = [stage for stage in required_of(task) if not calls[stage]]
    if missed:
        raise CannotMeasure(
            f"the read never passed the stage {', '.join(missed)}: cachekit {release} does it elsewhere "
            "than the stage map says, so its copies would go unseen"
        )


def traced_read(tracer: StageTracer, reader: Reader) -> Any:
    """One read under the tracer, which is off again whatever happens."""
    reader.on_other_threads(tracer.join)
    tracer.start()
    try:
        return reader.read()
    finally:
        tracer.stop()
        reader.on_other_threads(tracer.leave)


def package_folder() -> str:
    """What the names of cachekit's files start with here."""
    return str(Path(sys.modules["cachekit"].__file__ or "").parent.parent)


def ready_reader(task: wire.Task) -> Reader:
    """A reader that is warm and settled."""
    reader = Reader(task)
    reader.warm_up()
    settle()
    return reader
