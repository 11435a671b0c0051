"""The servers that scenarios read from: started for a run, or the user's own."""

from cachekit_memprobe.servers.memcached import parse_memcached_servers
from cachekit_memprobe.servers.redis import check_redis_url
from cachekit_memprobe.servers.run import OwnServers, Servers, serving

__all__ = ["OwnServers", "Servers", "check_redis_url", "parse_memcached_servers", "serving"]
