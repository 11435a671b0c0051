"""Replay cachekit's cache reads in isolated processes and say what each stage copies.

Importable by the measured child process, so it imports the standard library only.
"""

__version__ = "0.1.0"
