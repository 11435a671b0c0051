"""A project in a folder, with a configuration."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cachekit_memprobe.checking import Configuration, Project, find, project_of

Configured = Callable[[str], Configuration]
Read = Callable[[str], Project]


@pytest.fixture
def project_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, which is a repository's root."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def configured(project_folder: Path) -> Configured:
    """Write a ``memprobe.toml``, and find it."""

    def write(text: str) -> Configuration:
        (project_folder / "memprobe.toml").write_text(text)
        return find(project_folder)

    return write


@pytest.fixture
def read_project(configured: Configured) -> Read:
    """The same, read and checked."""
    return lambda text: project_of(configured(text))
