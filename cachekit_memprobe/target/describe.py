"""Write the versions that identify this interpreter and its packages, as JSON, to the file ``argv[1]``.

``argv[2]``, if given, is the folder of the environments of releases, whose files an editable checkout is
compared with, and ``argv[3]`` says that this is one of these environments, ``new`` or ``ready``.

Run by path in the target's interpreter, which may be older than this tool supports: standard library
only, and no syntax newer than Python 3.6, so that an old one can still say how old it is. What it tells
ends up in reports: no host, no user, no path. It asks for cachekit's version without importing it.
"""

import importlib.util
import json
import os
import platform
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

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


def _beside(name: str) -> "Any":
    """The module beside this one, whose package can't be imported here."""
    spec = importlib.util.spec_from_file_location(name, str(Path(__file__).with_name(name + ".py")))
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    return module


record = _beside("record")


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


def _distribution(package: str) -> "Any":
    """The metadata of a package, or nothing where there is none."""
    try:
        from importlib import metadata

        return metadata.distribution(package)
    except Exception:
        return None


def cachekit_state(releases: "str | None" = None, audited: "dict[str, str] | None" = None) -> str:
    """What sets the cachekit here apart from the release of its version: ``editable, modified``.

    Empty when nothing does, as far as its installer has left something to tell it by.

    Args:
        audited: what :func:`record.audit` has told of its environment, if it is this tool's.
    """
    cachekit = _distribution("cachekit")
    if cachekit is None:
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
    if audited is None:
        modified = _other_than_recorded("cachekit")
    else:
        modified = "cachekit" in audited.get("modified", "").split(", ")
    if modified:
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
    for released in records:
        return ["modified"] if _differs(folder.parent, record.rows_of(released)) else []
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
    command = ["git", "-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-C", str(folder)]
    try:
        ended = subprocess.run(
            command + list(arguments), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=20
        )
    except (OSError, subprocess.SubprocessError):
        return 127, ""
    return ended.returncode, ended.stdout.decode("utf-8", "replace").strip()


def _differs(root: Path, rows: "list[tuple[str, str, str]]") -> bool:
    """Whether a checkout has other Python files than a release: its native module is compiled anew."""
    recorded = {row[0]: row[1] for row in rows if row[0].startswith("cachekit/") and row[0].endswith(".py")}
    found = {path.relative_to(root).as_posix() for path in (root / "cachekit").rglob("*.py")}
    return bool(found - set(recorded)) or any(
        record.sha256(root / name) != digest for name, digest in recorded.items()
    )


def _other_than_recorded(package: str) -> bool:
    """Whether an installed package isn't what was installed; of cachekit, the bytecode that is run as well.

    Of the files of others that weren't touched since, only Python's own are hashed: a native module may
    have 17 MB.
    """
    found = _distribution(package)
    if found is None:
        return False
    root = Path(str(found.locate_file("")))
    file = root / f"{package}-{found.version}.dist-info" / "RECORD"
    rows = record.rows_of(file) if file.is_file() else []
    if not rows:
        return False
    changed, missing = record.changes(file, rows, thorough=package == "cachekit", clean=False)
    if changed or missing or package != "cachekit":
        return bool(changed or missing)
    sources = (root / row[0] for row in rows if row[0].startswith("cachekit/") and row[0].endswith(".py"))
    return bool(record.added(root, rows)) or any(map(record.runs_other_code, sources))


def describe(releases: "str | None" = None, own: "str | None" = None) -> "dict[str, str]":
    """All facts; what is not known is absent.

    Args:
        own: the interpreter is that of an environment of this tool's, ``new`` or ``ready``; what became of
            the files in it is told as well, see :func:`record.audit`.
    """
    audited = record.audit(thorough=own == "new") if own else None
    facts = {
        "python": platform.python_version(),
        "implementation": implementation(),
        "platform": system(),
        "machine": platform.machine(),
        "libc": c_library(),
        "cachekit_state": cachekit_state(releases, audited),
        "modified": "memray" if not own and _other_than_recorded("memray") else "",
    }
    facts.update(package_versions(), **(audited or {}))
    return {name: value for name, value in facts.items() if value}


if __name__ == "__main__":
    answer = describe(*sys.argv[2:])
    Path(sys.argv[1]).write_text(json.dumps(answer), encoding="utf-8")
