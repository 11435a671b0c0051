"""Which cachekit is measured: the installed one, a release from PyPI, or that of another interpreter."""

from cachekit_memprobe.target.resolve import INSTALLED, LATEST, check_stages, resolve

__all__ = ["INSTALLED", "LATEST", "check_stages", "resolve"]
