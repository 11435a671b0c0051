"""Sizes: the one place where they are parsed and formatted.

A *payload* is the logical size of the cached value. Records hold bytes; people and budgets read
payloads, written ``1.20x``.
"""

import re

from pydantic import ByteSize, TypeAdapter

LARGEST = (1 << 63) - 1
"""Of any number in a record: addresses end there, and no calculation with what is below it overflows."""

LARGEST_BYTES = 1 << 60
MOST_PAYLOADS = 1e9
"""Of what a user writes: beyond them there are no machines, and figures would not fit into a number."""

_LONGEST = 60
_BYTE_SIZE = TypeAdapter(ByteSize)
_WHOLE_SIZE = re.compile(r"\s*(\d*\.)?\d+\s*[A-Za-z]*\s*")
"""``ByteSize`` ignores what follows a size: it takes ``64,5MiB`` and ``64.MiB`` for 64 bytes."""


_UNITS = {
    **{f"{prefix}B": 1000**power for power, prefix in enumerate(("", "k", "M", "G", "T"))},
    **{f"{prefix}iB": 1024**power for power, prefix in enumerate(("K", "M", "G", "T"), 1)},
}


def parse_bytes(text: str) -> int:
    """Read ``64MiB``, ``300MB`` or a plain number of bytes.

    Raises:
        ValueError: the text is not a size, or the size is not from 1 to :data:`LARGEST_BYTES`.
    """
    try:
        if len(text) > _LONGEST or not _WHOLE_SIZE.fullmatch(text):
            raise ValueError
        size_bytes = int(_BYTE_SIZE.validate_python(text))
    except ValueError:
        raise ValueError(f"{text[:_LONGEST]!r} is not a size; write it like 64MiB or 300MB") from None
    if size_bytes <= 0:
        raise ValueError(f"{text!r} is not a positive size")
    if size_bytes > LARGEST_BYTES:
        raise ValueError(f"{text!r} is more than any machine has; write it like 64MiB or 300MB")
    return size_bytes


def parse_payloads(text: str) -> float:
    """Read ``1.3x``, a multiple of the payload.

    Raises:
        ValueError: the text is not a multiple from 0 to :data:`MOST_PAYLOADS`.
    """
    digits = text.strip()
    if not digits.endswith("x"):
        raise ValueError(f"{text!r} is not a multiple of the payload; write it like 1.3x")
    try:
        payloads = float(digits[:-1])
    except ValueError:
        raise ValueError(f"{text!r} is not a multiple of the payload; write it like 1.3x") from None
    if not 0 <= payloads <= MOST_PAYLOADS:
        raise ValueError(
            f"{text[:_LONGEST]!r} is not a multiple of the payload; write 0x or more, such as 1.3x"
        )
    return payloads


def format_bytes(size_bytes: float, like_bytes: float | None = None) -> str:
    """``300.0 MB`` or ``64.0 MiB``: in the system in which ``like_bytes`` is a round figure.

    Args:
        size_bytes: the size to write.
        like_bytes: the size that chooses between decimal and binary units, mostly the payload, so
            that one report speaks one system; the size itself when not given.
    """
    decimal = _is_decimal(abs(size_bytes if like_bytes is None else like_bytes))
    value, power = _scaled(abs(size_bytes), 1000 if decimal else 1024)
    sign = "-" if size_bytes < 0 else ""
    if power == 0:
        return f"{sign}{value:.0f} B"
    suffix = ("kB", "MB", "GB", "TB") if decimal else ("KiB", "MiB", "GiB", "TiB")
    return f"{sign}{value:.1f} {suffix[power - 1]}"


def format_exactly(size_bytes: int) -> str:
    """``64MiB``, ``300MB`` or ``1234567B``: what :func:`parse_bytes` reads back as the same number."""
    return min(
        (f"{size_bytes // unit}{name}" for name, unit in _UNITS.items() if size_bytes % unit == 0), key=len
    )


def format_limit(payloads: float | None, size_bytes: int | None) -> str:
    """``1.3x`` or ``10MB``: what is read back as the same limit, of which one is ``None``."""
    if payloads is None:
        return format_exactly(size_bytes or 0)
    short = f"{payloads:g}"
    return f"{short if float(short) == payloads else repr(payloads)}x"


def format_payloads(payloads: float) -> str:
    """``1.00x``; a figure that rounds to nothing is ``0.00x``, never ``-0.00x``."""
    return f"{payloads + 0.0:.2f}x" if abs(payloads) >= 0.005 else "0.00x"


def format_elapsed(elapsed_us: int) -> str:
    """``4.2 ms``, ``42 ms`` or ``4.2 s``: two digits, as more would only be noise."""
    if elapsed_us < 1000:
        return "<1 ms"
    for unit_us, unit in ((1000, "ms"), (1_000_000, "s")):
        elapsed = elapsed_us / unit_us
        if elapsed < 9.95:
            return f"{elapsed:.1f} {unit}"
        if elapsed < 999.5 or unit == "s":
            return f"{elapsed:.0f} {unit}"
    raise AssertionError(elapsed_us)


def signed(size: str) -> str:
    """A size or a multiple as a change: ``+1.00x``, ``-64.0 MiB``; nothing is neither."""
    return size if size.startswith("-") or size in ("0.00x", "0 B") else f"+{size}"


def _scaled(magnitude: float, base: int) -> tuple[float, int]:
    power = 0
    while magnitude >= base and power < 4:
        magnitude /= base
        power += 1
    return magnitude, power


def _is_decimal(size_bytes: float) -> bool:
    decimal, binary = _scaled(size_bytes, 1000)[0], _scaled(size_bytes, 1024)[0]
    return abs(decimal - round(decimal)) < abs(binary - round(binary))
