"""Replay cachekit's cache reads in isolated processes and say what each stage copies."""

__version__ = "0.1.0"
