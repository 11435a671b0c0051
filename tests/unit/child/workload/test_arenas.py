"""Small objects of a read are seen, however many holes there are in the arenas before it."""

import json
import subprocess
import sys

import pytest

from cachekit_memprobe.child.workload import arenas

_SCRIPT = """
import gc, json, re, sys
from cachekit_memprobe.child.workload import arenas

def resident_kib():
    with open("/proc/self/status") as status:
        return int(re.search(r"VmRSS:\\s+(\\d+)", status.read())[1])

def records(count):
    return [{"number": number, "text": str(number) * 3} for number in range(count)]

holes = [records(20) for _ in range(2500)]
kept = holes[::50]
del holes
gc.collect()
fillers = arenas.fill() if sys.argv[1] == "fill" else []
before = resident_kib()
value = records(20_000)
print(json.dumps([resident_kib() - before, len(fillers)]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_is_free_in_the_arenas_is_taken_first() -> None:
    grown = {}
    for how in ("fill", "leave"):
        out = subprocess.run(
            [sys.executable, "-c", _SCRIPT, how], check=True, capture_output=True, text=True
        ).stdout
        grown[how], fillers = json.loads(out)
        assert (fillers > 0) == (how == "fill")
    # 20,000 dictionaries of 184 bytes, their numbers and texts: 5 MiB and more.
    assert grown["fill"] > 5 << 10
    assert grown["leave"] < grown["fill"] / 2


@pytest.mark.parametrize("size_bytes", range(16, 513, 16))
def test_an_object_of_each_size_class(size_bytes: int) -> None:
    make = arenas._maker(size_bytes)
    first, second = make(), make()
    assert first is not second
    assert size_bytes - 16 < sys.getsizeof(first) <= size_bytes
