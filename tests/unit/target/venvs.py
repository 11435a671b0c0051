"""Real virtual environments, made without the network, for tests of target and doctor."""

from pathlib import Path

from cachekit_memprobe.target import installer
from cachekit_memprobe.target.interpreter import base_python


def make_venv(folder: Path) -> Path:
    """The interpreter of a new environment that has no packages."""
    installer.create(folder, base_python(), "cachekit 1.0")
    return folder / "bin" / "python"


def add_package(python: Path, name: str, version: str, code: str = "") -> None:
    """Put a package into an environment: one module and the metadata that an installer leaves."""
    (site,) = python.parent.parent.glob("lib/python*/site-packages")
    (site / name).mkdir()
    (site / name / "__init__.py").write_text(code)
    metadata = site / f"{name}-{version}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
