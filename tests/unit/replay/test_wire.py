import json
import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from cachekit_memprobe.replay import wire

TASK = wire.Task(
    operation=wire.READ,
    value={"kind": "dataframe"},
    caching={"serializer": "arrow"},
    read={"tier": "l1"},
    workspace="/scratch/x",
    instrument="rss",
    stored={"keys": {"measured": "k"}},
    reads=3,
)


def test_a_task_is_read_as_it_was_written() -> None:
    assert wire.decode_task(wire.encode_task(TASK)) == TASK


def test_a_task_of_another_version_is_refused() -> None:
    other = json.dumps({**json.loads(wire.encode_task(TASK)), "version": 2})
    with pytest.raises(wire.WireError, match="a task of wire version 2"):
        wire.decode_task(other)


@dataclass(frozen=True)
class Ends:
    """Both ends of a child's two pipes."""

    channel: wire.Channel
    heard_fd: int
    go_fd: int

    def messages(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in os.read(self.heard_fd, 1 << 16).splitlines()]


@pytest.fixture
def ends() -> Iterator[Ends]:
    child_reads, go_fd = os.pipe()
    heard_fd, child_writes = os.pipe()
    yield Ends(wire.Channel(child_reads, child_writes), heard_fd, go_fd)
    for fd in {child_reads, heard_fd, child_writes}:
        os.close(fd)


class TestTheChannel:
    def test_carries_a_result_and_a_failure(self, ends: Ends) -> None:
        ends.channel.result({"peak": 1})
        ends.channel.failure("no luck")
        os.close(ends.go_fd)
        assert ends.messages() == [
            {"version": 1, "type": "result", "data": {"peak": 1}},
            {"version": 1, "type": "failure", "reason": "no luck"},
        ]

    def test_passes_a_barrier_when_it_is_told_to(self, ends: Ends) -> None:
        os.write(ends.go_fd, b"\n")
        ends.channel.barrier(wire.BEFORE_READ)
        os.close(ends.go_fd)
        assert ends.messages() == [{"version": 1, "type": "barrier", "name": "before-read"}]

    def test_does_not_pass_a_barrier_without_a_supervisor(self, ends: Ends) -> None:
        os.close(ends.go_fd)
        with pytest.raises(wire.WireError, match="the supervisor closed the channel"):
            ends.channel.barrier(wire.BEFORE_READ)
