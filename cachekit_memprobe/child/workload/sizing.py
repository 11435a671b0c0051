"""How large the data of a file is: loaded for that alone, in a process that can't take the machine's memory.

A small file can be of any size once it is unpacked.
"""

from pathlib import Path

from cachekit_memprobe.child.bounded import bound_growth
from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.printable import printable, shortened
from cachekit_memprobe.child.task import Sized, Task
from cachekit_memprobe.child.workload import described, files, rows

_LONGEST = 300


def sized(task: Task) -> Sized:
    """The size of a file's data, and what it consists of.

    Raises:
        CouldNotMeasure: it can't be loaded; the message has the file's name, but no folder.
    """
    if task.memory_bytes:
        bound_growth(task.memory_bytes)
    name = printable(Path(task.value.file).name)
    try:
        value = files.load(task.value.file)
        size_bytes = rows.scaled_bytes(value, task.value.share, name)
        return Sized(size_bytes, described.described(task.value.file, value))
    except CouldNotMeasure:
        raise
    except Exception as error:  # whatever odd data makes of what counts it
        if files.is_out_of_memory(error):
            raise CouldNotMeasure(files.no_memory(name)) from None
        raise CouldNotMeasure(
            f"{name}: expected data that can be counted, found some that can't "
            f"({shortened(f'{type(error).__name__}: {error}', _LONGEST)}); give another file"
        ) from None
