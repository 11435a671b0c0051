"""Which cachekit is measured: the installed one, a release, a commit, or that of another interpreter."""

from cachekit_memprobe.target.fixing import Wanted, fixed
from cachekit_memprobe.target.pythons import base_of
from cachekit_memprobe.target.releases import Listing, Release, Wished, chosen, listed, parse_releases
from cachekit_memprobe.target.resolve import (
    INSTALLED,
    LATEST,
    at_commit,
    check_stages,
    provided,
    requirements,
    resolve,
)

__all__ = [
    "INSTALLED",
    "LATEST",
    "Listing",
    "Release",
    "Wanted",
    "Wished",
    "at_commit",
    "base_of",
    "check_stages",
    "chosen",
    "fixed",
    "listed",
    "parse_releases",
    "provided",
    "requirements",
    "resolve",
]
