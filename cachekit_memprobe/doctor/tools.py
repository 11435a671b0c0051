"""Programs beside the target."""

import shutil

from cachekit_memprobe.doctor.check import Check, Subject


def uv(_subject: Subject) -> Check:
    """Environments for releases are made with it."""
    try:
        from uv import find_uv_bin

        found: str | None = find_uv_bin()
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
    if found:
        return Check("uv", "ok", "can make environments for releases")
    detail = "not found: only the installed cachekit, or that of --python, can be measured"
    return Check("uv", "limited", detail, "Install it with `pip install uv`.")
