"""The read tests of cachekit's tests/performance/test_large_object_memory.py, with what they left out.

Each has the name of the test that it replaces, and measures the read as a user's program makes it: through
the decorator, in a process of its own that has never held the value.
"""

import pytest
from large_objects import numeric_frame, random_bytes

MIB = 50


@pytest.mark.memprobe(budget={"rss.peak": "2.35x", "rss.anon": "1.35x", "verbatim.unwrap": "0.1x"})
def test_file_backend_end_to_end_read_peak_rss_bounded(memprobe):
    memprobe(numeric_frame, MIB, tier="l2")


@pytest.mark.memprobe(budget={"peak.tracemalloc": "0.5x", "peak.heap": "1.35x"})
def test_file_backend_read_python_allocations_bounded(memprobe):
    memprobe(numeric_frame, MIB, tier="l2")


@pytest.mark.memprobe(budget={"peak.decode": "5.7x", "verbatim.unwrap": "0.1x"})
def test_file_backend_bytes_read_python_allocations_bounded(memprobe):
    memprobe(random_bytes, MIB, tier="l2")


@pytest.mark.memprobe(budget={"peak.heap": "1.35x", "verbatim.unwrap": "0.1x"})
def test_load_path_python_allocations_bounded(memprobe):
    memprobe.scenario("arrow-l1-hit", size=f"{MIB}MiB")


@pytest.mark.memprobe(budget={"frame.size": "1.1x"})
def test_wire_size(memprobe):
    memprobe.scenario("arrow-l1-hit", size=f"{MIB}MiB")
