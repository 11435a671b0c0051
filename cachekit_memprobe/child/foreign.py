"""Files that can't be the cached value, and what to do about them."""

import re
from pathlib import Path

from cachekit_memprobe.child.printable import printable

UNPACK = "unpack it first"
_AS_TABLE = "write it as Parquet, or as CSV"

_KNOWN: dict[bytes, tuple[str, str]] = {
    b"\x1f\x8b": ("a gzip file", UNPACK),
    b"(\xb5/\xfd": ("a zstd file", UNPACK),
    b"BZh": ("a bzip2 file", UNPACK),
    b"\xfd7zXZ": ("an xz file", UNPACK),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": ("an old Office file, such as .xls", "save the sheet as CSV"),
    b"\x89HDF\r\n\x1a\n": ("an HDF5 file", _AS_TABLE),
    b"SQLite format 3\0": ("an SQLite database", "write one table as Parquet, or as CSV"),
    b"Obj\x01": ("an Avro file", _AS_TABLE),
    b"ORC": ("an ORC file", _AS_TABLE),
    b"MATLAB 5.0": ("a MATLAB file", "write one array with numpy.save"),
    b"%PDF-": ("a PDF file", "give the data itself"),
}
_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_LONGEST = 60
_NAME = re.compile(r"[\w .()+-]{1,60}")


def known_by(path: Path, head: bytes, *, is_text: bool) -> tuple[str, str] | None:
    """What a file with these first bytes is, and the remedy; ``None`` for no format that is known here.

    Args:
        is_text: a table may begin with the same letters.
    """
    if head.startswith((_ZIP, _EMPTY_ZIP)):
        return _archive(path)
    if is_text:
        return None
    for signature, found in _KNOWN.items():
        if head.startswith(signature):
            return found
    return None


def _archive(path: Path) -> tuple[str, str]:
    """A zip archive, by what is in it: many formats are one."""
    import zipfile  # slow to import, and most files are none

    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except Exception:  # of many kinds, for many kinds of damage
        return "a damaged zip archive", "copy it again"
    if any(name.startswith("xl/") for name in names):
        return "an Excel file", "save the sheet as CSV, or write it as Parquet"
    if "content.xml" in names and "mimetype" in names:
        return "an OpenDocument file", "save the sheet as CSV, or write it as Parquet"
    arrays = [name.removesuffix(".npy") for name in names if name.endswith(".npy")]
    if arrays and len(arrays) == len(names):
        return f"an .npz archive of {_count(arrays)}", _save_one(path, arrays)
    return "a zip archive", UNPACK


def _count(arrays: list[str]) -> str:
    listed = ", ".join(map(_short, arrays[:5])) + (", ..." if len(arrays) > 5 else "")
    return f"{len(arrays)} arrays ({listed})" if len(arrays) > 1 else f"one array ({listed})"


def _save_one(path: Path, arrays: list[str]) -> str:
    one, file = arrays[0], path.name
    if not _NAME.fullmatch(one) or not _NAME.fullmatch(file):  # which is no code to be pasted
        return "save one of them by itself with numpy.save"
    return f'save one of them by itself: numpy.save("{one}.npy", numpy.load("{file}")["{one}"])'


def _short(name: str) -> str:
    return printable(name if len(name) <= _LONGEST else f"{name[:_LONGEST]}...")
