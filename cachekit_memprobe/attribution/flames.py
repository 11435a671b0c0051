"""What each stack has on the heap when the read's is highest: what memray makes a flame graph of."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

from cachekit_memprobe.attribution.apart import Captures
from cachekit_memprobe.attribution.block import Block, Capture, Frame
from cachekit_memprobe.attribution.heap import at_peak
from cachekit_memprobe.attribution.stages import use_of
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.flames import Flame, Flames
from cachekit_memprobe.model import Measurement


def flames_of(measurement: Measurement, read: int, folder: Path, captures: Captures) -> Flames:
    """Of a read that memray followed, so that they come to its ``peak.heap``.

    Args:
        read: 1 or 2, the one that is explained.
        folder: the run folder, which the capture's name is relative to.

    Raises:
        CouldNotMeasure: memray followed no such read, or the capture can't be read.
    """
    seen = measurement.seen.second_read if read > 1 else measurement.seen
    if seen is None or seen.memray is None:
        raise CouldNotMeasure("memray didn't follow the read")
    capture = captures.read(folder / seen.memray.capture, seen.memray, stacks=True)
    # Which moves blocks to the stage that they were made for.
    use_of(replace(measurement, seen=seen), capture)
    return Flames(_flames(capture), seen.memray.sources)


def _flames(capture: Capture) -> tuple[Flame, ...]:
    sizes, counts = Counter[tuple[str, tuple[Frame, ...]]](), Counter[tuple[str, tuple[Frame, ...]]]()
    for block in at_peak([one for one in capture.blocks if not one.is_after]):
        key = block.place.stage, _frames(block, capture)
        sizes[key] += block.size_bytes
        counts[key] += 1
    return tuple(
        Flame(stage, frames, size, counts[stage, frames]) for (stage, frames), size in sizes.most_common()
    )


def _frames(block: Block, capture: Capture) -> tuple[Frame, ...]:
    """Of a helper's thread, and of what only a counter knows, the line that it works for comes first."""
    frames = () if block.stack is None else capture.stacks[block.stack]
    place = block.place
    if not place.file or any((file, line) == (place.file, place.line) for _, file, line in frames):
        return frames
    return ((place.function, place.file, place.line), *frames)
