"""What a command line asked for, as a run notes it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cachekit_memprobe.cli.call_options import CallOptions, OwnCall
from cachekit_memprobe.cli.run_options import DataOptions, SweepOptions
from cachekit_memprobe.model import Limit
from cachekit_memprobe.request import Request
from cachekit_memprobe.units import format_limit

if TYPE_CHECKING:
    from cachekit_memprobe.scenario import HowCached, Size


def request_of(
    patterns: tuple[str, ...],
    data: DataOptions,
    own: OwnCall,
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
        called=(*called_words(own), *_flags(own)),
        extras=extras,
    )


def called_words(own: CallOptions) -> tuple[str, ...]:
    """The options that name the user's own function, and how it is called."""
    words: list[str] = []
    if own.function is not None:
        words += ["--call", own.function]
    for argument in own.args:
        words += ["--arg", argument]
    for name, value in own.kwargs.items():
        words += ["--kwarg", f"{name}={value}"]
    for option, text in (("--setup", own.setup), ("--backend-override", own.override)):
        words += [option, text] if text else []
    return tuple(words)


def _flags(own: OwnCall) -> tuple[str, ...]:
    flags = {"--use-own-cache": own.own_cache, "--allow-code": own.allow_code}
    return tuple(flag for flag, given in flags.items() if given)


def size_of(sizes: "Sequence[Size]") -> str:
    """The one for all scenarios; empty if there is none, or are several."""
    return sizes[0].text if len(sizes) == 1 else ""
