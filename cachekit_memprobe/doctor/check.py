"""One examination and what came out of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cachekit_memprobe.model import Scenario

Status = Literal["ok", "limited", "missing"]


@dataclass(frozen=True)
class Check:
    """What one examination found.

    Attributes:
        name: a few words, for the first column of a table.
        status: ``ok``; ``limited`` when something can't be measured, or not exactly; ``missing`` when
            nothing can.
        detail: what was found.
        remedy: what to do, a sentence; empty when ``ok``.
    """

    name: str
    status: Status
    detail: str
    remedy: str = ""


@dataclass(frozen=True)
class Subject:
    """What is examined: an interpreter, its versions, the size of the payload, what may be measured."""

    python: Path
    versions: Mapping[str, str]
    size_bytes: int
    scenarios: tuple[Scenario, ...] = ()
