"""What the servers have in common, whoever started them."""

from typing import Protocol

from cachekit_memprobe.model import Connection


class Server(Protocol):
    """A server that scenarios share; each has a namespace of its own in it."""

    def connection(self, namespace: str) -> Connection:
        """How a child reaches the server.

        Raises:
            CouldNotMeasure: it does not answer.
        """

    def explained(self, failure: str) -> str:
        """A failure's message with the server's share in it, and nothing that is nobody's business."""

    def forget(self, namespace: str) -> None:
        """Delete what was stored in a namespace, as far as the server can still be reached.

        Raises:
            CouldNotMeasure: entries stay behind in a server that is the user's.
        """

    def close(self) -> None:
        """End the server if it was started for the run."""
