"""The servers that scenarios read from: started for a run, or the user's own."""

from cachekit_memprobe.servers.memcached import parse_memcached_servers
from cachekit_memprobe.servers.run import OwnServers, Servers, forget_left_behind, serving


def check_redis_url(url: str) -> str:
    """See :func:`cachekit_memprobe.servers.redis.check_redis_url`; its client is slow to import."""
    from cachekit_memprobe.servers import redis

    return redis.check_redis_url(url)


__all__ = [
    "OwnServers",
    "Servers",
    "check_redis_url",
    "forget_left_behind",
    "parse_memcached_servers",
    "serving",
]
