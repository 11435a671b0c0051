"""Values from the user's own files. A file is data: nothing in it is ever run."""

import contextlib
import functools
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cachekit_memprobe.child import datafile, textfile
from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.printable import printable, shortened
from cachekit_memprobe.child.workload import contents, rows

_SAFE_PYARROW = (14, 0, 1)
"""Before it, an Arrow or Parquet file could have Python code run (CVE-2023-47248)."""

_MOST_LEVELS = 32
_LONGEST = 300
"""Of what a library says, which may quote the file."""


def make(file: str, size_bytes: int, share: float = 1.0) -> Any:
    """The value that a file holds, or a share of its rows; of a smaller size, the beginning of that.

    Raises:
        CouldNotMeasure: it can't be loaded; the message has the file's name, but no folder.
    """
    value = load(file) if share == 1 else _scaled(file, share)
    whole_bytes = contents.logical_bytes(value)
    return value if size_bytes >= whole_bytes else _beginning(value, size_bytes / whole_bytes)


@functools.lru_cache(maxsize=1)
def _scaled(file: str, share: float) -> Any:
    return rows.scaled(load(file), share, Path(file).name)


# The warm-up value and the measured one come from the same file, and one process makes both.
@functools.lru_cache(maxsize=1)
def load(file: str) -> Any:
    """The whole value of a file.

    Raises:
        CouldNotMeasure: as for :func:`make`.
    """
    path = Path(file)
    try:
        known = datafile.format_of(path)
    except datafile.DataFileError as error:
        raise CouldNotMeasure(str(error)) from None
    try:
        value = _LOADERS[known.name](path)
    except ImportError as error:
        lacking = error.name or str(error)
        raise CouldNotMeasure(
            f"{_named(path)}: the target lacks {lacking}, which loads {known.name}"
        ) from None
    except CouldNotMeasure:
        raise
    except UnicodeDecodeError as error:
        found = f"the byte 0x{error.object[error.start]:02x}, which is no UTF-8"
        raise CouldNotMeasure(
            f"{_named(path)}: expected {known.name} in UTF-8, found {found}; save it as UTF-8 text"
        ) from None
    except Exception as error:
        if is_out_of_memory(error):
            raise CouldNotMeasure(no_memory(_named(path))) from None
        # Whatever a damaged file makes of its parser.
        raise CouldNotMeasure(_why_not(path, known, _said(error, path))) from None
    if not _size_bytes(path, value):
        raise CouldNotMeasure(
            f"{_named(path)}: expected a value with data in it, found none; give another file"
        )
    return value


def _said(error: Exception, path: Path = Path("/")) -> str:
    """An error in a few words. They may quote the path, and anything of the file."""
    words = f"{type(error).__name__}: {error}".replace(str(path), path.name)
    return shortened(words.replace(str(path.parent), "") if path.name else words, _LONGEST)


def is_out_of_memory(error: Exception) -> bool:
    """Whether memory ran out; pandas' parser has an error of its own for it."""
    return isinstance(error, MemoryError) or "out of memory" in str(error).lower()


def no_memory(name: str) -> str:
    """Why the file of that name can't be loaded where memory runs out."""
    return (
        f"{name}: there is not enough memory to load it, and a small file may hold much; give a smaller "
        "one, or free some memory"
    )


def _named(path: Path) -> str:
    return printable(path.name)


def _why_not(path: Path, known: datafile.Format, reason: str) -> str:
    """Why the file can't be loaded: because of itself, or of what pandas can't do with it."""
    if known.content == "table" and known.name in _READ_BY_ARROW:
        with contextlib.suppress(Exception):
            repeated = _repeated(_READ_BY_ARROW[known.name](path))
            if repeated is not None:
                return _two_columns(path, repeated)
            return (
                f"{_named(path)}: the file is whole, but the target's pandas can't make a DataFrame of it "
                f"({reason}); write it with types that this pandas can read, or without pandas' metadata in "
                "its schema"
            )
    return (
        f"{_named(path)}: expected {known.name}, found what can't be loaded ({reason}); check that the file "
        "is whole, and that the target's pandas and pyarrow can read it"
    )


def _repeated(table: Any) -> str | None:
    """The name that two columns of an Arrow table have."""
    counted = Counter(table.column_names)
    return next((name for name, count in counted.items() if count > 1), None)


def _two_columns(path: Path, name: object) -> str:
    return (
        f"{_named(path)}: expected columns with different names, found two with the name "
        f"{shortened(repr(name), _LONGEST)}, which cachekit can't store; rename one"
    )


def _size_bytes(path: Path, value: Any) -> int:
    """The logical size; refuses a DataFrame that Arrow, and so cachekit, can't take."""
    if contents.form(value) == contents.TABLE and len(twice := value.columns[value.columns.duplicated()]):
        raise CouldNotMeasure(_two_columns(path, twice[0]))
    if contents.form(value) == contents.TABLE and value.index.nlevels > _MOST_LEVELS:
        # So pandas takes rows that are longer than the line of names. Each column would cost all levels.
        raise CouldNotMeasure(
            f"{_named(path)}: expected an index of at most {_MOST_LEVELS} levels, found "
            f"{value.index.nlevels:,}; make the rows as long as the line with the names"
        )
    try:
        return contents.logical_bytes(value)
    except (ArithmeticError, TypeError, ValueError) as error:  # Arrow's are such as well.
        raise CouldNotMeasure(
            f"{_named(path)}: expected columns that Arrow has a type for, found one of other objects, "
            f"which cachekit can't store ({_said(error)}); leave it out, or make it text"
        ) from None


def _beginning(value: Any, share: float) -> Any:
    """About a share of a value, of the same type: rows, items or characters from its beginning."""
    kind = contents.form(value)
    if kind == contents.TABLE:
        return value.head(max(1, int(len(value) * share)))
    if kind == contents.ARRAY:
        return value[: max(1, int(len(value) * share))].copy() if value.ndim else value
    if isinstance(value, dict):
        return dict(list(value.items())[: max(1, int(len(value) * share))])
    return value[: max(1, int(len(value) * share))] if isinstance(value, (list, str)) else value


def _parquet(path: Path) -> Any:
    _require_safe_pyarrow(path)
    import pandas as pd

    return pd.read_parquet(path, engine="pyarrow")


def _table_of_parquet(path: Path) -> Any:
    _require_safe_pyarrow(path)
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        return file.read()


def _table_of_arrow_file(path: Path) -> Any:
    _require_safe_pyarrow(path)
    import pyarrow as pa

    with pa.OSFile(str(path)) as file, pa.ipc.open_file(file) as reader:
        return _validated(reader.read_all())


def _table_of_arrow_stream(path: Path) -> Any:
    _require_safe_pyarrow(path)
    import pyarrow as pa

    with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as reader:
        return _validated(reader.read_all())


def _validated(table: Any) -> Any:
    """Arrow takes offsets as they are, and aborts the process on those that lead nowhere."""
    table.validate(full=True)
    return table


def _arrow_file(path: Path) -> Any:
    return _table_of_arrow_file(path).to_pandas()


def _arrow_stream(path: Path) -> Any:
    return _table_of_arrow_stream(path).to_pandas()


def _csv(path: Path) -> Any:
    return _table_of_text(path, ",")


def _tsv(path: Path) -> Any:
    return _table_of_text(path, "\t")


def _table_of_text(path: Path, usual_separator: str) -> Any:
    import pandas as pd

    dialect = textfile.dialect_of(path, usual_separator)
    with textfile.opened(path) as file:
        # Types of whole columns, not of the chunks of one: those could differ.
        return pd.read_csv(file, sep=dialect.separator, decimal=dialect.decimal, low_memory=False)


def _npy(path: Path) -> Any:
    import numpy as np

    return np.load(path, allow_pickle=False)


def _json(path: Path) -> Any:
    text = _text(path)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        # A second document after the first: it may be one on each line.
        if "Extra data" not in error.msg:
            raise
        try:
            return _each_line(text)
        except json.JSONDecodeError:
            raise error from None


def _json_lines(path: Path) -> Any:
    return _each_line(_text(path))


def _each_line(text: str) -> list[Any]:
    """The documents of JSON lines, as the list that caching them together would take."""
    documents = []
    # Not splitlines(): a string of JSON may have other line breaks in it.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                documents.append(json.loads(line))
            except json.JSONDecodeError as error:
                raise json.JSONDecodeError(
                    f"line {number} of the file: {error.msg}", line, error.pos
                ) from None
    return documents


def _text(path: Path) -> str:
    with textfile.opened(path) as file:
        return file.read().decode("utf-8-sig")


def _require_safe_pyarrow(path: Path) -> None:
    import pyarrow as pa

    version = tuple(int(part) for part in pa.__version__.split(".")[:3] if part.isdecimal())
    if version < _SAFE_PYARROW:
        raise CouldNotMeasure(
            f"{_named(path)}: pyarrow {pa.__version__} could run code that is in such a file; "
            "measure a target with pyarrow 14.0.1 or newer, or give the data as CSV, .npy or JSON"
        )


_READ_BY_ARROW: dict[str, Callable[[Path], Any]] = {
    datafile.PARQUET.name: _table_of_parquet,
    datafile.ARROW_FILE.name: _table_of_arrow_file,
    datafile.ARROW_STREAM.name: _table_of_arrow_stream,
}
"""The same without pandas, to see whether the file itself is whole."""

_LOADERS: dict[str, Callable[[Path], Any]] = {
    datafile.PARQUET.name: _parquet,
    datafile.ARROW_FILE.name: _arrow_file,
    datafile.ARROW_STREAM.name: _arrow_stream,
    datafile.CSV.name: _csv,
    datafile.TSV.name: _tsv,
    datafile.NPY.name: _npy,
    datafile.JSON.name: _json,
    datafile.JSON_LINES.name: _json_lines,
}
