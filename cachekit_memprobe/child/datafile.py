"""The user's own data: which files can be the cached value, told from their first bytes, without loading.

A file is data. What would have to run code to be loaded, a pickle, is refused.
"""

import ast
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from cachekit_memprobe.child import foreign, regular, textfile
from cachekit_memprobe.child.printable import printable

Content = Literal["table", "array", "objects"]


@dataclass(frozen=True)
class Format:
    """A kind of file.

    Attributes:
        name: for the user.
        suffixes: by which a file without a signature is known, and what is expected of one with it.
        content: what it is in Python: a pandas DataFrame, a NumPy array, or lists, dicts and scalars.
    """

    name: str
    suffixes: tuple[str, ...]
    content: Content


PARQUET = Format("Parquet", (".parquet", ".pq"), "table")
ARROW_FILE = Format("Arrow", (".arrow", ".feather", ".ipc"), "table")
ARROW_STREAM = Format("Arrow stream", (".arrows",), "table")
NPY = Format("NumPy", (".npy",), "array")
CSV = Format("CSV", (".csv",), "table")
TSV = Format("TSV", (".tsv", ".tab"), "table")
JSON = Format("JSON", (".json",), "objects")
JSON_LINES = Format("JSON lines", (".jsonl", ".ndjson"), "objects")

EXPECTED = "Parquet, CSV, Arrow or Feather, .npy or JSON"
SERIALIZERS: dict[Content, tuple[str, ...]] = {
    "table": ("arrow", "auto"),
    "array": ("auto",),
    "objects": ("orjson", "default", "auto", "interop"),
}
"""cachekit's serializers that can store a content; the first is the one that is made for it."""

IN_WORDS: dict[Content, str] = {"table": "a DataFrame", "array": "an array", "objects": "JSON objects"}

_BINARY = (PARQUET, ARROW_FILE, ARROW_STREAM, NPY)
_TEXTS = (CSV, TSV, JSON, JSON_LINES)
FORMATS = {known.name: known for known in (*_BINARY, *_TEXTS)}
_PICKLE_SUFFIXES = {".pkl", ".pickle", ".pck", ".dill", ".joblib"}
_PICKLE_PROTOCOLS = range(2, 32)
_NO_PICKLE = f"a pickle runs code when it is loaded, and data isn't run here; write the value as {EXPECTED}"
_NPY_MAGIC = b"\x93NUMPY"
_HEAD_BYTES = 4096
_LONGEST_HEADER = 10_000
"""Of a .npy file: NumPy reads no longer one."""

_DEEPEST_TYPE = 32


class DataFileError(ValueError):
    """A file that can't be the cached value.

    Attributes:
        expected, found, remedy: of the message, each a phrase.
    """

    def __init__(self, path: Path, expected: str, found: str, remedy: str) -> None:
        super().__init__(f"{printable(path.name or path)}: expected {expected}, found {found}; {remedy}")
        self.expected = expected
        self.found = found
        self.remedy = remedy


@dataclass(frozen=True)
class Told:
    """What one process tells another of a file: the name of its format, or else what is wrong with it.

    Attributes:
        expected, found, remedy: see :class:`DataFileError`.
    """

    format: str
    expected: str = ""
    found: str = ""
    remedy: str = ""


def look(path: Path) -> Told:
    """Look at a file."""
    try:
        return Told(format_of(path).name)
    except DataFileError as error:
        return Told("", error.expected, error.found, error.remedy)


def format_of(path: Path) -> Format:
    """The format of a file, by its signature or, for text, by its suffix.

    Raises:
        DataFileError: it can't be read, is a pickle, is damaged, or is of no format that is known.
    """
    _refuse_pickle_name(path)
    try:
        with regular.opened(path) as file:
            return _recognise(path, file, os.fstat(file.fileno()).st_size)
    except DataFileError:
        raise
    except regular.NotRegular as found:
        remedy = "write the data to a file first"
        if found.strerror == regular.FOLDER:
            remedy = "name one file; a data set of several has to be joined first"
        raise DataFileError(path, "a file", str(found.strerror), remedy) from None
    except OSError as error:
        raise DataFileError(
            path,
            "a file that can be read",
            error.strerror or type(error).__name__,
            "check the path and its permissions",
        ) from None
    except Exception as error:  # whatever a damaged file makes of its parser
        found_instead = f"one that can't be read ({type(error).__name__})"
        raise DataFileError(path, "a whole file", found_instead, "copy it again") from None


def _recognise(path: Path, file: BinaryIO, size_bytes: int) -> Format:
    head = file.read(_HEAD_BYTES)
    if not head:
        raise DataFileError(path, EXPECTED, "an empty file", "give a file with data in it")
    if head[0] == 0x80 and len(head) > 1 and head[1] in _PICKLE_PROTOCOLS:
        raise DataFileError(path, EXPECTED, "a pickle", _NO_PICKLE)
    file.seek(max(0, size_bytes - 8))
    tail = file.read()
    if head.startswith(_NPY_MAGIC):
        _refuse_objects(path, file)
        return NPY
    recognised = _signed(path, head, tail) or _packed_text(path, head)
    if recognised:
        return recognised
    if refused := foreign.known_by(path, head, is_text=_is_text(head)):
        raise DataFileError(path, EXPECTED, *refused)
    return _text(path, head, path.suffix)


def _signed(path: Path, head: bytes, tail: bytes) -> Format | None:
    """The format of a file that begins with a signature."""
    if head.startswith(b"PAR1"):
        return _whole(path, PARQUET, tail.endswith(b"PAR1"))
    if head.startswith(b"PARE"):
        raise DataFileError(path, "Parquet that can be read", "an encrypted one", "decrypt it first")
    if head.startswith(b"ARROW1"):
        return _whole(path, ARROW_FILE, tail.endswith(b"ARROW1"))
    if head.startswith(b"FEA1"):
        remedy = "write it again as version 2"
        raise DataFileError(path, EXPECTED, "Feather version 1, which pyarrow gives up", remedy)
    if head.startswith(b"\xff\xff\xff\xff"):
        return ARROW_STREAM
    return None


def _packed_text(path: Path, head: bytes) -> Format | None:
    """The format of a text that is packed, such as ``prices.csv.gz``; other formats pack themselves."""
    if not textfile.is_packed(head) or path.suffix.lower() not in textfile.PACKED_SUFFIXES:
        return None
    inner = path.with_suffix("")
    if not any(inner.suffix.lower() in known.suffixes for known in _TEXTS):
        return None
    try:
        with textfile.opened(path) as file:
            head = file.read(_HEAD_BYTES)
    except Exception:  # each packer has errors of its own
        raise DataFileError(path, "a whole file", "one that can't be unpacked", "copy it again") from None
    if not head:
        raise DataFileError(path, EXPECTED, "an empty file", "give a file with data in it")
    return _text(path, head, inner.suffix)


def _whole(path: Path, known: Format, ends_well: bool) -> Format:
    if not ends_well:
        raise DataFileError(
            path,
            f"a whole {known.name} file",
            "one whose end is missing",
            "write or copy it again",
        )
    return known


def _text(path: Path, head: bytes, suffix: str) -> Format:
    """The format of a file without a signature: a text, as its suffix says."""
    suffix = suffix.lower()
    for known in _BINARY:
        if suffix in known.suffixes:
            found = "text" if _is_text(head) else "other bytes"
            raise DataFileError(
                path, f"{known.name}, as the file's name says", found, "write it again, or rename it"
            )
    for known in _TEXTS:
        if suffix in known.suffixes:
            if _is_text(head):
                return known
            raise DataFileError(
                path, f"{known.name} in UTF-8", "bytes that are no text", "save it as UTF-8 text"
            )
    remedy = "convert it, or give a text the suffix .csv or .json"
    raise DataFileError(path, EXPECTED, "no format that is known", remedy)


def _is_text(head: bytes) -> bool:
    """Whether the bytes can be the beginning of a UTF-8 text."""
    if b"\0" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # The last character may be cut off.
        return error.start > len(head) - 4 and len(head) == _HEAD_BYTES
    return True


def _refuse_pickle_name(path: Path) -> None:
    if _PICKLE_SUFFIXES & {suffix.lower() for suffix in path.suffixes}:
        raise DataFileError(path, EXPECTED, "a pickle by its name", _NO_PICKLE)


def _refuse_objects(path: Path, file: BinaryIO) -> None:
    """An array of Python objects is a pickle in a .npy file."""
    try:
        has_objects = _has_objects(_npy_header(file)["descr"])
    except (LookupError, TypeError, ValueError, SyntaxError, RecursionError, MemoryError, struct.error):
        raise DataFileError(
            path, "a whole .npy file", "a damaged header", "write it again with numpy.save"
        ) from None
    if has_objects:
        raise DataFileError(path, "an array of numbers", "a pickle: an array of objects", _NO_PICKLE)


def _npy_header(file: BinaryIO) -> dict[str, object]:
    """What numpy.lib.format describes: magic, version, length, and a literal of Python."""
    file.seek(len(_NPY_MAGIC))
    major = file.read(2)[0]
    (length,) = struct.unpack("<H", file.read(2)) if major == 1 else struct.unpack("<I", file.read(4))
    if length > _LONGEST_HEADER:
        raise ValueError
    text = file.read(length).decode("latin-1" if major < 3 else "utf-8")
    header: dict[str, object] = ast.literal_eval(text)
    return header


def _has_objects(described: object, depth: int = 0) -> bool:
    """Whether a type has objects in it; of fields a list, each its name and its type, or a shape as well."""
    if isinstance(described, str):
        return "O" in described
    if depth > _DEEPEST_TYPE:
        raise ValueError
    if isinstance(described, list):
        # A name may have any letter.
        return any(_has_objects(field[1], depth + 1) for field in described)
    if isinstance(described, tuple):  # a type and its shape
        return _has_objects(described[0], depth + 1)
    raise ValueError
