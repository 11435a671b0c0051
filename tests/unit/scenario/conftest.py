from collections.abc import Callable
from pathlib import Path

import pytest

from cachekit_memprobe.errors import ScenarioError
from cachekit_memprobe.scenario import load_scenario

SMALLEST = """\
summary = "A read"
[value]
kind = "dataframe"
[cache]
serializer = "arrow"
l1 = true
[read]
tier = "l1"
route = "memory"
"""

WriteFile = Callable[..., Path]
ErrorsOf = Callable[[str], list[str]]


@pytest.fixture
def smallest() -> str:
    """The shortest valid scenario."""
    return SMALLEST


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WriteFile:
    """Writes a file and gives its path relative to the working directory, as users type it."""
    monkeypatch.chdir(tmp_path)

    def write_file(text: str, name: str = "my.toml") -> Path:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


@pytest.fixture
def errors_of(write: WriteFile) -> ErrorsOf:
    """The lines of the error that a file's text leads to; none for a valid file."""

    def lines(text: str) -> list[str]:
        try:
            load_scenario(write(text))
        except ScenarioError as error:
            return str(error).split("\n")
        return []

    return lines
