"""What the instruments share that follow a read through its stages."""

import sys
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from cachekit_memprobe.child.assigned import EXAMPLE, parse_assignment
from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.resolve import watch_list
from cachekit_memprobe.child.stages import Place, required_stages
from cachekit_memprobe.child.task import Task
from cachekit_memprobe.child.tracer import Listener, StageTracer
from cachekit_memprobe.child.workload.reader import Reader, settle


class StageCalls(Listener):
    """Counts how often the read enters each stage from another one."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.is_over = False
        self._lock = threading.RLock()

    def moved(self, before: Place, after: Place, *, entered: bool) -> None:
        if entered and after.stage != before.stage and not self.is_over:
            with self._lock:
                self.calls[after.stage] += 1

    def over(self) -> None:
        self.is_over = True


def required_of(task: Task) -> tuple[str, ...]:
    """The stages that the task's read can't avoid."""
    return required_stages(
        tier=task.read.tier,
        route=task.read.route,
        serializer=task.caching.serializer,
        form=task.stored.form,
        compression=task.caching.compression,
        return_format=task.caching.return_format,
        encrypted=task.caching.encryption,
        backfill=task.read.backfill,
    )


def alone(task: Task) -> Task:
    """The task with a single reader, for what can't be told of several: whose memory a block is."""
    return replace(task, read=replace(task.read, readers=1, keys=1))


def open_tracer(task: Task, reader: Reader, listener: Listener) -> StageTracer:
    """A tracer for the release that is loaded.

    Raises:
        CouldNotMeasure: the release lacks a function that the read must pass.
    """
    watched = watch_list(
        reader.release,
        backend=task.caching.backend,
        compressed=task.caching.compression != "none",
        required=required_of(task),
        assigned=tuple(map(parse_assignment, task.stages)),
    )
    return StageTracer(watched, listener, f"{package_folder()}/cachekit")


def require_passed(task: Task, calls: Counter[str], release: str) -> None:
    """Refuse a read that never entered a stage on its way.

    Raises:
        CouldNotMeasure: naming the stages; to show 0 copies there would be a guess.
    """
    missed = [stage for stage in required_of(task) if not calls[stage]]
    if missed:
        raise CouldNotMeasure(
            f"the read never passed the stage {', '.join(missed)}: cachekit {release} does this work "
            "elsewhere than the stage map says, so copies there would go unseen. If you know the function "
            f"that does it, give it with --stage, such as --stage {EXAMPLE}"
        )


def traced_read(tracer: StageTracer, reader: Reader) -> Any:
    """One read and its aftermath under the tracer, which is off again whatever happens.

    Raises:
        CouldNotMeasure: what the read started takes too long.
    """
    reader.on_other_threads(tracer.join)
    tracer.start()
    try:
        value = reader.read()
        tracer.over()
        reader.wait()
        return value
    finally:
        tracer.stop()
        reader.on_other_threads(tracer.leave)


def package_folder() -> str:
    """What the names of cachekit's files start with here."""
    return str(Path(sys.modules["cachekit"].__file__ or "").parent.parent)


def own_folder(task: Task) -> str:
    """What the names of the user's own files start with; empty where no function of theirs is called."""
    return task.value.call.root if task.value.call else ""


def ready_reader(task: Task) -> Reader:
    """A reader that is warm and settled."""
    reader = Reader(task)
    reader.warm_up()
    settle()
    return reader
