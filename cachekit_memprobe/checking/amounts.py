"""How much a limit allows, as a configuration writes it: ``1.2x``, ``400MiB``, ``+5%``, or ``off``."""

import re
from dataclasses import dataclass
from typing import Literal

from cachekit_memprobe.metrics import noise_bytes
from cachekit_memprobe.scenario import parse_limit
from cachekit_memprobe.units import parse_bytes, parse_payloads

Unit = Literal["payloads", "bytes", "relative", "off"]
OFF = "off"

_PERCENT = re.compile(r"\+(\d{1,6}(?:\.\d{1,6})?) ?%")
_LEAST_FLOOR_BYTES = 1 << 20
"""An arena of Python's small objects, which a read may take or not by chance."""


@dataclass(frozen=True)
class Amount:
    """What is allowed: in all, or more than in the baseline.

    Attributes:
        text: as it was written.
        payloads, size_bytes: at most one of them is set.
        share: of the baseline's figure, 0.05 for ``+5%``.
    """

    text: str
    unit: Unit
    payloads: float | None = None
    size_bytes: int | None = None
    share: float | None = None

    @property
    def is_relative(self) -> bool:
        return self.unit == "relative"


def parse_amount(metric: str, text: str) -> Amount:
    """Read one.

    Raises:
        ValueError: it is none.
    """
    written = text.strip()
    if written == OFF:
        return Amount(written, "off")
    if percent := _PERCENT.fullmatch(written):
        return Amount(written, "relative", share=float(percent[1]) / 100)
    if written.startswith("+"):
        payloads, size_bytes = parse_size(written[1:])
        return Amount(written, "relative", payloads, size_bytes)
    limit = parse_limit(metric, written)
    unit: Unit = "bytes" if limit.payloads is None else "payloads"
    return Amount(written, unit, limit.payloads, limit.size_bytes)


def parse_size(text: str) -> tuple[float | None, int | None]:
    """``0.02x`` in payloads, or ``1MiB`` in bytes.

    Raises:
        ValueError: it is neither.
    """
    if text.endswith("x"):
        return parse_payloads(text), None
    if not text[-1:].isalpha():
        raise ValueError(f"{text!r} has no unit")
    return None, parse_bytes(text)


def floor_bytes(metric: str) -> int:
    """By how much a figure may differ from one measurement to the next, whatever is measured."""
    return max(_LEAST_FLOOR_BYTES, noise_bytes(metric))
