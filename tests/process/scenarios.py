"""Scenario files for tests whose scenario's name matters more than its content."""

from pathlib import Path

_SMALL = """
summary = "A DataFrame of 1 MiB as Arrow: L1 hit"
[value]
kind = "dataframe"
size = "1MiB"
columns = 2
[cache]
serializer = "arrow"
l1 = true
[read]
tier = "l1"
route = "memory"
[budget]
copies.total = "3x"
"""


def write_scenario(file: Path) -> Path:
    """Write a small one; its name is the file's stem."""
    file.write_text(_SMALL)
    return file
