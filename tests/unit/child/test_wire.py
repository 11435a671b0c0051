import json
import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from cachekit_memprobe.child import wire
from cachekit_memprobe.child.seen import Handed
from cachekit_memprobe.child.task import SIZE, Caching, Read, Task, Value, encode_task

TASK = Task(
    SIZE,
    Value("file", 1, 1, 0, "/home/someone/größe.csv"),
    Caching("arrow", "none", "file", encryption=False, l1=True),
    Read("l1", "memory"),
    "/scratch/x",
)


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
        ends.channel.result(Handed("frame", 1))
        ends.channel.failure("no luck")
        os.close(ends.go_fd)
        assert ends.messages() == [
            {"version": wire.VERSION, "type": "result", "data": {"what": "frame", "size_bytes": 1}},
            {"version": wire.VERSION, "type": "failure", "reason": "no luck"},
        ]

    def test_passes_a_barrier_when_it_is_told_to(self, ends: Ends) -> None:
        os.write(ends.go_fd, b"\n")
        ends.channel.barrier(wire.BEFORE_READ)
        os.close(ends.go_fd)
        assert ends.messages() == [{"version": wire.VERSION, "type": "barrier", "name": "before-read"}]

    def test_does_not_pass_a_barrier_without_a_supervisor(self, ends: Ends) -> None:
        os.close(ends.go_fd)
        with pytest.raises(wire.WireError, match="the supervisor closed the channel"):
            ends.channel.barrier(wire.BEFORE_READ)

    def test_brings_the_task_in_whatever_pieces_it_comes(self, ends: Ends) -> None:
        line = f"{encode_task(TASK)}\n".encode()
        os.write(ends.go_fd, line[:100])
        os.write(ends.go_fd, line[100:])
        assert ends.channel.task() == TASK
        os.close(ends.go_fd)

    @pytest.mark.parametrize("words", ["", encode_task(TASK)])
    def test_brings_no_task_without_a_supervisor(self, ends: Ends, words: str) -> None:
        os.write(ends.go_fd, words.encode())
        os.close(ends.go_fd)
        with pytest.raises(wire.WireError, match="the supervisor closed the channel"):
            ends.channel.task()
