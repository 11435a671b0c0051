"""At the peak, several copies of the same bytes are alive."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cachekit_memprobe.findings.evidence import Evidence
from cachekit_memprobe.model import Finding, SiteUsage
from cachekit_memprobe.units import format_payloads

CODE = "MEM008"

_TWICE = 1.5
"""Live images of one original, in its size: two that lack a header, rather than two halves."""


@dataclass(frozen=True)
class _Image:
    """What a line holds of an original at the peak: a copy, or the original itself."""

    stage: str
    site: SiteUsage
    size_bytes: int


def find(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each original of which at least two images are live at the peak."""
    if evidence.scenario.read.readers > 1:
        # Several readers hold several values, or one as often as was asked for.
        return
    copies = [block for block in evidence.blocks if block["kind"] == "verbatim"]
    for label in dict.fromkeys(_name(block["of"]) for block in copies):
        blocks = _original(label, evidence) + [block for block in copies if _name(block["of"]) == label]
        images = list(_images(blocks, evidence, _size_bytes(label, evidence)))
        total_bytes = sum(image.size_bytes for image in images)
        if len(images) > 1 and total_bytes >= _TWICE * _size_bytes(label, evidence):
            yield Finding(CODE, _message(images, total_bytes, evidence), images[-1].stage)


def _message(images: list[_Image], total_bytes: int, evidence: Evidence) -> str:
    payload_bytes = evidence.payload.logical_bytes
    parts = ", ".join(
        f"{format_payloads(image.size_bytes / payload_bytes)} of {image.stage} from "
        f"{image.site.file}:{image.site.line}"
        for image in images
    )
    return f"{evidence.size(total_bytes)} of the heap's peak is the same bytes {len(images)} times: {parts}"


def _name(label: str) -> str:
    """``67108869 bytes of bytes`` without its type: the record of the block itself doesn't have it."""
    size, unit, *_ = [*label.split(), ""]
    return f"{size} {unit}" if size.isdigit() else label


def _size_bytes(label: str, evidence: Evidence) -> int:
    size, _, _ = label.partition(" ")
    return int(size) if size.isdigit() else evidence.payload.frame_bytes


def _original(label: str, evidence: Evidence) -> list[Mapping[str, Any]]:
    """The block that the copies were made of, if the read made it, and it can be told from others."""
    found = [
        block
        for block in evidence.blocks
        if block["kind"] != "verbatim" and label == f"{block['size_bytes']} bytes"
    ]
    return found if len(found) == 1 else []


def _images(blocks: list[Mapping[str, Any]], evidence: Evidence, whole_bytes: int) -> Iterator[_Image]:
    for stage in evidence.stages:
        for site in sorted(stage.sites, key=lambda site: (site.file, site.line)):
            made = [int(block["size_bytes"]) for block in blocks if _is_of(block, stage.name, site)]
            # Surely live, that is even if all else that the line allocated is live at the peak too.
            size_bytes = site.live_bytes - max(0, site.copies_bytes - sum(made))
            # A line with several whole copies has copied several things of one size, such as columns.
            if sum(made) < _TWICE * whole_bytes and size_bytes >= evidence.notable_bytes:
                yield _Image(stage.name, site, size_bytes)


def _is_of(block: Mapping[str, Any], stage: str, site: SiteUsage) -> bool:
    first, last = block.get("statement", (block["line"], block["line"]))
    return (block["stage"], block["file"]) == (stage, site.file) and bool(first <= site.line <= last)
