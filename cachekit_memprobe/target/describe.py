"""Write the versions that identify this interpreter and its packages, as JSON, to the file ``argv[1]``.

Run by path in the target's interpreter, which may be older than this tool supports: standard library
only, and no syntax newer than Python 3.6, so that an old one can still say how old it is. What it tells
ends up in reports: no host, no user, no path. It asks for cachekit's version without importing it.
"""

import json
import os
import platform
import re
import sys
import sysconfig
from pathlib import Path

PACKAGES = (
    "cachekit",
    "pyarrow",
    "pandas",
    "numpy",
    "memray",
    "orjson",
    "polars",
    "redis",
    "hiredis",
    "pymemcache",
    "httpx",
    "urllib3",
)


def package_versions() -> "dict[str, str]":
    """The versions of the packages that are installed."""
    try:
        from importlib import metadata
    except ImportError:
        return {}
    versions = {}
    for name in PACKAGES:
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        if version:
            versions[name] = version
    return versions


def implementation() -> str:
    """``CPython``, and whether it is the build without the GIL, whose allocator is another."""
    suffix = " free-threaded" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    return platform.python_implementation() + suffix


def system() -> str:
    """``Linux-6.1-x86_64``: a distribution's own suffix of the kernel release is left out."""
    numbers = re.match(r"\d+(\.\d+)?", platform.release())
    return "-".join([platform.system(), numbers.group() if numbers else "unknown", platform.machine()])


def c_library() -> str:
    """``glibc 2.36``, or nothing where the C library doesn't tell."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, ValueError, OSError):
        return ""


def describe() -> "dict[str, str]":
    """All facts; what is not known is absent."""
    facts = {
        "python": platform.python_version(),
        "implementation": implementation(),
        "platform": system(),
        "machine": platform.machine(),
        "libc": c_library(),
    }
    facts.update(package_versions())
    return {name: value for name, value in facts.items() if value}


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(describe()))
