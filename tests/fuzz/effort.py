"""How many examples a fuzzer tries: in the suite a few, always the same; thousands for benchmarks/fuzz.py."""

import os

from hypothesis import HealthCheck, Phase, settings

THOROUGH = "CACHEKIT_MEMPROBE_FUZZ"


def effort(*, short: int, long: int) -> settings:
    """The settings of one fuzzer.

    Args:
        short: examples in the suite, besides those that are named with ``@example``.
        long: the same in a thorough run.
    """
    thorough = THOROUGH in os.environ
    return settings(
        max_examples=long if thorough else short,
        derandomize=not thorough,
        database=None,
        deadline=None,  # speed is no matter of a test, and the machine may be busy
        phases=tuple(Phase) if thorough else (Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=tuple(HealthCheck),
    )
