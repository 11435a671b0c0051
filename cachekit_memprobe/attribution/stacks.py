"""The stacks of a capture, cut down to the read: without the probe's frames, and without folders."""

import re
from typing import Any

from cachekit_memprobe.attribution.block import Frame
from cachekit_memprobe.folders import public_path

_PROBE = "/cachekit_memprobe/"
_TARGET = "cachekit/"
_PYTHONS_OWN = re.compile(r"(?:Include|Objects|Modules|Python)/[^/]+\.[ch]$")
"""By which memray knows, and hides, the interpreter's own frames."""


class Stacks:
    """The stacks of records, each found once; a stack begins with its outermost frame."""

    def __init__(self, package_folder: str, *, native: bool) -> None:
        """``native``: the capture has native frames, which then stand among Python's."""
        self.found: list[tuple[Frame, ...]] = []
        self._prefix = f"{package_folder}/"
        self._native = native
        self._numbers: dict[tuple[int, int], int] = {}
        self._files: dict[str, str] = {}

    def number_of(self, record: Any) -> int:
        """The number of a record's stack in ``found``."""
        key = record.stack_id, record.native_stack_id if self._native else 0
        if key not in self._numbers:
            self._numbers[key] = len(self.found)
            innermost_first = record.hybrid_stack_trace() if self._native else record.stack_trace()
            self.found.append(self._cut(innermost_first))
        return self._numbers[key]

    def _cut(self, innermost_first: list[Frame]) -> tuple[Frame, ...]:
        """From cachekit's own outermost frame on: what is outside of it has called the read."""
        frames = [
            (function, self._file(file), line)
            for function, file, line in reversed(innermost_first)
            if _PROBE not in file
        ]
        numbers = [number for number, (_, file, _) in enumerate(frames) if file.startswith(_TARGET)]
        return tuple(frames[numbers[0] if numbers else 0 :])

    def _file(self, file: str) -> str:
        if file not in self._files:
            self._files[file] = self._short(file)
        return self._files[file]

    def _short(self, file: str) -> str:
        if file.startswith(self._prefix):
            return file.removeprefix(self._prefix)
        if pythons_own := _PYTHONS_OWN.search(file):
            return pythons_own.group()
        return public_path(file) if file.startswith("/") else file
