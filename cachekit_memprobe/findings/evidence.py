"""What a rule gets to see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cachekit_memprobe.model import Payload, Scenario, StageUsage
from cachekit_memprobe.units import format_bytes, format_payloads

NOTABLE = 0.05
"""Payloads below which nothing is worth a sentence."""


@dataclass(frozen=True)
class Evidence:
    """One scenario's figures.

    Attributes:
        values: metric name to payloads; a metric that was not measured is absent.
        kept: what the aliasing instrument still found referenced from cachekit after the value was
            dropped: ``name``, ``size_bytes``, and where a stage uses the name.
        retained: the retention instrument's observation, raw; ``None`` when it didn't run.
    """

    scenario: Scenario
    payload: Payload
    stages: Sequence[StageUsage]
    values: Mapping[str, float]
    kept: Sequence[Mapping[str, Any]]
    retained: Mapping[str, Any] | None = None

    def size(self, size_bytes: float) -> str:
        """``1.00x (64.0 MiB)``."""
        payload_bytes = self.payload.logical_bytes
        return f"{format_payloads(size_bytes / payload_bytes)} ({format_bytes(size_bytes, payload_bytes)})"

    def payloads(self, payloads: float) -> str:
        return self.size(payloads * self.payload.logical_bytes)
