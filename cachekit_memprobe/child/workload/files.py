"""Values from the user's own files. A file is data: nothing in it is ever run."""

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cachekit_memprobe.child import datafile
from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.workload import contents, rows

_SAFE_PYARROW = (14, 0, 1)
"""Before it, an Arrow or Parquet file could have Python code run (CVE-2023-47248)."""


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
        value = _LOADERS[known.name](path)
    except datafile.DataFileError as error:
        raise CouldNotMeasure(str(error)) from None
    except ImportError as error:
        lacking = error.name or str(error)
        raise CouldNotMeasure(f"{path.name}: the target lacks {lacking}, which loads {known.name}") from None
    except CouldNotMeasure:
        raise
    except MemoryError:
        raise CouldNotMeasure(f"{path.name}: there is not enough memory to load it") from None
    except Exception as error:
        # Whatever a damaged file makes of its parser. Messages may quote the path.
        reason = str(error).replace(file, path.name).replace(str(path.parent), "")
        raise CouldNotMeasure(
            f"{path.name}: expected {known.name}, found what can't be loaded "
            f"({type(error).__name__}: {reason}); check that the file is whole, "
            "and that the target's pandas and pyarrow can read it"
        ) from None
    if not _size_bytes(path, value):
        raise CouldNotMeasure(f"{path.name}: expected a value with data in it, found none; give another file")
    return value


def _size_bytes(path: Path, value: Any) -> int:
    """The logical size; refuses a DataFrame that Arrow, and so cachekit, can't take."""
    if contents.form(value) == contents.TABLE and len(twice := value.columns[value.columns.duplicated()]):
        raise CouldNotMeasure(
            f"{path.name}: expected columns with different names, found two with the name {twice[0]!r}, "
            "which cachekit can't store; rename one"
        )
    try:
        return contents.logical_bytes(value)
    except (TypeError, ValueError) as error:  # Arrow's are such as well.
        raise CouldNotMeasure(
            f"{path.name}: expected columns that Arrow has a type for, found one of other objects, "
            f"which cachekit can't store ({type(error).__name__}: {error}); leave it out, or make it text"
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


def _arrow_file(path: Path) -> Any:
    _require_safe_pyarrow(path)
    import pyarrow as pa

    with pa.OSFile(str(path)) as file, pa.ipc.open_file(file) as reader:
        return reader.read_pandas()


def _arrow_stream(path: Path) -> Any:
    _require_safe_pyarrow(path)
    import pyarrow as pa

    with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as reader:
        return reader.read_pandas()


def _csv(path: Path) -> Any:
    import pandas as pd

    # Types of whole columns, not of the chunks of one: those could differ.
    return pd.read_csv(path, low_memory=False)


def _npy(path: Path) -> Any:
    import numpy as np

    return np.load(path, allow_pickle=False)


def _json(path: Path) -> Any:
    with path.open(encoding="utf-8-sig") as file:
        return json.load(file)


def _require_safe_pyarrow(path: Path) -> None:
    import pyarrow as pa

    version = tuple(int(part) for part in pa.__version__.split(".")[:3] if part.isdecimal())
    if version < _SAFE_PYARROW:
        raise CouldNotMeasure(
            f"{path.name}: pyarrow {pa.__version__} could run code that is in such a file; "
            "measure a target with pyarrow 14.0.1 or newer, or give the data as CSV, .npy or JSON"
        )


_LOADERS: dict[str, Callable[[Path], Any]] = {
    datafile.PARQUET.name: _parquet,
    datafile.ARROW_FILE.name: _arrow_file,
    datafile.ARROW_STREAM.name: _arrow_stream,
    datafile.CSV.name: _csv,
    datafile.NPY.name: _npy,
    datafile.JSON.name: _json,
}
