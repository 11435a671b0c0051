"""Of the user's settings of uv those that say where packages come from, and how to get there.

An index may be private, and behind a proxy. Everything else stays out: ``resolution``, constraints,
overrides and the like would make another environment under the name of the same release. What is kept is
listed, and not what is dropped: a setting that is lost makes uv fail, one that is kept by mistake would
be seen by nobody.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.toml import toml

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PYPI = "https://pypi.org/simple"

_KEPT_VARIABLES = (
    "UV_ALLOW_INSECURE_HOST",
    "UV_CACHE_DIR",
    "UV_CONCURRENT_",
    "UV_CREDENTIALS_DIR",
    "UV_DEFAULT_INDEX",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "UV_HTTP_",
    "UV_INDEX",
    "UV_INSECURE_HOST",
    "UV_KEYRING_PROVIDER",
    "UV_LOCK_TIMEOUT",
    "UV_NATIVE_TLS",
    "UV_NO_INDEX",
    "UV_NO_NETRC",
    "UV_OFFLINE",
    "UV_REQUEST_TIMEOUT",
    "UV_SYSTEM_CERTS",
)
"""The beginnings of their names."""

_DROPPED_VARIABLES = ("UV_", "PYTHON", "VIRTUAL_ENV", "CONDA_PREFIX", "RUST_LOG")
_ON = ("1", "true", "t", "yes", "y", "on")
_KEPT_KEYS = (
    "allow-insecure-host",
    "cache-dir",
    "concurrent-builds",
    "concurrent-downloads",
    "concurrent-installs",
    "extra-index-url",
    "find-links",
    "http-proxy",
    "https-proxy",
    "index",
    "index-strategy",
    "index-url",
    "keyring-provider",
    "native-tls",
    "no-index",
    "no-proxy",
    "offline",
    "system-certs",
)
_KEPT_OF_AN_INDEX = (
    "authenticate",
    "cache-control",
    "default",
    "explicit",
    "format",
    "ignore-error-codes",
    "name",
    "url",
)
_PLACES = ("extra-index-url", "find-links", "index-url", "url")
"""Keys whose values may be paths, which count from the folder of their file."""


def environment() -> dict[str, str]:
    """The variables that uv gets."""
    kept = {
        name: text
        for name, text in os.environ.items()
        if name.startswith(_KEPT_VARIABLES) or not name.startswith(_DROPPED_VARIABLES)
    }
    if kept.get("UV_CACHE_DIR"):
        kept["UV_CACHE_DIR"] = str(Path(kept["UV_CACHE_DIR"]).absolute())  # uv runs in another folder
    return kept


def text() -> str:
    """The configuration that uv gets, as TOML; it takes the place of all that uv would find.

    Raises:
        UsageError: a file of the user's can't be read.
    """
    return "".join(f"{key} = {toml(value)}\n" for key, value in settings().items())


def settings() -> dict[str, Any]:
    """The same by its keys.

    Raises:
        UsageError: a file of the user's can't be read.
    """
    merged: dict[str, Any] = {}
    for file in _files():
        found = _settings(file)
        merged = _merged(merged, {**_kept(found, file.parent), **_of_pip(found, file.parent)})
    return merged


def indexes(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The addresses of indexes in the order in which uv asks them; none for PyPI alone.

    Variables come before files. The default one is asked last, and none at all where none may be.
    """
    if _is_on("UV_NO_INDEX") or settings.get("no-index"):
        return ()
    tables = [one for one in _list(settings.get("index")) if isinstance(one, dict) and one.get("url")]
    others = [
        *(_address(word) for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL") for word in _words(name)),
        *(str(one["url"]) for one in tables if not one.get("default") and not one.get("explicit")),
        *map(str, _list(settings.get("extra-index-url"))),
    ]
    defaults = [
        *(_address(word) for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL") for word in _words(name)),
        *(str(one["url"]) for one in tables if one.get("default")),
        *([str(settings["index-url"])] if settings.get("index-url") else []),
        PYPI,
    ]
    return tuple(dict.fromkeys((*others, defaults[0])))


def find_links(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Folders and pages of files besides indexes."""
    given = os.environ.get("UV_FIND_LINKS", "").replace(",", " ").split()
    return tuple(dict.fromkeys((*given, *map(str, _list(settings.get("find-links"))))))


def is_offline() -> bool:
    """Whether uv may not use the network."""
    return _is_on("UV_OFFLINE") or settings().get("offline") is True


def _words(variable: str) -> list[str]:
    return os.environ.get(variable, "").split()


def _address(word: str) -> str:
    """``name=https://...`` without the name."""
    name, equals, url = word.partition("=")
    return url if equals and "/" not in name else word


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_on(variable: str) -> bool:
    return os.environ.get(variable, "").lower() in _ON


def _of_pip(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The table of ``uv pip``, which comes before the settings for all commands."""
    table = settings.get("pip")
    return _kept(table, folder) if isinstance(table, dict) else {}


def _files() -> Iterator[Path]:
    """The files that uv would read, the first of which counts most."""
    if _is_on("UV_NO_CONFIG"):
        return
    if chosen := os.environ.get("UV_CONFIG_FILE"):
        yield Path(chosen).absolute()
        return
    own = os.environ.get("XDG_CONFIG_HOME", "")
    user = Path(own) if os.path.isabs(own) else Path(os.path.expanduser("~/.config"))
    systems = os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    system = [Path(folder, "uv/uv.toml") for folder in systems.split(":") if os.path.isabs(folder)]
    for candidates in ([user / "uv/uv.toml"], [*system, Path("/etc/uv/uv.toml")]):
        yield from [file for file in candidates if os.path.isfile(file)][:1]


def _settings(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(
            f"uv's configuration {file} can't be read: {reason}. Mend it, or set UV_NO_CONFIG=1"
        ) from None


def _kept(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    kept = {key: _placed(key, settings[key], folder) for key in _KEPT_KEYS if key in settings}
    if isinstance(kept.get("index"), list):
        indexes = [entry for entry in kept["index"] if isinstance(entry, dict)]
        kept["index"] = [
            {key: _placed(key, entry[key], folder) for key in _KEPT_OF_AN_INDEX if key in entry}
            for entry in indexes
        ]
    return kept


def _placed(key: str, value: Any, folder: Path) -> Any:
    if key not in _PLACES:
        return value
    if isinstance(value, list):
        return [_placed(key, one, folder) for one in value]
    return value if not isinstance(value, str) or "://" in value else str(folder / value)


def _merged(first: Mapping[str, Any], then: Mapping[str, Any]) -> dict[str, Any]:
    """As uv does it: arrays are joined, of other values the first one counts."""
    joined = {
        key: [*first[key], *then[key]]
        for key in first.keys() & then.keys()
        if isinstance(first[key], list) and isinstance(then[key], list)
    }
    return {**then, **first, **joined}
