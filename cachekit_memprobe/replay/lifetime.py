"""How long what a scenario has stored is needed."""

import math

from cachekit_memprobe import metrics
from cachekit_memprobe.model import RunOptions

ATTEMPTS = 4
"""At a process whose pages the kernel doesn't take away."""

_SHORTEST_S = 60
_LONGEST_S = 30 * 86_400
"""The longest that cachekit and Memcached take."""

_PROCESSES = {metrics.RETENTION: 2}


def entries_last_s(options: RunOptions) -> int:
    """The time limit of all processes of a scenario together, when others take turns with them."""
    processes = {**_PROCESSES, metrics.RSS: options.repeat * ATTEMPTS}
    count = 1 + sum(processes.get(instrument, 1) for instrument in options.instruments)
    limit_s = min(options.timeout_s * count * options.jobs, _LONGEST_S)
    return max(math.ceil(limit_s), _SHORTEST_S)
