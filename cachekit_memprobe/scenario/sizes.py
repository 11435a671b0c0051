"""Sizes and rows, as a command line writes them."""

from collections.abc import Iterable
from dataclasses import dataclass

from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.metrics import SMALLEST_PAYLOAD_BYTES
from cachekit_memprobe.model import Scenario
from cachekit_memprobe.scenario.rules import OWN_DATA
from cachekit_memprobe.units import LARGEST, parse_bytes

_MOST_DIGITS = 15
_LARGEST_SHARE = 1e6
_LONGEST = 60


@dataclass(frozen=True)
class Size:
    """A logical size as it was written: in bytes, or as a share of the scenario's own.

    Attributes:
        size_bytes, share: one of them is ``None``.
    """

    text: str
    size_bytes: int | None
    share: float | None = None

    def of(self, own_bytes: int) -> int:
        """In bytes, for a value that has so many by itself."""
        return round(own_bytes * self.share) if self.share is not None else self.size_bytes or 0


def parse_sizes(text: str) -> tuple[Size, ...]:
    """Read ``64MB``, ``64MB,128MB,256MB`` or ``50%,100%,200%``.

    Raises:
        ValueError: one is not a size or too small, or two are the same.
    """
    sizes = tuple(_parse_size("".join(part.split())) for part in text.split(","))
    if len({(size.size_bytes, size.share) for size in sizes}) < len(sizes):
        raise ValueError(f"{text!r} has a size twice; leave one out")
    return sizes


@dataclass(frozen=True)
class Asked:
    """What is to be predicted: sizes, and numbers without a unit, which are rows where there are any."""

    sizes_bytes: tuple[int, ...] = ()
    numbers: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.sizes_bytes or self.numbers)

    def of(self, scenarios: Iterable[Scenario]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Sizes in bytes, and rows, which only the data of a file has.

        Raises:
            UsageError: a number is no size that could be measured.
        """
        if any(scenario.value.kind == OWN_DATA for scenario in scenarios):
            return self.sizes_bytes, self.numbers
        try:
            more = tuple(_large_enough(str(number), number) for number in self.numbers)
        except ValueError as error:
            raise UsageError(f"--predict: {error}; rows are for the data of a file") from None
        return (*self.sizes_bytes, *more), ()


def parse_asked(texts: Iterable[str]) -> Asked:
    """Read ``2GB``, or ``5000000`` for as many rows, several of them with commas between.

    Raises:
        ValueError: one is not a size, or too small.
    """
    words = ["".join(part.split()) for text in texts for part in text.split(",")]
    sizes = [_parse_size(word) for word in words if not _is_number(word)]
    for size in sizes:
        if size.size_bytes is None:
            raise ValueError(f"{size.text!r} is not a size; write rows, like 5000000, or a size, like 2GB")
    if long := [word for word in words if _is_number(word) and len(word) > _MOST_DIGITS]:
        raise ValueError(f"{long[0][:_MOST_DIGITS]}... is more than any data has; write rows, like 5000000")
    numbers = tuple(int(word) for word in words if _is_number(word))
    if 0 in numbers:
        raise ValueError("0 is nothing to predict; write rows, like 5000000, or a size, like 2GB")
    return Asked(tuple(size.size_bytes or 0 for size in sizes), numbers)


def _rows(word: str) -> int:
    # Python refuses by itself to read some thousand digits.
    if len(word) > len(str(LARGEST)) or int(word) > LARGEST:
        raise ValueError(f"{word!r} is more than any machine has; write rows, like 5000000")
    return int(word)


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdecimal()


def _parse_size(text: str) -> Size:
    if not text.endswith("%"):
        return Size(text, _large_enough(text, parse_bytes(text)))
    try:
        share = float(text[:-1]) / 100
    except ValueError:
        share = 0.0
    if not 0 < share <= _LARGEST_SHARE:
        raise ValueError(f"{text[:_LONGEST]!r} is not a percentage; write it like 50% or 200%")
    return Size(text, None, share)


def _large_enough(text: str, size_bytes: int) -> int:
    if size_bytes < SMALLEST_PAYLOAD_BYTES:
        raise ValueError(
            f"{text!r} is too small: what is measured would mostly be the overhead of any read; "
            "write 1MB or more"
        )
    return size_bytes
