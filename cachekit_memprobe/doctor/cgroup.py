"""How much memory this process's control groups still let it have."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True)
class _Files:
    """What one version of cgroups calls its files, and the line of page cache that it can drop."""

    limit: str
    usage: str
    droppable: str


_V1 = _Files("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
_V2 = _Files("memory.max", "memory.current", "inactive_file")


def headroom_bytes(
    membership: Path = Path("/proc/self/cgroup"), mount: Path = Path("/sys/fs/cgroup")
) -> int | None:
    """The least that any group, from this process's own up to the root, has left below its limit.

    ``None`` when no limit can be read. Page cache that the kernel would drop counts as free.
    """
    left = [
        headroom
        for folder, files in _groups(membership, mount)
        if (headroom := _headroom_of(folder, files)) is not None
    ]
    return min(left, default=None)


def _groups(membership: Path, mount: Path) -> Iterator[tuple[Path, _Files]]:
    """The folders of this process's memory groups and their parents; in a container some don't exist."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            root, files = mount, _V2
        elif "memory" in controllers.split(","):
            root, files = mount / "memory", _V1
        else:
            continue
        own = PurePosixPath(path.lstrip("/"))
        for folder in (own, *own.parents):
            yield root / folder, files


def _headroom_of(folder: Path, files: _Files) -> int | None:
    try:
        limit = (folder / files.limit).read_text().strip()
        if limit == "max":
            return None
        used_bytes = int((folder / files.usage).read_text())
        stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        return max(0, int(limit) - used_bytes + int(stat.get(files.droppable, "0")))
    except (OSError, ValueError):
        return None
