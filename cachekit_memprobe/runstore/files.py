"""How the files of a run folder are written: JSON, whole or not at all."""

import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from cachekit_memprobe import validation
from cachekit_memprobe.child.printable import json_text, printable
from cachekit_memprobe.child.shortage import with_shortage
from cachekit_memprobe.errors import MemprobeError
from cachekit_memprobe.runstore.reading import CHECKSUMS, digest_of

_Record = TypeVar("_Record")


def write(path: Path, record: _Record, kind: type[_Record]) -> None:
    """Write a record.

    Raises:
        MemprobeError: the file can't be written.
    """
    text = json_text(validation.to_json(record, kind), indent=1)
    write_atomically(path, text)


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


def write_checksums(folder: Path, names: Iterable[str]) -> None:
    """Write the checksums of files of a folder, when they are all there.

    Raises:
        MemprobeError: a file can't be read, or the checksums can't be written.
    """
    lines = []
    for name in names:
        try:
            with (folder / name).open("rb") as file:
                lines.append(f"{digest_of(file)}  {name}\n")
        except OSError as error:
            raise MemprobeError(f"can't read {folder / name}: {error.strerror}") from None
    write_atomically(folder / CHECKSUMS, "".join(lines))
