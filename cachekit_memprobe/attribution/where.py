"""The place of an allocation: the stage from the positions of threads, the line from the stack."""

import re
from collections.abc import Iterator
from typing import Any

from cachekit_memprobe.attribution.block import SMALL_BYTES
from cachekit_memprobe.attribution.native import native_caller
from cachekit_memprobe.child.stages import DECODE, DECOMPRESS, OTHER, Place

_NOT_OWN = re.compile(r"/(?:site-packages|dist-packages|cachekit_memprobe|lib/python3[^/]*)/")
"""Below a project's folder, what isn't the user's code: an environment, and this tool's checkout."""

_NATIVE_DECOMPRESSION = "DecompressBuffer"


class Where:
    """Finds the place of an allocation: the stage from the positions, the line from the stack."""

    def __init__(self, package_prefix: str, *, native: bool, own_folder: str = "") -> None:
        """Of one capture.

        Args:
            native: it has native stacks, without which decompression is told by nothing.
            own_folder: of the user's own code, which may have called cachekit, and have worked on after it.
        """
        self._native = native
        self._prefix = package_prefix
        self._target = f"{package_prefix}cachekit/"
        self._own = f"{own_folder}/" if own_folder else ""
        self._own_frames: dict[int, tuple[str, str, int] | None] = {}
        self._frames: dict[int, tuple[str, str, int] | None] = {}
        self._decompressing: dict[int, bool] = {}
        self._native_callers: dict[int, str] = {}
        self._without_stack: dict[int, bool] = {}

    def of(self, record: Any, position: Place, *, helps: bool) -> Place:
        """``position`` is the thread's own, or that of the reading thread that it ``helps``."""
        frame = self._innermost_target_frame(record)
        stage = position.stage
        if self._native and helps and stage in (DECODE, OTHER) and self._is_decompression(record):
            stage = DECOMPRESS
        if frame is not None:
            function, file, line = frame
            return Place(stage, function, file.removeprefix(self._prefix), line)
        own = self._innermost_own_frame(record) if stage == OTHER and self._own else None
        if own is not None:
            function, file, line = own
            return Place(stage, function, file.removeprefix(self._own), line)
        return Place(stage, position.function, position.file, position.line)

    def native_of(self, record: Any) -> str:
        """The native code that made a large block; empty for others, and where native stacks are missing."""
        if not self._native or record.size < SMALL_BYTES:
            return ""
        stack_id = record.native_stack_id
        if stack_id not in self._native_callers:
            self._native_callers[stack_id] = native_caller(record.native_stack_trace())
        return self._native_callers[stack_id]

    def may_help(self, record: Any) -> bool:
        """Whether a thread outside of every stage works for one: it has no Python code, or the target's."""
        if record.stack_id not in self._without_stack:
            self._without_stack[record.stack_id] = not record.stack_trace()
        return self._without_stack[record.stack_id] or self._innermost_target_frame(record) is not None

    def _innermost_target_frame(self, record: Any) -> tuple[str, str, int] | None:
        if record.stack_id not in self._frames:
            self._frames[record.stack_id] = next(self._target_frames(record), None)
        return self._frames[record.stack_id]

    def _innermost_own_frame(self, record: Any) -> tuple[str, str, int] | None:
        """The user's own line, of what belongs to no code of cachekit's."""
        if record.stack_id not in self._own_frames:
            own = (
                frame
                for frame in record.stack_trace()
                if frame[1].startswith(self._own) and not _NOT_OWN.search(frame[1])
            )
            self._own_frames[record.stack_id] = next(own, None)
        return self._own_frames[record.stack_id]

    def _target_frames(self, record: Any) -> Iterator[tuple[str, str, int]]:
        for function, file, line in record.stack_trace():
            if file.startswith(self._target):
                yield function, file, line

    def _is_decompression(self, record: Any) -> bool:
        if record.native_stack_id not in self._decompressing:
            names = [name for name, _, _ in record.native_stack_trace()]
            self._decompressing[record.native_stack_id] = any(_NATIVE_DECOMPRESSION in name for name in names)
        return self._decompressing[record.native_stack_id]
