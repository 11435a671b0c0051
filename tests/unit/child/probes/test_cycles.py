"""Reference cycles of all kinds around memory that the regions know."""

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest

from cachekit_memprobe.child.probes import cycles
from cachekit_memprobe.child.probes.buffers import buffers_of
from cachekit_memprobe.child.probes.regions import Regions
from cachekit_memprobe.child.seen import Cycle
from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.child.tracer import Listener, StageTracer

SIZE = 1 << 20
MADE = Place("unwrap", "f", "file", 7)


class Holder:
    """Refers to itself."""

    def __init__(self, thing: Any) -> None:
        self.itself = self
        self.thing = thing


def in_an_object(thing: Any) -> None:
    Holder(thing)


def in_a_container(thing: Any) -> None:
    inside: list[Any] = [thing]
    inside.append({"outer": inside})


def in_a_traceback(thing: Any) -> None:
    try:
        raise ValueError(len(thing))
    except ValueError as error:
        last = error
    assert last.args


def in_a_closure(thing: Any) -> None:
    def again(once: bool) -> Any:
        return again(not once) if once else thing

    assert again(False) is thing


@pytest.fixture(autouse=True)
def not_collected(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Until it is looked for; and where cachekit lies is of no interest."""
    monkeypatch.setattr(cycles, "package_folder", lambda: "/nowhere")
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


def around(regions: Regions, known: dict[int, Place]) -> tuple[Cycle, ...]:
    return cycles.cycles_around(regions, known, StageTracer({}, Listener(), "/nowhere"))


def seen(thing: Any, regions: Regions) -> dict[int, Place]:
    """As the watcher does: each new region with its place."""
    places = {}
    for buffer in buffers_of(thing):
        region = regions.classify(buffer, received=False)
        if region is not None:
            places[region.start] = MADE
    return places


@pytest.mark.parametrize(
    ("make", "types"),
    [
        (in_an_object, (f"{__name__}.Holder",)),
        (in_a_container, ("list",)),
        (in_a_traceback, ("ValueError", "frame", "traceback")),
        (in_a_closure, ("function",)),
    ],
)
@pytest.mark.parametrize(
    "value", [lambda: bytearray(SIZE), lambda: memoryview(bytes(SIZE)), lambda: bytes(SIZE)]
)
def test_a_cycle_is_told_by_its_types_with_the_memory_behind_it(
    make: Callable[[Any], None], types: tuple[str, ...], value: Callable[[], Any]
) -> None:
    regions, thing = Regions(least_bytes=4096), value()
    places = seen(thing, regions)
    make(thing)
    del thing
    (found,) = around(regions, places)
    assert (tuple(sorted(found.types)), found.size_bytes, found.place) == (types, SIZE, MADE)


def test_a_frame_that_is_part_of_the_cycle_itself_is_found() -> None:
    regions = Regions(least_bytes=4096)
    frame = pd.DataFrame({name: [float(name)] * (SIZE // 16) for name in range(2)})
    places = seen(frame, regions)
    object.__setattr__(frame, "owner", Holder(frame))
    del frame
    (found,) = around(regions, places)
    assert f"{__name__}.Holder" in found.types
    assert (found.size_bytes, found.place) == (SIZE, MADE)


def test_what_the_read_only_looked_at_is_not_its_memory() -> None:
    regions, thing = Regions(least_bytes=4096), bytes(SIZE)
    regions.add_known(thing, "l1_frame")
    in_an_object(memoryview(thing))
    (found,) = around(regions, {})
    assert (found.types, found.size_bytes) == ((f"{__name__}.Holder",), 0)


def test_what_is_kept_by_somebody_is_no_garbage() -> None:
    regions, thing = Regions(least_bytes=4096), bytes(SIZE)
    places = seen(thing, regions)
    kept = Holder(thing)
    del thing
    assert around(regions, places) == ()
    assert len(kept.thing) == SIZE
    assert len(regions.owners) == 1


def test_without_a_cycle_there_is_none() -> None:
    regions, thing = Regions(least_bytes=4096), bytes(SIZE)
    places = seen(thing, regions)
    del thing
    assert around(regions, places) == ()
