"""A cache folder in a tmpfs: what is mapped there is shared memory, and no file that the kernel can drop."""

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.process.measuring import cli

pytestmark = pytest.mark.process


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="there is no tmpfs to write to")
def test_a_mapped_read_from_a_tmpfs_maps_shared_memory(tmp_path: Path) -> None:
    folder = tempfile.mkdtemp(prefix="memprobe-", dir="/dev/shm")
    narrow = ("--instrument", "rss", "--instrument", "memray", "--size", "8MiB", "--reads", "2")
    try:
        ended = cli(
            *("run", "arrow-file-mmap", *narrow, "--out", str(tmp_path / "run"), "--json", "-"), TMPDIR=folder
        )
    finally:
        shutil.rmtree(folder)
    result = ended.result("arrow-file-mmap")
    names = ("mapped.file", "mapped.shared", "rss.file", "rss.shared", "rss.anon")
    assert [result["metrics"][name] for name in names] == pytest.approx([0, 1, 0, 1, 1], abs=0.2)
    codes = {finding["code"] for finding in result["findings"]}
    assert "MEM020" in codes
    assert "MEM005" not in codes
    assert ended.status == 0, ended.stderr
