"""The scenario of a user's own function, with a budget over what was measured, explained line by line."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cachekit_memprobe.child.printable import pasted
from cachekit_memprobe.child.task import Call
from cachekit_memprobe.metrics import noise_bytes
from cachekit_memprobe.scenario.calls import summary_of
from cachekit_memprobe.scenario.given import ENV
from cachekit_memprobe.scenario.writing import check_text
from cachekit_memprobe.toml import toml
from cachekit_memprobe.units import format_limit, format_payloads

HEADROOM = 0.1
"""More than was reached, as a share of it."""

_ARENA_BYTES = 1 << 20
"""Of Python's small objects, which a read may take or not by chance."""

_STEP = 20
"""Limits are multiples of one over it: of 0.05x."""

_LIMITED: Mapping[str, str] = {
    "copies.total": "What the read allocates at the size of the value, all stages together.",
    "moved.total": "The same, and what is copied into memory that the read didn't allocate.",
    "peak.heap": "The most heap that it has allocated at one time.",
    "rss.peak": "By how much the process grows, at its peak.",
    "rss.shared": "Memory that looks like a file, but has no disk behind it.",
    "verbatim.unwrap": "Byte-for-byte copies of the stored frame: cachekit made one up to 0.9.1.",
    "growth.per_read": "Leaks: what each further read adds ...",
    "growth.total": "... and all of them together.",
    "growth.uncollected": "Reference cycles: what stays until the garbage collector runs.",
    "held.after": "What stays after the value was dropped ...",
    "held.first": "... and what only the first read leaves.",
    "aftermath.peak": "What threads, timers and tasks that the read started take when it has returned.",
    "aftermath.drop": "What dropping the value takes: finalizers and the like.",
    "frame.size": "What is stored, in every tier that holds it.",
}
"""What the budget limits, in its order, as far as it was measured."""

_HEAD = """\
# The reads of a cached function, and the memory that they may use: cachekit-memprobe run {name}
# Its exit code is 0 within the budget, 1 over it, and 3 if something could not be measured.

summary = {quoted}

[value]
# A function of this project that cachekit has decorated: it is imported from the folder of this file or the
# project's root, and called once to fill a private cache. How its value is cached is in its code.
"""

_READ = """
[read]
# Where the value is read from: "l1", the process's own cache, or "l2", the backend.
"""

_BUDGET = """
[budget]
# In payloads: 1.35x is 1.35 times the size of what the function returns. Written by cachekit-memprobe init,
# each over what was reached with {measured}:
# by {headroom:.0%}, and by 1 MiB for what differs by chance, rounded up to the next 0.05x.
"""


@dataclass(frozen=True)
class Reached:
    """What the function was measured to take.

    Attributes:
        figures: in payloads, by metric.
        measured: with what, in words: ``cachekit 0.24.1 and a payload of 64.0 MiB``.
    """

    figures: Mapping[str, float]
    payload_bytes: int
    measured: str


def call_text(
    call: Call, path: Path, *, tier: str, environment: Mapping[str, str], reached: Reached | None = None
) -> str:
    """The TOML of a scenario that calls a function, for the file ``path``.

    Args:
        tier: empty for that which its later calls are read from.
        reached: without it, there is no budget.

    Raises:
        UsageError: a scenario can't have the path's name, or what is called can't be written.
    """
    summary = summary_of(call, tier)
    text = _HEAD.format(name=pasted(path.name), quoted=toml(summary))
    text += "".join(f"{key} = {toml(value)}\n" for key, value in _value(call))
    if tier:
        text += f"{_READ}tier = {toml(tier)}\n"
    if environment:
        text += f"\n[{ENV}]\n" + "".join(f"{name} = {toml(value)}\n" for name, value in environment.items())
    if reached is not None:
        text += _BUDGET.format(measured=reached.measured, headroom=HEADROOM) + "".join(_limits(reached))
    check_text(path, text)
    return text


def _value(call: Call) -> Iterator[tuple[str, object]]:
    """The keys of ``[value]``, without those that have their default."""
    keys = {
        "call": call.function,
        "args": list(call.args),
        "kwargs": dict(call.kwargs),
        "setup": call.setup,
        "backend_override": call.backend,
    }
    yield from ((key, value) for key, value in keys.items() if value)


def _limits(reached: Reached) -> Iterator[str]:
    for metric, meaning in _LIMITED.items():
        if metric in reached.figures:
            figure = reached.figures[metric]
            yield f"# {meaning} Reached: {format_payloads(max(0.0, figure))}\n"
            limit = limit_over(metric, figure, reached.payload_bytes)
            yield f"{metric} = {toml(format_limit(limit, None))}\n"


def limit_over(metric: str, figure: float, payload_bytes: int) -> float:
    """A limit that the same read keeps, in payloads."""
    chance = max(_ARENA_BYTES, noise_bytes(metric)) / payload_bytes
    # Rounded first: 1.1 * 1.0 is a bit more than 1.1.
    return math.ceil(round((max(0.0, figure) * (1 + HEADROOM) + chance) * _STEP, 6)) / _STEP
