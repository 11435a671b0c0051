"""Real repositories of a small cachekit, with a native part that nobody has to compile."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT = """
[build-system]
requires = ["maturin>=1.0"]
build-backend = "maturin"

[project]
name = "cachekit"
version = "{version}"
dependencies = {dependencies}

[tool.maturin]
python-source = "src"
"""
CRATE = '[package]\nname = "cachekit-rs"\nversion = "{version}"\n\n[dependencies]\nzeroize = "1"\n'
WRAPPER = "src/cachekit/wrapper.py"


@dataclass(frozen=True)
class History:
    """A repository, and the hash of what was committed last."""

    folder: Path

    @classmethod
    def begun(cls, folder: Path, version: str = "0.10.0") -> "History":
        """With one commit, which is tagged as a release."""
        folder.mkdir(parents=True)
        history = cls(folder)
        history.git("init", "-q", "-b", "main")
        history.commit(
            "release",
            {
                "pyproject.toml": project(version),
                "Cargo.toml": CRATE.format(version=version),
                "rust/lib.rs": "// native\n",
                "src/cachekit/__init__.py": "x = 1\n",
                WRAPPER: "y = 1\n",
                "tests/test_x.py": "",
            },
        )
        history.git("tag", f"v{version}")
        return history

    def git(self, *arguments: str) -> str:
        who = ("-c", "user.name=Joe", "-c", "user.email=joe@example.org", "-c", "commit.gpgsign=false")
        command = ("git", "-C", str(self.folder), *who, *arguments)
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, subject: str, files: Mapping[str, str]) -> str:
        """Write the files and commit all that there is."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", subject)
        return self.git("rev-parse", "HEAD")


def project(version: str, dependencies: str = "[]") -> str:
    """Its ``pyproject.toml``."""
    return PROJECT.format(version=version, dependencies=dependencies)
