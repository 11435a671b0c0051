"""Files that are small, and of which nobody can say how much they hold until it is unpacked."""

import gzip
import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest

MOST_BYTES = 96 << 20

SIZE = r"""
import json, resource, sys
import pandas, pyarrow
from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.task import SIZE, Caching, Read, Task, Value
from cachekit_memprobe.child.workload.sizing import sized
def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
told, before = {}, peak_bytes()
for file in sys.argv[2:]:
    value = Value("file", 1, 1, 0, file)
    task = Task(
        SIZE, value, Caching("auto", "none", "file", False, True), Read("l1", "memory"), "",
        memory_bytes=int(sys.argv[1]),
    )
    try:
        told[file] = sized(task).holds
    except CouldNotMeasure as error:
        told[file] = str(error)
print(json.dumps([peak_bytes() - before, told]))
"""


def packed(head: bytes, part: bytes, times: int, tail: bytes = b"") -> bytes:
    """A text that is packed, of the same part so many times, which nobody has to compress each time."""
    return gzip.compress(head) + gzip.compress(part) * times + gzip.compress(tail)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the limit")
def test_what_would_take_the_machine_is_refused_and_the_rest_is_loaded(tmp_path: Path) -> None:
    mebibyte = 1 << 20
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (%d,)}" % (1 << 40)
    files = {
        "small.csv": b"a,b\n1,2\n",
        "bomb.csv.gz": packed(b"a,b\n", b"1,2\n" * (mebibyte // 4), 300),
        "bomb.json.gz": packed(b"[0", b",0" * (mebibyte // 2), 300, b"]"),
        "bomb.npy": b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(80),
        "last.json": b"[1, 2]",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    assert max(map(len, files.values())) < mebibyte
    command = [sys.executable, "-c", SIZE, str(MOST_BYTES), *(str(tmp_path / name) for name in files)]
    grown_bytes, told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    words = {Path(file).name: text for file, text in told.items()}
    no_memory = (
        ": there is not enough memory to load it, and a small file may hold much; give a smaller one, or "
        "free some memory"
    )
    assert words == {
        "small.csv": "1 row, 2 columns: 2 int64; separated by commas, names from the first line",
        **{name: f"{name}{no_memory}" for name in files if name.startswith("bomb")},
        "last.json": "a list of 2 items",
    }
    assert grown_bytes < 2 * MOST_BYTES
