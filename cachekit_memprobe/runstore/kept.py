"""The results of a run's scenarios, kept so that a report needn't attribute them again.

``scenarios/NAME/result.sealed`` is a seal, a line break, and the result as JSON. A result is used only if
this very tool has made it from the very files that are there: the seal is a code of its text, of the
checksums of those files, and of the tool's own sources, with a key that only this user has. So nobody else
can write one whose figures the observations don't have, and one that is out of date is just not used.
"""

import hashlib
import hmac
import os
import secrets
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path

from cachekit_memprobe import validation
from cachekit_memprobe.errors import MemprobeError, UsageError
from cachekit_memprobe.result import Result
from cachekit_memprobe.runstore.files import write_atomically
from cachekit_memprobe.runstore.names import SCENARIOS
from cachekit_memprobe.runstore.naming import runs_folder
from cachekit_memprobe.runstore.reading import CHECKSUMS, Files

_FILE = "result.sealed"
_KEY_FILE = "seal.key"
_KEY_BYTES = 32
_PACKAGE = Path(__file__).parents[1]
_COMPUTE_WITH_US = ("memray", "numpy")
_NOT_TO_BE_USED = (MemprobeError, OSError, ValueError, ImportError)
"""What may come of files that are missing or broken; nothing depends on them."""


@dataclass(frozen=True)
class KeptResults:
    """Those of a run folder; its files have to have been compared with their checksums."""

    folder: Path

    def of(self, name: str) -> Result | None:
        """That of a scenario, or ``None`` if there is none that is known to be right."""
        with suppress(*_NOT_TO_BE_USED):
            files = Files(self.folder, f"{SCENARIOS}/{name}")
            seal, _, text = files.text(_FILE).partition(b"\n")
            if hmac.compare_digest(seal, self._seal(files, text)):
                return validation.from_json(Result, text)
        return None

    def keep(self, results: Iterable[Result]) -> None:
        """Keep those that were judged: why one could not be may have been this moment's.

        Where one can't be kept, such as on a full disk, it is attributed again.
        """
        with suppress(UsageError):
            _make_key()
        for result in results:
            if result.verdict not in ("pass", "fail"):
                continue
            below = f"{SCENARIOS}/{result.scenario.name}"
            with suppress(*_NOT_TO_BE_USED):
                text = validation.to_text(result, Result)
                if validation.from_json(Result, text) == result:
                    seal = self._seal(Files(self.folder, below), text)
                    write_atomically(self.folder / below / _FILE, (seal + b"\n" + text).decode())

    def _seal(self, files: Files, text: bytes) -> bytes:
        """Over what a result was made of, and what it is.

        Raises:
            UsageError: there are no checksums, or no key can be kept.
        """
        made_of = (self._tool, self._run, files.text(CHECKSUMS), text)
        sealed = b"".join(len(part).to_bytes(8, "big") + part for part in made_of)
        return hmac.new(self._key, sealed, hashlib.sha256).hexdigest().encode()

    @cached_property
    def _run(self) -> bytes:
        return Files(self.folder).text(CHECKSUMS)

    @cached_property
    def _key(self) -> bytes:
        return _own_key()

    @cached_property
    def _tool(self) -> bytes:
        return _digest_of_tool()


def _own_key() -> bytes:
    """The user's.

    Raises:
        UsageError: there is none.
    """
    key = Files(_key_folder()).text(_KEY_FILE, _KEY_BYTES)
    if len(key) != _KEY_BYTES:
        raise UsageError("what is kept as a key is none")
    return key


def _make_key() -> None:
    """Make the user's key, unless there is one.

    Raises:
        UsageError: no home is known.
    """
    folder = _key_folder()
    with suppress(OSError):  # of which one is that there is one
        folder.mkdir(parents=True, exist_ok=True)
        fd = os.open(folder / _KEY_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(fd, "wb") as made:
            made.write(secrets.token_bytes(_KEY_BYTES))


def _key_folder() -> Path:
    return runs_folder().parent


def _digest_of_tool() -> bytes:
    """Of this tool's sources, many states of which have one version, and of what computes with it."""
    digest = hashlib.sha256(sys.version.encode())
    for name in _COMPUTE_WITH_US:
        digest.update(f"{name} {metadata.version(name)}\n".encode())
    for folder, folders, names in os.walk(_PACKAGE):
        folders.sort()
        for name in sorted(names):
            if name.endswith(".py"):
                source = Path(folder, name).read_bytes()
                digest.update(f"{name} {len(source)}\n".encode() + source)
    return digest.digest()
