"""At the peak, several copies of the same bytes are alive."""

from collections.abc import Iterator
from dataclasses import dataclass

from cachekit_memprobe.child.seen import Block, Origin
from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.findings.evidence import Evidence, located
from cachekit_memprobe.result import Finding, SiteUsage
from cachekit_memprobe.units import format_payloads

CODE = "MEM008"

_TWICE = 1.5
"""Live images of one original, in its size: two that lack a header, rather than two halves."""


@dataclass(frozen=True)
class _Image:
    """What a line holds of an original at the peak: a copy, or the original itself."""

    site: SiteUsage
    size_bytes: int


def find(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each original of which at least two images are live at the peak.

    An example: ``bytes-file-get`` on 0.9.1 reads the file (64 MiB, ``received``), slices the header off and
    takes the payload out of the frame. The slice and the payload are ``verbatim`` copies, whose origin is
    what was read: three images, and as all three are live when the heap peaks, 3.00x of it is the same bytes.
    """
    if evidence.scenario.read.readers > 1:
        # Several readers hold several values, or one as often as was asked for.
        return
    copies = [block for block in evidence.blocks if block.origin is not None]
    for original in dict.fromkeys(_identity(block.origin) for block in copies if block.origin):
        of_it = [block for block in copies if block.origin and _identity(block.origin) == original]
        whole_bytes = original.size_bytes or evidence.payload.frame_bytes
        images = list(_images(_made(original, evidence) + of_it, evidence, whole_bytes))
        total_bytes = sum(image.size_bytes for image in images)
        if len(images) > 1 and total_bytes >= _TWICE * whole_bytes:
            last = images[-1].site.place
            yield Finding(CODE, _message(images, total_bytes, evidence), Place(last.stage))


def _message(images: list[_Image], total_bytes: int, evidence: Evidence) -> str:
    payload_bytes = evidence.payload.logical_bytes
    parts = ", ".join(
        f"{format_payloads(image.size_bytes / payload_bytes)} of {image.site.place.stage} from "
        f"{located(image.site.place)}"
        for image in images
    )
    return f"{evidence.size(total_bytes)} of the heap's peak is the same bytes {len(images)} times: {parts}"


def _identity(origin: Origin) -> Origin:
    """What tells two originals apart: one that the read made by its size, the others by what they are.

    The block that made an original doesn't know the type of its memory's owner, which copies of it do.
    """
    size_bytes = origin.size_bytes if origin.kind == "made" else 0
    return Origin(origin.kind, size_bytes)


def _made(original: Origin, evidence: Evidence) -> list[Block]:
    """The block that the copies were made of, if the read made it, and it can be told from others."""
    found = [
        block
        for block in evidence.blocks
        if original.kind == "made" and block.kind != "verbatim" and block.size_bytes == original.size_bytes
    ]
    return found if len(found) == 1 else []


def _images(blocks: list[Block], evidence: Evidence, whole_bytes: int) -> Iterator[_Image]:
    for stage in evidence.stages:
        for site in sorted(stage.sites, key=lambda site: (site.place.file, site.place.line)):
            made = [block.size_bytes for block in blocks if _is_of(block, site.place)]
            # Surely live, that is even if all else that the line allocated is live at the peak too.
            size_bytes = site.live_bytes - max(0, site.copies_bytes - sum(made))
            # A line with several whole copies has copied several things of one size, such as columns.
            if sum(made) < _TWICE * whole_bytes and size_bytes >= evidence.notable_bytes:
                yield _Image(site, size_bytes)


def _is_of(block: Block, place: Place) -> bool:
    first, last = block.statement
    same = (block.place.stage, block.place.file) == (place.stage, place.file)
    return same and first <= place.line <= last
