"""Write the versions that identify this interpreter and its packages, as JSON, to the file ``argv[1]``.

``argv[2]``, if given, is the folder of the environments of releases, whose files an editable checkout is
compared with.

Run by path in the target's interpreter, which may be older than this tool supports: standard library
only, and no syntax newer than Python 3.6, so that an old one can still say how old it is. What it tells
ends up in reports: no host, no user, no path. It asks for cachekit's version without importing it.
"""

import base64
import hashlib
import json
import os
import platform
import re
import subprocess
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


def cachekit_state(releases: "str | None" = None) -> str:
    """What sets the cachekit here apart from the release of its version: ``editable, modified``.

    Empty when nothing does, as far as its installer has left something to tell it by.
    """
    try:
        from importlib import metadata

        cachekit = metadata.distribution("cachekit")
    except Exception:
        return ""
    origin = json.loads(cachekit.read_text("direct_url.json") or "{}")
    if origin.get("dir_info", {}).get("editable"):
        return ", ".join(["editable", *_state_of_checkout(cachekit.version, releases)])
    told = []
    if "dir_info" in origin:
        told.append("built from a source tree")
    elif "vcs_info" in origin:
        told.append("commit " + str(origin["vcs_info"].get("commit_id", "unknown"))[:12])
    elif "archive_info" in origin:
        told.append("installed from a file")
    recorded = _recorded(cachekit.read_text("RECORD") or "")
    if recorded and _differs(Path(str(cachekit.locate_file(""))), recorded, ""):
        told.append("modified")
    return ", ".join(told)


def _state_of_checkout(version: str, releases: "str | None") -> "list[str]":
    """Whether its Python files are the release's: by a release's environment, else by its own repository."""
    from importlib.util import find_spec

    spec = find_spec("cachekit")
    if spec is None or not spec.submodule_search_locations:
        return []
    folder = Path(next(iter(spec.submodule_search_locations)))
    name = "cachekit-" + version
    records = (
        Path(releases).glob(name + "-*/lib/*/site-packages/" + name + ".dist-info/RECORD") if releases else ()
    )
    for record in records:
        # A checkout's native module is compiled anew and never that of the wheel.
        return ["modified"] if _differs(folder.parent, _recorded(record.read_text()), ".py") else []
    return _state_in_git(folder, version)


def _state_in_git(folder: Path, version: str) -> "list[str]":
    """Compared with the tag of its version; where there is none, with its last commit, which is told."""
    if _git(folder, "rev-parse") != (0, ""):
        return []
    untracked = _git(folder, "ls-files", "--others", "--exclude-standard", "--", ".") != (0, "")
    since_tag, _ = _git(folder, "diff", "--quiet", "v" + version, "--", ".")
    if since_tag in (0, 1):
        return ["modified"] if since_tag or untracked else []
    _, commit = _git(folder, "rev-parse", "--short=12", "HEAD")
    changed = untracked or _git(folder, "diff", "--quiet", "HEAD", "--", ".") != (0, "")
    return ["commit " + commit] + (["modified"] if changed else []) if commit else []


def _git(folder: Path, *arguments: str) -> "tuple[int, str]":
    command = ["git", "-c", "safe.directory=*", "-C", str(folder)]
    try:
        ended = subprocess.run(
            command + list(arguments), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=20
        )
    except (OSError, subprocess.SubprocessError):
        return 127, ""
    return ended.returncode, ended.stdout.decode("utf-8", "replace").strip()


def _recorded(record: str) -> "dict[str, str]":
    """The files of the package in a RECORD, with their hashes."""
    rows = [line.rsplit(",", 2) for line in record.splitlines() if line.startswith("cachekit/")]
    return {row[0]: row[1] for row in rows if len(row) == 3 and row[1].startswith("sha256=")}


def _differs(root: Path, recorded: "dict[str, str]", suffix: str) -> bool:
    """Whether the package has other files of a suffix, or of all if it is empty, than was recorded."""
    wanted = {name: digest for name, digest in recorded.items() if name.endswith(suffix)}
    found = {
        path.relative_to(root).as_posix()
        for path in (root / "cachekit").rglob("*" + suffix)
        if path.suffix in (".py", ".so", ".pyd") and path.is_file()
    }
    return bool(found - set(wanted)) or any(_sha256(root / name) != digest for name, digest in wanted.items())


def _sha256(path: Path) -> str:
    """As a RECORD spells it; empty for a file that can't be read."""
    try:
        digest = hashlib.sha256(path.read_bytes()).digest()
    except OSError:
        return ""
    return "sha256=" + base64.urlsafe_b64encode(digest).decode().rstrip("=")


def describe(releases: "str | None" = None) -> "dict[str, str]":
    """All facts; what is not known is absent."""
    facts = {
        "python": platform.python_version(),
        "implementation": implementation(),
        "platform": system(),
        "machine": platform.machine(),
        "libc": c_library(),
        "cachekit_state": cachekit_state(releases),
    }
    facts.update(package_versions())
    return {name: value for name, value in facts.items() if value}


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(describe(*sys.argv[2:3])))
