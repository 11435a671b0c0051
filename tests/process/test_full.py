"""Full disks and full servers are told as such, wherever it happens."""

import contextlib
import os
import re
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from cachekit_memprobe import measuring, pipeline, programs
from cachekit_memprobe.doctor.room import Room
from cachekit_memprobe.errors import CouldNotMeasure, MemprobeError
from cachekit_memprobe.model import Isolation, Run, RunOptions, Target
from cachekit_memprobe.runstore import RunFolder
from cachekit_memprobe.scenario import load_bundled, with_overrides
from cachekit_memprobe.servers import OwnServers
from cachekit_memprobe.servers.process import LOOPBACK
from tests.process.measuring import MIB, silent
from tests.process.serving import OwnRedis, memcached_on_a_port

pytestmark = pytest.mark.process
_DISK = "the disk is full; make room there"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Mounts a disk of so many KiB."""
    mounted: list[Path] = []

    def mount(kib: int) -> Path:
        folder = tmp_path / f"disk-{len(mounted)}"
        folder.mkdir()
        command = ("mount", "-t", "tmpfs", "-o", f"size={kib}k", "none", folder)
        if os.geteuid() or subprocess.run(command, check=False, capture_output=True).returncode:
            pytest.skip("only root may mount a small disk")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(("umount", "-l", folder), check=True)


@pytest.fixture(autouse=True)
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is looked at before is not what is tested here."""
    monkeypatch.setattr(measuring, "room_here", lambda: Room(1 << 50, None))


def reason_of(
    name: str,
    installed: Target,
    folder: Path,
    own: OwnServers | None = None,
    isolation: Isolation = "fork",
) -> str:
    scenario = with_overrides(load_bundled(name), size_bytes=8 * MIB)
    run = Run.planned(installed, RunOptions(("memray",), isolation=isolation), [scenario])
    report = pipeline.run(run, RunFolder.create(folder / "run"), silent, own or OwnServers())
    (result,) = report.results
    assert result.verdict == "unmeasured"
    assert result.reason is not None
    assert str(folder) not in result.reason
    return result.reason


@pytest.mark.parametrize("name", ["arrow-l1-hit", "arrow-file-mmap"])
def test_where_entries_are_stored(
    name: str,
    installed: Target,
    small_disk: Callable[[int], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Written whole, and streamed."""
    monkeypatch.setattr(tempfile, "tempdir", str(small_disk(6 << 10)))
    reason = reason_of(name, installed, tmp_path)
    assert reason.startswith(_DISK)
    assert "Traceback" not in reason
    facts = r"^the disk of TMPDIR has .* free; the scenario stores about 24.0 MiB there in all$"
    assert re.search(facts, reason, re.MULTILINE)


@pytest.mark.parametrize("isolation", ["fork", "fresh"])
def test_a_disk_on_which_not_even_a_word_can_be_written(
    isolation: Isolation,
    installed: Target,
    small_disk: Callable[[int], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of what a process prints, either: its failure comes over the channel."""
    full = small_disk(64)
    with (full / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
        while True:
            filler.write(bytes(4096))
    monkeypatch.setattr(tempfile, "tempdir", str(full))
    reason = reason_of("arrow-l1-hit", installed, tmp_path, isolation=isolation)
    assert reason.startswith(_DISK)
    assert "the disk of TMPDIR has 0 B free" in reason
    monkeypatch.setenv("TMPDIR", str(full))
    with pytest.raises(CouldNotMeasure, match="nothing can be written in TMPDIR"):
        reason_of("arrow-l1-hit", installed, tmp_path / "other")


@pytest.mark.parametrize("kib", [4, 24])
def test_the_run_folder(kib: int, installed: Target, small_disk: Callable[[int], Path]) -> None:
    """Before the first file, and when memray's capture is written."""
    with pytest.raises(MemprobeError) as caught:
        raise MemprobeError(reason_of("arrow-l1-hit", installed, small_disk(kib)))
    assert str(caught.value).startswith(_DISK)


def test_the_users_redis_server(installed: Target, own_redis: OwnRedis, tmp_path: Path) -> None:
    redis.Redis.from_url(own_redis.url).config_set("maxmemory", "4mb")
    reason = reason_of("redis-l2-hit", installed, tmp_path, OwnServers(own_redis.url))
    assert reason.startswith("the Redis server has no memory left for the entry; raise its maxmemory")


def fill(port: int) -> None:
    """Until it has no room for another entry of a MiB or more."""
    with socket.create_connection((LOOPBACK, port)) as connection, connection.makefile("rb") as answers:
        for number in range(64):
            entry = bytes(1 << 20)
            connection.sendall(f"set {number} 0 0 {len(entry)}\r\n".encode() + entry + b"\r\n")
            if answers.readline() != b"STORED\r\n":
                return


@pytest.mark.skipif(programs.memcached() is None, reason="there is no memcached here")
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (("-I", "16m", "-m", "64", "-M"), "the Memcached server has no memory left for the entry"),
        (("-I", "4m", "-m", "64", "-M"), "the Memcached server takes no entries of this size"),
    ],
)
def test_the_users_memcached_server(
    settings: tuple[str, ...], said: str, installed: Target, tmp_path: Path
) -> None:
    with memcached_on_a_port(tmp_path / "server", *settings) as port:
        fill(port)
        own = OwnServers(memcached=((LOOPBACK, port),))
        assert reason_of("memcached-l2-hit", installed, tmp_path, own).startswith(said)
