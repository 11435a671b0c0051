"""The two pipes of a measured process's channel."""

import os


class Pipes:
    """Two pipes: the supervisor's word to the child, and the child's messages."""

    def __enter__(self) -> "Pipes":
        child_reads, self.go_fd = os.pipe()
        self.messages_fd, child_writes = os.pipe()
        self.child_ends = (child_reads, child_writes)
        self._open = {child_reads, self.go_fd, self.messages_fd, child_writes}
        return self

    def __exit__(self, *exc: object) -> None:
        self._close(*self._open)

    def close_child_ends(self) -> None:
        """So that the child's death is the end of the stream."""
        self._close(*self.child_ends)

    def _close(self, *fds: int) -> None:
        for fd in fds:
            if fd in self._open:
                self._open.discard(fd)
                os.close(fd)
