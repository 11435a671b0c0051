"""What must not be seen in a message: where the user's server is, and how to get in."""

from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

HIDDEN = "***"


def secrets_of_url(url: str) -> tuple[str, ...]:
    """The parts of a server's URL that a client's error message may quote."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    quoted = (url, parts.netloc, parts.username or "", parts.password or "", parts.query)
    place = (parts.path,) if parts.scheme == "unix" else (f"{host}:{parts.port}", host)
    return (*quoted, *map(unquote, quoted), *place)


def redacted(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret in it hidden, the longest first."""
    for secret in sorted({secret for secret in secrets if secret}, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text
