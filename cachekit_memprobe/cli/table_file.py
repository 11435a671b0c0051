"""A Parquet file that is written piece by piece, and is there when it is whole."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.child.shortage import with_shortage
from cachekit_memprobe.errors import MemprobeError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

_SUFFIX = ".parquet"
_ROWS_AT_ONCE = 50_000
"""A group of rows for each small run would make a file of little else than their descriptions."""


def check_table_file(path: Path) -> None:
    """Refuse, before anything is read, a file that can't be written afterwards.

    Raises:
        UsageError: its name is none of a Parquet file, or its folder is missing.
    """
    if path.suffix != _SUFFIX:
        raise UsageError(f"{printable(path)}: the name of the file to write has to end in {_SUFFIX}")
    if not os.path.isdir(path.absolute().parent):
        raise UsageError(f"{printable(path)}: there is no folder {printable(path.absolute().parent)}")
    if os.path.lexists(path) and not os.path.isfile(path):
        raise UsageError(f"{printable(path)} is no file, and is not written to; give another name")


@contextmanager
def table_file(path: Path, schema: "pa.Schema") -> Iterator[Callable[["pa.Table"], None]]:
    """Where tables of a schema are written to, one below the other, whole or not at all.

    Raises:
        MemprobeError: the file can't be written.
    """
    import pyarrow as pa
    from pyarrow import parquet

    temporary = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}.tmp")
    waiting: list[pa.Table] = []

    def write(table: pa.Table) -> None:
        waiting.append(table)
        if sum(one.num_rows for one in waiting) >= _ROWS_AT_ONCE:
            _write_out(waiting)

    def _write_out(tables: list[pa.Table]) -> None:
        with _told(path):
            writer.write_table(pa.concat_tables(tables))
        tables.clear()

    try:
        with _told(path):
            file = temporary.open("wb")
        with file, parquet.ParquetWriter(file, schema) as writer:
            yield write
            if waiting:
                _write_out(waiting)
        with _told(path):
            os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise MemprobeError(with_shortage(f"can't write {printable(path)}: {error.strerror}")) from None
