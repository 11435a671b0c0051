"""The process that reads captures, and what it answers; see :mod:`cachekit_memprobe.attribution.apart`."""

import json
import resource
import signal
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

import psutil

from cachekit_memprobe.attribution.block import Block, Capture, Frame, Move, SeenBy
from cachekit_memprobe.attribution.capture import read_capture
from cachekit_memprobe.child.seen import Backing, MemraySeen
from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.validation import from_json, to_json

_MOST_DATA_BYTES = 1 << 30
"""Four times what a capture with native stacks takes here."""
_LARGE_BYTES = 150_000_000

Row = tuple[int, int, int, int, int | None, bool, Backing | None, bool, str, SeenBy, int | None]
"""A block: the number of its place, and then its attributes in their order."""


@dataclass(frozen=True)
class Wanted:
    """A capture, what was seen of the read that it is of, and whether ``stacks`` are asked for."""

    capture: str
    seen: MemraySeen
    stacks: bool = False


@dataclass(frozen=True)
class Decoded:
    """A capture, its blocks in rows; or why it can't be read.

    Attributes:
        is_last: the process ends with it.
    """

    places: tuple[Place, ...] = ()
    rows: tuple[Row, ...] = ()
    moves: tuple[Move, ...] = ()
    stacks: tuple[tuple[Frame, ...], ...] = ()
    failure: str = ""
    is_last: bool = False


def packed(capture: Capture) -> Decoded:
    """The capture, with each place told once."""
    found = dict.fromkeys(block.place for block in capture.blocks)
    places = {place: number for number, place in enumerate(found)}
    rows = tuple(_row(block, places[block.place]) for block in capture.blocks)
    return Decoded(tuple(places), rows, tuple(capture.moves), tuple(capture.stacks))


def _row(one: Block, place: int) -> Row:
    sizes = (one.size_bytes, one.grown_bytes, one.born, one.died)
    return (place, *sizes, one.is_map, one.backing, one.is_after, one.native, one.seen_by, one.stack)


def unpacked(decoded: Decoded) -> Capture:
    """The capture again.

    Raises:
        IndexError: a place is missing.
    """
    blocks = [Block(decoded.places[row[0]], *row[1:]) for row in decoded.rows]
    return Capture(blocks, list(decoded.moves), decoded.stacks)


def serve(channel_fd: int, *, timeout_s: int) -> None:
    """Answer until nobody asks any more, or until this process has become large.

    It ends by a signal when a capture takes too long: nothing in it could be asked to stop.
    """
    _limit_memory()
    with Connection(channel_fd) as channel, suppress(EOFError):
        is_last = False
        while not is_last:
            wanted = from_json(Wanted, channel.recv_bytes())
            signal.alarm(timeout_s)
            decoded = _decoded(wanted)
            signal.alarm(0)
            is_last = _is_large()
            answer = to_json(replace(decoded, is_last=is_last), Decoded)
            channel.send_bytes(json.dumps(answer).encode())


def _decoded(wanted: Wanted) -> Decoded:
    try:
        return packed(read_capture(Path(wanted.capture), wanted.seen, stacks=wanted.stacks))
    except CouldNotMeasure as failure:
        return Decoded(failure=str(failure))
    except Exception as error:  # whatever a damaged capture makes of memray's reader
        return Decoded(failure=f"memray's capture can't be read: {type(error).__name__}: {error}")


def _limit_memory() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    if most == resource.RLIM_INFINITY or most > _MOST_DATA_BYTES:
        resource.setrlimit(resource.RLIMIT_DATA, (_MOST_DATA_BYTES, most))


def _is_large() -> bool:
    # Not ru_maxrss, in which the process counts that started this one.
    return bool(psutil.Process().memory_info().rss > _LARGE_BYTES)
