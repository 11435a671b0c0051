"""What a command line asked for, as a run notes it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cachekit_memprobe.cli.run_options import DataOptions, SweepOptions
from cachekit_memprobe.model import Limit
from cachekit_memprobe.request import Request
from cachekit_memprobe.units import format_limit

if TYPE_CHECKING:
    from cachekit_memprobe.scenario import HowCached, Size


def request_of(
    patterns: tuple[str, ...],
    data: DataOptions,
    how: "HowCached",
    sweep: SweepOptions,
    limits: tuple[Limit, ...],
    given: Mapping[str, str],
    extras: tuple[str, ...],
) -> Request:
    """That of ``run``, from its options: no server and no interpreter, whose addresses are nobody else's."""
    return Request(
        patterns=patterns,
        size=size_of(sweep.sizes),
        limits=tuple(f"{one.metric}={format_limit(one.payloads, one.size_bytes)}" for one in limits),
        environment=given,
        payload=str(data.payload or ""),
        caching=how.words,
        extras=extras,
    )


def size_of(sizes: "Sequence[Size]") -> str:
    """The one for all scenarios; empty if there is none, or are several."""
    return sizes[0].text if len(sizes) == 1 else ""
