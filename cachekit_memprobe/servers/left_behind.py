"""What a run has stored in servers of the user's: noted as long as it is there, in case the run is killed.

A note is a file. Its name is a namespace; in it are keys, for a server that can't list them. It says neither
where the server is nor how to get in.
"""

import re
from dataclasses import dataclass
from pathlib import Path

_NOTE = ".keys"
_NAMESPACE = re.compile(r"memprobe-[0-9a-f]{12}")
_KEY = re.compile(r"[!-~]{1,250}")
"""Without blanks and line breaks, which would make other commands of Memcached's protocol of it."""


@dataclass(frozen=True)
class LeftBehind:
    """The notes on one backend's servers.

    Attributes:
        folder: for the notes; it is made when it is needed.
        lasting: how long entries last at most, in words.
    """

    folder: Path
    lasting: str = "a day"

    def note(self, namespace: str) -> Path:
        """Note a namespace before anything is stored in it; the file, for the keys."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / f"{namespace}{_NOTE}"
        file.touch()
        return file

    def keys(self, namespace: str) -> list[str]:
        """The keys that were noted, each once."""
        file = self.folder / f"{namespace}{_NOTE}"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return [key for key in dict.fromkeys(lines) if _KEY.fullmatch(key)]

    def forget(self, namespace: str) -> None:
        """Nothing is left in a namespace."""
        (self.folder / f"{namespace}{_NOTE}").unlink(missing_ok=True)

    def namespaces(self) -> list[str]:
        """Those that are noted."""
        names = (file.name.removesuffix(_NOTE) for file in self.folder.glob(f"*{_NOTE}"))
        return sorted(name for name in names if _NAMESPACE.fullmatch(name))
