"""Whole outputs, held to files. To accept a change: UPDATE_GOLDEN=1, then read the diff."""

import os
from pathlib import Path

_FOLDER = Path(__file__).parent


def assert_golden(text: str, name: str) -> None:
    """The text is that of the file ``NAME.txt``."""
    golden = _FOLDER / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")
