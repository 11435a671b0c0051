from pathlib import Path

import pytest

from cachekit_memprobe.doctor.cgroup import headroom_bytes

_MIB = 1 << 20


@pytest.fixture
def membership(tmp_path: Path) -> Path:
    return tmp_path / "membership"


@pytest.fixture
def mount(tmp_path: Path) -> Path:
    return tmp_path / "cgroup"


def _v2(folder: Path, limit: str, used: int, inactive: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 0\ninactive_file {inactive}\n")


def _v1(folder: Path, limit: int, used: int, inactive: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.limit_in_bytes").write_text(f"{limit}\n")
    (folder / "memory.usage_in_bytes").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"cache 0\ntotal_inactive_file {inactive}\n")


def test_takes_the_tightest_group_up_to_the_root(membership: Path, mount: Path) -> None:
    membership.write_text("0::/user/shell\n")
    _v2(mount / "user" / "shell", "max", 5 * _MIB)
    _v2(mount / "user", str(100 * _MIB), 70 * _MIB)
    assert headroom_bytes(membership, mount) == 30 * _MIB


def test_page_cache_that_can_be_dropped_is_free(membership: Path, mount: Path) -> None:
    membership.write_text("0::/\n")
    _v2(mount, str(100 * _MIB), 70 * _MIB, inactive=20 * _MIB)
    assert headroom_bytes(membership, mount) == 50 * _MIB


def test_reads_version_1_whose_path_a_container_does_not_see(membership: Path, mount: Path) -> None:
    membership.write_text("5:cpu,cpuacct:/docker/0d20\n4:memory:/docker/0d20\n0::/\n")
    _v1(mount / "memory", 100 * _MIB, 70 * _MIB, inactive=10 * _MIB)
    assert headroom_bytes(membership, mount) == 40 * _MIB


def test_a_group_over_its_limit_has_nothing_left(membership: Path, mount: Path) -> None:
    membership.write_text("0::/\n")
    _v2(mount, str(10 * _MIB), 11 * _MIB)
    assert headroom_bytes(membership, mount) == 0


def test_no_limit_is_no_answer(membership: Path, mount: Path) -> None:
    assert headroom_bytes(membership, mount) is None
    membership.write_text("0::/gone\n")
    _v2(mount, "max", 5)
    assert headroom_bytes(membership, mount) is None
