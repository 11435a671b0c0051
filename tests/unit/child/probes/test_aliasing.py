"""New memory on the line that made it: the watcher on a module that is written for it."""

import importlib.util
import inspect
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cachekit_memprobe.child.probes.aliasing import _Watcher
from cachekit_memprobe.child.probes.regions import Regions
from cachekit_memprobe.child.resolve import Watched
from cachekit_memprobe.child.seen import Block
from cachekit_memprobe.child.stages import BACKEND_GET, DECODE, HANDOVER, MATERIALIZE, STATS, UNWRAP
from cachekit_memprobe.child.tracer import StageTracer
from tests.unit.child.probes.reading import SOURCE

FRAME = os.urandom(256 << 10)


@pytest.fixture
def module(tmp_path: Path) -> ModuleType:
    package = tmp_path / "cachekit"
    package.mkdir()
    file = package / "reading.py"
    file.write_text(SOURCE)
    spec = importlib.util.spec_from_file_location("cachekit.reading", file)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    vars(loaded)["FRAME"] = FRAME
    spec.loader.exec_module(loaded)
    return loaded


Run = Callable[..., _Watcher]
Watch = Callable[..., list[Block]]


@pytest.fixture
def run(module: ModuleType) -> Run:
    def watched(name: str, stage: str = DECODE, *, written: Any = None, **also: str) -> _Watcher:
        """What is seen of a function that gets the frame; ``also`` other functions are in a stage."""
        regions = Regions(least_bytes=1024)
        regions.add_known(FRAME, "l1_frame")
        watcher = _Watcher(regions, written)
        functions = {getattr(module, function).__code__: place for function, place in also.items()}
        functions[getattr(module, name).__code__] = stage
        tracer = StageTracer(
            {
                code: Watched(place, code.co_name, code.co_filename, code.co_firstlineno)
                for code, place in functions.items()
            },
            watcher,
            str(Path(str(module.__file__)).parent),
        )
        watcher.boundaries = frozenset((entry.file, entry.line) for entry in tracer.watched)
        tracer.start()
        try:
            result = getattr(module, name)(FRAME)
            if inspect.iscoroutine(result):
                result.send(None)
                with pytest.raises(StopIteration):
                    result.send(None)
        finally:
            tracer.stop()
        return watcher

    return watched


@pytest.fixture
def watch(run: Run) -> Watch:
    """The blocks only."""
    return lambda *args, **also: [block for _, block in run(*args, **also).seen()]


def line_of(comment: str) -> int:
    return next(n for n, line in enumerate(SOURCE.splitlines(), start=1) if line.endswith(f"# {comment}"))


@pytest.mark.parametrize(
    ("function", "comment", "kind"),
    [
        ("unwrap", "local", "verbatim"),
        ("in_a_with", "in a with", "verbatim"),
        ("in_a_finally", "in a finally", "verbatim"),
        ("filled_later", "filled later", "verbatim"),
        ("helped", "helped", "verbatim"),
        ("transformed", "transformed", "transformed"),
    ],
)
def test_new_memory_is_booked_on_its_line(function: str, comment: str, kind: str, watch: Watch) -> None:
    (block,) = watch(function)
    assert (block.place.line, block.kind, block.size_bytes) == (line_of(comment), kind, len(FRAME))
    assert block.place.stage == DECODE


def test_a_view_is_booked_nowhere(watch: Watch) -> None:
    assert watch("view") == []


def test_a_statement_of_several_lines_tells_all_of_them(watch: Watch) -> None:
    (block,) = watch("on_lines")
    first, last = block.statement
    assert first <= line_of("on lines") <= last


def test_what_a_call_hands_on_was_made_by_the_caller(watch: Watch) -> None:
    made, copied = watch("handed_on", unwrap=UNWRAP)
    assert (made.place.stage, made.place.line) == (DECODE, line_of("handed on"))
    assert (copied.place.stage, copied.place.line) == (UNWRAP, line_of("local"))


def test_what_comes_from_a_backend_was_received_unless_it_is_a_copy(watch: Watch) -> None:
    assert [block.kind for block in watch("transformed", BACKEND_GET)] == ["received"]
    assert [block.kind for block in watch("in_a_with", BACKEND_GET)] == ["verbatim"]


def test_an_array_that_grows_and_moves_is_followed(watch: Watch) -> None:
    blocks = watch("grown")
    assert {block.kind for block in blocks} == {"verbatim"}
    assert sum(block.size_bytes for block in blocks) == 2 * len(FRAME)


@pytest.mark.parametrize(
    ("function", "comment"),
    [
        ("into_a_global", "into a global"),
        ("into_one_of_several", "into one of several"),
        ("into_an_attribute", "into an attribute"),
        ("into_a_class", "into a class"),
    ],
)
def test_a_copy_into_older_memory_is_booked_on_the_line_that_writes(
    function: str, comment: str, watch: Watch
) -> None:
    (block,) = [block for block in watch(function) if block.kind == "verbatim"]
    place = block.filled or block.place
    assert (place.line, block.size_bytes) == (line_of(comment), len(FRAME))


@pytest.mark.parametrize(
    ("function", "comment"),
    [
        ("kept_in_an_attribute", "kept in an attribute"),
        ("behind_a_header", "behind a header"),
        ("in_a_larger_buffer", "in a larger buffer"),
        ("in_a_dictionary", "in a dictionary"),
        ("made_while_waiting", "made while waiting"),
    ],
)
def test_a_copy_is_proven_wherever_it_lies(function: str, comment: str, watch: Watch) -> None:
    (block,) = watch(function)
    assert (block.kind, block.size_bytes) == ("verbatim", len(FRAME))
    assert block.place.line == line_of(comment)


@pytest.mark.parametrize(("function", "comment"), [("prepares", "prepares"), ("finishes", "finishes")])
def test_what_the_decorator_passes_on_is_on_the_values_way(function: str, comment: str, watch: Watch) -> None:
    (block,) = watch(function, STATS, view=DECODE)
    assert (block.place.stage, block.seen_in) == (HANDOVER, STATS)
    assert block.place.line == line_of(comment)


@pytest.mark.parametrize("function", ["into_a_global", "into_one_of_several", "into_an_attribute"])
def test_the_same_written_once_more_is_taken_for_what_the_read_before_did(function: str, run: Run) -> None:
    written = {span: replace(block, was_there=True) for span, block in run(function).seen()}
    again = [block for _, block in run(function, written=written).seen() if block.kind == "verbatim"]
    assert again == [block for block in written.values() if block.kind == "verbatim"]


def test_what_the_decorator_keeps_for_itself_is_not(watch: Watch) -> None:
    (block,) = watch("for_nobody", STATS)
    assert block.place.stage == STATS


def views_of(watcher: _Watcher) -> dict[str, str]:
    """What each stage's output lies in, as a reader is told."""
    return {stage: origin.words for stage, origin in watcher.views.items()}


OF_THE_FRAME = "the frame in L1"
ITS_COPY = "what unwrap made"


@pytest.mark.parametrize(
    ("function", "also", "views"),
    [
        ("view", {}, {DECODE: OF_THE_FRAME}),
        ("in_a_tuple", {}, {DECODE: OF_THE_FRAME}),
        ("as_a_table", {}, {DECODE: OF_THE_FRAME}),
        ("passed_on", {"view": UNWRAP}, {UNWRAP: OF_THE_FRAME, DECODE: OF_THE_FRAME}),
        ("copied_elsewhere", {"unwrap": UNWRAP}, {DECODE: ITS_COPY}),
        ("copied_elsewhere", {"unwrap": DECODE}, {}),
        ("copied_elsewhere", {"unwrap": MATERIALIZE}, {}),
        ("transformed", {}, {}),
        ("as_objects", {}, {}),
    ],
)
def test_a_stage_whose_output_was_there_before_it_hands_on_a_view(
    function: str, also: dict[str, str], views: dict[str, str], run: Run
) -> None:
    assert views_of(run(function, **also)) == views


def test_what_a_stage_was_given_is_older_whoever_made_it(run: Run) -> None:
    assert views_of(run("made_and_passed_on", STATS, view=UNWRAP)) == {UNWRAP: "what handover made"}


def test_what_is_put_around_the_value_hands_on_what_it_got(run: Run) -> None:
    assert views_of(run("view", STATS)) == {}
