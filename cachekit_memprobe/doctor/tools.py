"""Programs beside the target."""

import shutil

from cachekit_memprobe import programs
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


def redis_server(_subject: Subject) -> Check:
    """The redis scenarios read from one that is started for the run."""
    if programs.redis_server():
        return Check("Redis server", "ok", "can be started")
    detail = "not found: the redis scenarios can only be measured with a server of yours"
    remedy = f"Install it with `pip install {programs.REDIS_PACKAGE}`, or give --redis-url."
    return Check("Redis server", "limited", detail, remedy)


def memcached(_subject: Subject) -> Check:
    """Likewise the memcached scenarios."""
    if programs.memcached():
        return Check("Memcached", "ok", "can be started")
    detail = "not found: the memcached scenarios can only be measured with servers of yours"
    remedy = "Install it with `apt-get install memcached`, or give --memcached-servers."
    return Check("Memcached", "limited", detail, remedy)
