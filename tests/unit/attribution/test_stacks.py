"""The stacks of blocks, of captures of memray's own: cut down to the read, and without folders."""

from typing import Any

from memray._test import MemoryAllocator

from cachekit_memprobe.child.stages import UNWRAP
from tests.unit.attribution.recorder import LARGE, MIB, Recorder

_OUTSIDE = """
def read(inside, *args):
    return inside(*args)
"""
_INSIDE = """
def unwrap(allocator, size_bytes):
    return view(allocator, size_bytes)


def view(allocator, size_bytes):
    allocator.malloc(size_bytes)
"""


def function(source: str, name: str, file: str) -> Any:
    namespace: dict[str, Any] = {}
    exec(compile(source, file, "exec"), namespace)
    return namespace[name]


outermost = function(_OUTSIDE, "read", "/home/joe/cachekit_memprobe/child/workload/reader.py")
"""memray may not see the frame that the one calls in which it was started."""


def stack(recorder: Recorder) -> tuple[tuple[str, str, int], ...]:
    capture = recorder.read(stacks=True)
    (large,) = [block for block in capture.blocks if block.size_bytes >= LARGE]
    assert large.stack is not None
    return capture.stacks[large.stack]


def test_begins_with_the_targets_outermost_frame(recorder: Recorder) -> None:
    recorder.native = False
    unwrap = function(_INSIDE, "unwrap", f"{recorder.folder}/cachekit/wrapper.py")
    with recorder.recording(), recorder.stage(UNWRAP):
        outermost(outermost, unwrap, MemoryAllocator(), 3 * MIB)
    assert stack(recorder)[:2] == (
        ("unwrap", "cachekit/wrapper.py", 3),
        ("view", "cachekit/wrapper.py", 7),
    )


def test_has_no_frame_of_the_probe_inside_either(recorder: Recorder) -> None:
    recorder.native = False
    view = function(_INSIDE, "view", f"{recorder.folder}/cachekit/wrapper.py")
    wraps = function(_OUTSIDE, "read", "/home/joe/cachekit_memprobe/child/tracer.py")
    unwrap = function(_OUTSIDE, "read", f"{recorder.folder}/cachekit/handler.py")
    with recorder.recording(), recorder.stage(UNWRAP):
        outermost(unwrap, wraps, view, MemoryAllocator(), 3 * MIB)
    assert stack(recorder)[:2] == (
        ("read", "cachekit/handler.py", 3),
        ("view", "cachekit/wrapper.py", 7),
    )


def test_names_no_folder(recorder: Recorder) -> None:
    recorder.native = False
    own = function(_INSIDE, "view", "/home/joe/thesis/own.py")
    with recorder.recording():
        outermost(own, MemoryAllocator(), 3 * MIB)
    assert ("view", "own.py", 7) in stack(recorder)
    assert not [file for _, file, _ in stack(recorder) if file.startswith("/")]


def test_has_native_frames_among_pythons(recorder: Recorder) -> None:
    view = function(_INSIDE, "view", f"{recorder.folder}/cachekit/wrapper.py")
    with recorder.recording():
        outermost(view, MemoryAllocator(), 3 * MIB)
    first, *others = stack(recorder)
    assert first == ("view", "cachekit/wrapper.py", 7)
    assert any("malloc" in name for name, _, _ in others)


def test_are_left_out_where_nobody_asks(recorder: Recorder) -> None:
    with recorder.recording():
        MemoryAllocator().malloc(3 * MIB)
    capture = recorder.read()
    assert capture.stacks == ()
    assert {block.stack for block in capture.blocks} == {None}
