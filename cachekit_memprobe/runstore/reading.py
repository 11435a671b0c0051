"""How the files of a run folder are read: regular files of a sane size, and JSON that is what it should be.

A run folder may come from another machine, or from someone who means harm. So nothing is opened that could
block or never end, nothing is followed out of the folder, and each file is compared with its checksum.
"""

import hashlib
import json
import os
import re
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from cachekit_memprobe import validation
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.units import format_bytes

LARGEST_JSON_BYTES = 16 << 20
"""Some forty times the largest that was ever seen."""
LARGEST_CAPTURE_BYTES = 1 << 30

CHECKSUMS = "SHA256SUMS"
"""The file of a folder's checksums, which ``sha256sum -c`` reads as well."""

_LINE = re.compile(r"(?P<digest>[0-9a-f]{64})  (?P<name>.+)")
_CHUNK_BYTES = 1 << 20
_RECURSION = "recursion limit exceeded"
_TOO_DEEP = "it is nested more deeply than any file of its kind"
_Record = TypeVar("_Record")


@dataclass(frozen=True)
class Files:
    """The files of a folder, or of one below it.

    Attributes:
        root: the run folder, which no link may lead out of.
        below: what their names are relative to, relative to the run folder.
        shown: what messages say in front of a name: the folder as the user knows it, or a part of it.
        remedy: what messages say in the end.
        may_link: whether a file may be a link that leads elsewhere: one that the user names may.
        checksums: SHA-256 by name; ``None`` for a folder that was saved without.
    """

    root: Path
    below: str = ""
    shown: str = ""
    remedy: str = "restore it, or measure again"
    checksums: Mapping[str, str] | None = None
    may_link: bool = False

    def text(self, name: str, limit_bytes: int = LARGEST_JSON_BYTES) -> bytes:
        """The whole file.

        Raises:
            UsageError: it can't be read, or is too large to be one of a run folder's.
        """
        with self._opened(name, limit_bytes) as file:
            # One byte more: some files of the kernel's have a size of 0, and no end.
            text = file.read(limit_bytes + 1)
        if len(text) > limit_bytes:
            raise self._unreadable(name, _too_large(len(text), limit_bytes))
        return text

    def document(self, name: str) -> Any:
        """What a JSON file holds, not validated yet.

        Raises:
            UsageError: it can't be read, was changed since it was saved, or is no JSON.
        """
        text = self.text(name)
        self._check(name, hashlib.sha256(text).hexdigest())
        try:
            return json.loads(text, object_pairs_hook=_unique)
        except RecursionError:
            raise self.broken(name, "", _TOO_DEEP) from None
        except ValueError as error:
            raise self.broken(name, "", str(error)) from None

    def record(self, name: str, document: Any, kind: type[_Record], *, below: str = "") -> _Record:
        """A record from the document of a file, or from the part of it that is ``below`` a key.

        Raises:
            UsageError: it isn't one; the message names the file and the key.
        """
        try:
            text = json.dumps(document)
        except RecursionError:
            raise self.broken(name, "", _TOO_DEEP) from None
        return self.parsed(name, text, kind, below=below)

    def parsed(self, name: str, text: str | bytes, kind: type[_Record], *, below: str = "") -> _Record:
        """The same from a text.

        Raises:
            UsageError: it isn't one; the message names the file and the key.
        """
        try:
            return validation.from_json(kind, text)
        except validation.Invalid as error:
            key = ".".join(filter(None, (below, error.key)))
            problem = _TOO_DEEP if _RECURSION in error.problem else error.problem
            raise self.broken(name, key, problem) from None
        except RecursionError:
            raise self.broken(name, "", _TOO_DEEP) from None

    def check_capture(self, name: str) -> None:
        """See that a capture is there, and is what it was.

        Raises:
            UsageError: it can't be read, or was changed since it was saved.
        """
        with self._opened(name, LARGEST_CAPTURE_BYTES) as file:
            if self.checksums is not None:
                self._check(name, digest_of(file))

    def copy_capture(self, name: str, target: Path) -> None:
        """Copy a capture, and see that the copy is what was saved.

        Raises:
            UsageError: it can't be read, or was changed since it was saved.
            OSError: the copy can't be written.
        """
        with self._opened(name, LARGEST_CAPTURE_BYTES) as file, target.open("wb") as copy:
            shutil.copyfileobj(file, copy, _CHUNK_BYTES)
        if self.checksums is not None:
            with target.open("rb") as copied:
                self._check(name, digest_of(copied))

    def broken(self, name: str, key: str, problem: str) -> UsageError:
        """The error that a file is not what it should be."""
        return UsageError(
            f"{self.shown}{name} is broken: {key or 'the file'}: {problem.rstrip('.')}; {self.remedy}"
        )

    def _path(self, name: str) -> Path:
        return self.root / self.below / name

    @contextmanager
    def _opened(self, name: str, limit_bytes: int) -> Iterator[BinaryIO]:
        path = self._path(name)
        try:
            if not self.may_link and self._leads_out(path):
                raise self._unreadable(name, "it is a link out of the run folder")
            # Not blocking, as a pipe would that nobody writes to; of a file that means nothing.
            fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        except OSError as error:
            raise self._unreadable(name, error.strerror or str(error)) from None
        except ValueError as error:
            raise self._unreadable(name, str(error)) from None
        if problem := _unfit(os.fstat(fd), limit_bytes):
            os.close(fd)
            raise self._unreadable(name, problem)
        with os.fdopen(fd, "rb") as file:
            try:
                yield file
            except OSError as error:
                raise self._unreadable(name, error.strerror or str(error)) from None

    def _leads_out(self, path: Path) -> bool:
        return not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(self.root))

    def _check(self, name: str, digest: str) -> None:
        if self.checksums is None or self.checksums.get(name) == digest:
            return
        why = "not the file whose checksum is in" if name in self.checksums else "without a checksum in"
        raise UsageError(
            f"{self.shown}{name} was changed since it was measured: it is {why} {CHECKSUMS}, and would be "
            f"judged as it is if there were no {CHECKSUMS}; {self.remedy}"
        )

    def _unreadable(self, name: str, why: str) -> UsageError:
        return UsageError(f"can't read {self.shown}{name}: {why}; {self.remedy}")


def with_checksums(files: Files) -> Files:
    """The same files, to be compared with the checksums that the folder has; as they are if it has none.

    Raises:
        UsageError: the checksums can't be read.
    """
    if not os.path.lexists(files.root / files.below / CHECKSUMS):
        return files
    lines = files.text(CHECKSUMS).decode("utf-8", "replace").splitlines()
    found = [_LINE.fullmatch(line) for line in lines]
    return replace(files, checksums={line["name"]: line["digest"] for line in found if line})


def digest_of(file: BinaryIO) -> str:
    """SHA-256 of an open file, read in pieces."""
    digest = hashlib.sha256()
    while piece := file.read(_CHUNK_BYTES):
        digest.update(piece)
    return digest.hexdigest()


def _unfit(info: os.stat_result, limit_bytes: int) -> str:
    """Why a file isn't read; empty if nothing speaks against it."""
    if not stat.S_ISREG(info.st_mode):
        return "it is not a regular file"
    return _too_large(info.st_size, limit_bytes) if info.st_size > limit_bytes else ""


def _too_large(size_bytes: int, limit_bytes: int) -> str:
    size, limit = format_bytes(size_bytes), format_bytes(limit_bytes)
    return f"it has {size}, and no file of its kind has more than {limit}"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON. Of a key that stands there twice nobody knows which one counts."""
    found = dict(pairs)
    if len(found) < len(pairs):
        name = next(name for number, (name, _) in enumerate(pairs) if name in dict(pairs[:number]))
        raise ValueError(f"the key {name!r} stands there twice")
    return found
