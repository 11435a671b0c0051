"""Replay cachekit's cache reads in isolated processes and say what each stage copies, and where.

PYTEST_DONT_REWRITE: pytest would warn, where this was imported before it has come to the plugin.
"""

__all__ = ["__version__", "load"]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    # Measured processes import this package too: what the API needs is imported when it is asked for.
    if name != "load":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return import_module("cachekit_memprobe.api").load
