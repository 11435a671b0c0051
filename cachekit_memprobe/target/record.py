"""What became of the files of packages since they were installed, by the RECORD that their installer left.

Loaded by ``describe.py``, which see: standard library only, and no syntax newer than Python 3.6.
"""

import base64
import csv
import hashlib
import importlib.util
import marshal
import os
import sysconfig
from pathlib import Path

_CODE = (".py", ".so", ".pyd", ".pyc", ".pth")
BORROWED = "_borrowed.pth"
"""Names the folder of the packages that an environment has from another one of this tool's."""

_OF_NO_PACKAGE = ("_virtualenv.py", "_virtualenv.pth", BORROWED)
_SHOWN = 3


def audit(thorough: bool) -> "dict[str, str]":
    """Of an environment that is this tool's own: which packages were ``modified``, and what it ``lacks``.

    Bytecode that is older than its source is removed: Python would run it if the source has the date and
    the size of an earlier one.

    Args:
        thorough: hash every file; otherwise those of cachekit, and those that were touched since.
    """
    modified, lacks, known = set(), [], set(_OF_NO_PACKAGE)  # type: set[str], list[str], set[str]
    for record in _records():
        package, rows = _package_of(record), rows_of(record)
        known.update(row[0].split("/")[0] for row in rows)
        changed, missing = changes(record, rows, thorough or package == "cachekit")
        lacks += missing
        # In a new one nobody has removed anything: its package is to be installed again.
        if (
            changed
            or (thorough and missing)
            or (package == "cachekit" and rows and added(record.parent.parent, rows))
        ):
            modified.add(package)
    modified.update(_strays(known))
    told = {"modified": ", ".join(sorted(modified)), "lacks": ", ".join(lacks[:_SHOWN])}
    return {name: text for name, text in told.items() if text}


def rows_of(record: Path) -> "list[tuple[str, str, str]]":
    """The files of a package with their hashes and sizes, without scripts and bytecode."""
    with record.open(encoding="utf-8", errors="replace", newline="") as lines:
        rows = [row for row in csv.reader(lines) if len(row) == 3]
    return [(row[0], row[1], row[2]) for row in rows if row[1].startswith("sha256=") and row[0][:2] != ".."]


def changes(
    record: Path, rows: "list[tuple[str, str, str]]", thorough: bool, clean: bool = True
) -> "tuple[list[str], list[str]]":
    """The files that are no longer what was installed, and those that are gone.

    Args:
        thorough: hash every file; otherwise those that were touched since.
        clean: the environment is this tool's own: remove bytecode that may be of an earlier source. In
            somebody else's, Python's own files are all hashed.

    An installer writes the RECORD last. The kernel notes when a file was changed, and lets nobody set that:
    what is older than the RECORD is as it was installed.
    """
    changed, missing = [], []
    root, installed_ns = str(record.parent.parent), record.stat().st_ctime_ns
    for name, digest, size in rows:
        path = os.path.join(root, name)
        try:
            now = os.stat(path)
        except OSError:
            missing += [name] if name.endswith(_CODE) else []
            continue
        touched = now.st_ctime_ns > installed_ns or str(now.st_size) != size
        hashed = touched or thorough or (not clean and name.endswith(".py"))
        if hashed and sha256(Path(path)) != digest:
            changed.append(name)
        if touched and clean and name.endswith(".py"):
            _remove_older_bytecode(Path(path), now.st_ctime_ns)
    return changed, missing


def added(root: Path, rows: "list[tuple[str, str, str]]") -> "list[str]":
    """Code in cachekit's folder that isn't in its RECORD."""
    recorded = {row[0] for row in rows}
    found = (
        path.relative_to(root).as_posix()
        for path in (root / "cachekit").rglob("*")
        if path.suffix in _CODE and path.parent.name != "__pycache__"
    )
    return sorted(name for name in found if name not in recorded)


def sha256(path: Path) -> str:
    """As a RECORD spells it; empty for a file that can't be read."""
    try:
        digest = hashlib.sha256(path.read_bytes()).digest()
    except OSError:
        return ""
    return "sha256=" + base64.urlsafe_b64encode(digest).decode().rstrip("=")


def runs_other_code(source: Path) -> bool:
    """Whether Python would run bytecode that was compiled from something else than this source."""
    try:
        bytecode = Path(importlib.util.cache_from_source(str(source)))
        compiled, now = bytecode.read_bytes(), source.stat()
        flags = int.from_bytes(compiled[4:8], "little")
        if flags == 0:
            stamp = (int(now.st_mtime) & 0xFFFFFFFF, now.st_size & 0xFFFFFFFF)
            numbers = int.from_bytes(compiled[8:12], "little"), int.from_bytes(compiled[12:16], "little")
            if stamp != numbers or bytecode.stat().st_ctime_ns >= now.st_ctime_ns:
                return False
        elif flags != 1:  # Python compares the source's hash by itself
            return False
        if compiled[:4] != importlib.util.MAGIC_NUMBER:
            return False
        return bool(
            marshal.loads(compiled[16:]) != compile(source.read_bytes(), str(source), "exec", 0, True)
        )
    except (OSError, ValueError, SyntaxError, EOFError, TypeError, NotImplementedError):
        return False  # no bytecode that Python would run


def _records() -> "list[Path]":
    sites = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    return sorted(record for site in sites for record in Path(site).glob("*.dist-info/RECORD"))


def _package_of(record: Path) -> str:
    return record.parent.name.rsplit("-", 2)[0] if record.parent.name.count("-") > 1 else ""


def _remove_older_bytecode(source: Path, changed_ns: int) -> None:
    for bytecode in (source.parent / "__pycache__").glob(source.stem + ".*.pyc"):
        try:
            if bytecode.stat().st_ctime_ns < changed_ns:
                bytecode.unlink()
        except OSError:
            continue


def _strays(known: "set[str]") -> "list[str]":
    """Code beside the packages that none of them brought: a ``sitecustomize.py``, a ``.pth``."""
    site = Path(sysconfig.get_path("purelib"))
    return [path.name for path in site.iterdir() if path.suffix in _CODE and path.name not in known]
