"""Environment variables for the measured processes: which a user may give, and what of them is recorded.

A run folder and a report hold no secret. So a name that looks like one's is refused, and of other names only
those have their values recorded that are known to be settings: the allocators', and cachekit's that aren't
addresses.
"""

import os
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase

UNRECORDED = "(not recorded)"
"""What is saved in place of a value."""

TO_FILL_IN = "(fill in)"
"""What stands for it in a command, which can't be run so."""

_ALLOCATORS = (
    "MALLOC_*",  # glibc's, and jemalloc's MALLOC_CONF
    "GLIBC_TUNABLES",
    "PYTHONMALLOC",
    "PYTHONDEVMODE",  # makes it debug
    "ARROW_*",
    "LD_PRELOAD",
    "DYLD_INSERT_LIBRARIES",
    "MIMALLOC_*",
    "TCMALLOC_*",
    "JEMALLOC_*",
    "JE_*",
    "_RJEM_*",
    "NUMPY_MADVISE_HUGEPAGE",
)
_CACHEKIT = "CACHEKIT_*"
_LONGEST = 200
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET = re.compile(r"KEY|SECRET|TOKEN|PASSW|CREDENTIAL|AUTH|PRIVATE|(^|_)PWD$", re.IGNORECASE)
_ADDRESS = re.compile(r"URL|URI|DSN|HOST|SERVER|ADDRESS", re.IGNORECASE)
_LOGIN = re.compile(r"://[^/\s]*@")
_FOLDERS = re.compile(r"(?:/[^/\s:,;]+)+/(?=[^/\s:,;])")

_OF_THE_TOOL = {
    "HOME": "each measured process has a home of its own",
    "TMPDIR": "each measured process has a folder of its own",
    "PYTHONPATH": "choose what is measured with --python, --cachekit and --with",
    "PYTHONHOME": "choose what is measured with --python",
    "CACHEKIT_ARROW_COMPRESSION": "set compression in the scenario's [cache], or as an axis of --matrix",
    "CACHEKIT_DEPLOYMENT_UUID": "it is the same in all processes of a run",
    "CACHEKIT_REDIS_URL": "name your server with --redis-url",
    "REDIS_URL": "name your server with --redis-url",
}
"""Variables that this tool sets itself, and what to do instead."""

_OF_SCENARIOS = ("CACHEKIT_ARROW_COMPRESSION",)
"""Those of them that a scenario sets which makes its value."""


def is_name(name: str) -> bool:
    """Whether it can be an environment variable's in any shell."""
    return len(name) <= _LONGEST and _NAME.fullmatch(name) is not None


def is_allocator(name: str) -> bool:
    """Whether a variable sets which allocators a process uses, or how."""
    return any(fnmatchcase(name, pattern) for pattern in _ALLOCATORS) and not _SECRET.search(name)


def is_recorded(name: str) -> bool:
    """Whether the variable's value may stand in run folders and reports."""
    return is_allocator(name) or (fnmatchcase(name, _CACHEKIT) and not _ADDRESS.search(name))


def check(name: str, value: str, *, of_code: bool = False) -> None:
    """Refuse a variable that a user can't give to the measured processes.

    Args:
        of_code: they call the user's own function, so that settings which are a scenario's elsewhere are
            as its environment has them.

    Raises:
        ValueError: the message says why, and what to do.
    """
    if not is_name(name):
        raise ValueError(
            f"{name[:_LONGEST]!r} is not the name of an environment variable; use letters, digits and _"
        )
    if value == TO_FILL_IN:
        raise ValueError(
            f"{name} has to be filled in, as no report has its value: write it in place of {value}"
        )
    if name in _OF_THE_TOOL and not (of_code and name in _OF_SCENARIOS):
        raise ValueError(f"{name} is set by cachekit-memprobe; {_OF_THE_TOOL[name]}")
    if _SECRET.search(name):
        raise ValueError(
            f"{name} looks like a secret, which has no place in a measurement; cachekit-memprobe makes the "
            "keys that it needs itself"
        )
    if _LOGIN.search(value):
        raise ValueError(f"{name} holds an address with a password, which has no place in a measurement")
    if "\0" in value:
        raise ValueError(f"{name} has a null character in its value, which no process can be given")


def recorded(given: Mapping[str, str]) -> dict[str, str]:
    """The variables as they are saved: without the values of unknown ones, and without folders."""
    return {name: _public(value) if is_recorded(name) else UNRECORDED for name, value in given.items()}


def allocator_settings() -> dict[str, str]:
    """The allocator settings of this process's own environment: those of the deployment."""
    return {name: value for name, value in sorted(os.environ.items()) if is_allocator(name)}


def in_words(given: Mapping[str, str]) -> str:
    """``MALLOC_ARENA_MAX=2, FOO``: those whose values aren't recorded by their names."""
    return ", ".join(name if value == UNRECORDED else f"{name}={value}" for name, value in given.items())


def _public(value: str) -> str:
    """A value without the folders of its paths, which mean nothing elsewhere."""
    return _FOLDERS.sub("", value)
