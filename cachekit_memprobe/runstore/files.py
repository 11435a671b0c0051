"""The files of a run folder: JSON, written whole or not at all, validated when it is read."""

import json
import os
import secrets
from pathlib import Path
from typing import Any, TypeVar

from cachekit_memprobe import validation
from cachekit_memprobe.child.printable import json_text, printable
from cachekit_memprobe.child.shortage import with_shortage
from cachekit_memprobe.errors import MemprobeError, UsageError

_Record = TypeVar("_Record")


def write(path: Path, record: _Record, kind: type[_Record]) -> None:
    """Write a record.

    Raises:
        MemprobeError: the file can't be written.
    """
    write_atomically(path, json_text(validation.to_json(record, kind), indent=1))


def read(path: Path, kind: type[_Record]) -> _Record:
    """Read a record.

    Raises:
        UsageError: the file is missing or broken; the message names it and the key.
    """
    return _from_json(path, _bytes_of(path), kind)


def read_json(path: Path) -> Any:
    """The document of a file, not validated yet.

    Raises:
        UsageError: the file is missing, or no JSON.
    """
    try:
        return json.loads(_bytes_of(path))
    except (ValueError, RecursionError) as error:
        raise broken(path, "", str(error)) from None


def validated(path: Path, document: Any, kind: type[_Record]) -> _Record:
    """A record from the document of a file.

    Raises:
        UsageError: it isn't one; the message names the file and the key.
    """
    return _from_json(path, json.dumps(document).encode(), kind)


def broken(path: Path, key: str, problem: str) -> UsageError:
    """The error that a file of a run folder is not what it should be."""
    return UsageError(f"{printable(path)} is broken: {key or 'the file'}: {problem}")


def write_atomically(path: Path, text: str) -> None:
    """Write a text file, so that a reader sees either what was there before or all of the text.

    Raises:
        MemprobeError: it can't be written; the message names it.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name[:200]}.{secrets.token_hex(4)}.tmp")
    try:
        try:
            # Not tempfile, whose files only their owner may read.
            temporary.write_text(text, encoding="utf-8")
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise MemprobeError(with_shortage(f"can't write {printable(path)}: {error.strerror}")) from None


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"can't read {printable(path)}: {error.strerror}") from None


def _from_json(path: Path, text: bytes, kind: type[_Record]) -> _Record:
    try:
        return validation.from_json(kind, text)
    except validation.Invalid as error:
        raise broken(path, error.key, error.problem) from None
