"""How a scenario's memory grows with its payload: a line through several sizes, and what it predicts."""

from cachekit_memprobe.scaling.sizes import scaling_of

__all__ = ["scaling_of"]
