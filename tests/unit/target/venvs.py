"""Real virtual environments, made without the network, for tests of target and doctor."""

import base64
import hashlib
import zipfile
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


def site_of(python: Path) -> Path:
    """The folder of an environment's packages."""
    (site,) = python.parent.parent.glob("lib/python*/site-packages")
    return site


def record_package(python: Path, name: str, version: str) -> None:
    """Write the RECORD of a package of :func:`add_package`, as its installer does at last."""
    site = site_of(python)
    rows = [row(path.relative_to(site).as_posix(), path.read_bytes()) for path in (site / name).rglob("*.py")]
    (site / f"{name}-{version}.dist-info" / "RECORD").write_text("\n".join(rows) + "\n")


def row(name: str, content: bytes) -> str:
    """The line of a file in a RECORD."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    return f"{name},sha256={digest},{len(content)}"


def make_wheel(folder: Path, version: str) -> None:
    """A wheel of a cachekit that consists of one line."""
    metadata = f"cachekit-{version}.dist-info/"
    files = {
        "cachekit/__init__.py": "x = 1\n",
        metadata + "METADATA": f"Metadata-Version: 2.1\nName: cachekit\nVersion: {version}\n",
        metadata + "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [*(row(name, text.encode()) for name, text in files.items()), metadata + "RECORD,,"]
    with zipfile.ZipFile(folder / f"cachekit-{version}-py3-none-any.whl", "w") as wheel:
        for name, text in {**files, metadata + "RECORD": "\n".join(rows) + "\n"}.items():
            wheel.writestr(name, text)
