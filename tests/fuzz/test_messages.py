"""What a measured process may say: the answer is a record or a refusal, in time, and never anything else."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cachekit_memprobe.child import wire
from cachekit_memprobe.child.seen import RssSeen
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.replay.conversation import Ends, converse
from cachekit_memprobe.replay.resident_set import Watch
from cachekit_memprobe.validation import Invalid, from_json
from tests.fuzz.effort import effort

pytestmark = pytest.mark.process

_MOST_BYTES = 60_000
"""What a pipe takes at once."""

_NUMBERS = st.integers() | st.floats() | st.sampled_from([2**63, -(2**63), 10**400, float("nan")])
_VALUES = st.recursive(
    st.none() | st.booleans() | _NUMBERS | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
_BARRIERS = st.sampled_from(
    [wire.PREPARED, wire.BEFORE_READ, wire.AFTER_READ, wire.AFTER_DROP, wire.SETTLED, wire.GIVEN_BACK]
)
_SEEN = {"release": "0.9.1", "pinned": True, "reads": [], "repeated": 0, "taken_bytes": 0}
_MESSAGES = st.fixed_dictionaries(
    {"version": st.sampled_from([wire.VERSION] * 9 + [0, None, "2"])},
    optional={
        "type": st.sampled_from([wire.BARRIER, wire.BARRIER, wire.RESULT, wire.FAILURE]) | _VALUES,
        "name": _BARRIERS | _VALUES,
        "reason": st.text(max_size=9) | _VALUES,
        "data": st.just(_SEEN) | st.dictionaries(st.sampled_from([*_SEEN, "x"]), _VALUES) | _VALUES,
    },
)
_LINES = _MESSAGES.map(lambda message: json.dumps(message).encode()) | st.binary(max_size=40)


@pytest.fixture(scope="module")
def child() -> Iterator[int]:
    """A process that does nothing, and may be looked at."""
    with subprocess.Popen(["sleep", "3600"]) as process:
        yield process.pid
        process.kill()


def _barrier(name: str) -> bytes:
    return json.dumps({"version": wire.VERSION, "type": wire.BARRIER, "name": name}).encode()


@effort(short=80, long=5_000)
@given(lines=st.lists(_LINES, max_size=8), whole=st.booleans())
@example(lines=[b"[" * 50_000], whole=True)
@example(lines=[_barrier(wire.BEFORE_READ)] * 2, whole=True)
@example(lines=[_barrier(wire.BEFORE_READ), _barrier(wire.AFTER_READ)], whole=False)
@example(
    lines=[b'{"version": 2, "type": "result", "data": {"repeated": 1' + b"0" * 10_000 + b"}}"], whole=True
)
@example(lines=[b'{"version": 2, "type": "failure", "reason": "\\ud800"}'], whole=True)
def test_whatever_is_said_is_a_record_or_refused(child: int, lines: list[bytes], whole: bool) -> None:
    said = b"\n".join(lines) + b"\n" * whole
    answer: Any = None
    try:
        answer = from_json(RssSeen, _conversed(child, said[:_MOST_BYTES]), whole=True)
    except (CouldNotMeasure, Invalid) as refusal:
        str(refusal).encode()  # can be written
    assert answer is None or isinstance(answer, RssSeen)


def _conversed(child: int, said: bytes) -> str:
    go_reads, go_fd = os.pipe()
    messages_fd, tell = os.pipe()
    os.write(tell, said)
    os.close(tell)
    try:
        with tempfile.TemporaryFile() as output:
            return converse(
                child, Ends(go_fd, messages_fd, output), "{}", 30, Watch().at_barrier, lambda: "{}"
            )
    finally:
        for fd in (go_reads, go_fd, messages_fd):
            os.close(fd)


@pytest.fixture(scope="module", autouse=True)
def impatient() -> Iterator[None]:
    """A process that has nothing more to say isn't waited for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cachekit_memprobe.replay.conversation._LAST_BREATH_S", 0)
        yield
