"""A pytest session of somebody who has installed cachekit-memprobe, in a process of its own."""

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

_PLUGIN = ("-p", "cachekit_memprobe.pytest_plugin")
_SESSION_S = 240


@dataclass(frozen=True)
class Session:
    """A session that has ended.

    Attributes:
        properties: what JUnit was told, by the name of the test.
        outcomes: ``passed``, ``failure``, ``error`` or ``skipped``, by the name of the test.
    """

    status: int
    output: str
    properties: dict[str, dict[str, str]]
    outcomes: dict[str, str]

    def said_of(self, test: str) -> str:
        """What the session's report says of a test that failed."""
        heading = re.escape(test)
        found = re.search(
            rf"^_+ (?:ERROR at \w+ of )?{heading} _+\n(.*?)^(?:_+ |=+ |-+ )", self.output, re.S | re.M
        )
        assert found is not None, self.output
        return found[1]


@dataclass(frozen=True)
class Project:
    """A folder with tests."""

    folder: Path

    def write(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        return file

    def start(self, *arguments: str, plugins: bool = False, **environment: str) -> "subprocess.Popen[str]":
        """Begin a session.

        Args:
            plugins: have pytest load whatever is installed, and not this plugin alone.
        """
        loaded = () if plugins else _PLUGIN
        own = {"COLUMNS": "100", **({} if plugins else {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})}
        return subprocess.Popen(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *loaded, *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTEST_ADDOPTS": "", **own, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str, plugins: bool = False, **environment: str) -> Session:
        junit = self.folder / "junit.xml"
        process = self.start(f"--junitxml={junit}", *arguments, plugins=plugins, **environment)
        output, _ = process.communicate(timeout=_SESSION_S)
        cases = list(_cases(junit)) if junit.exists() else []
        junit.unlink(missing_ok=True)
        return Session(
            process.returncode,
            output,
            {name: properties for name, properties, _ in cases},
            {name: outcome for name, _, outcome in cases},
        )


def _cases(junit: Path) -> Iterator[tuple[str, dict[str, str], str]]:
    for case in ElementTree.parse(junit).getroot().iter("testcase"):
        properties = {entry.get("name", ""): entry.get("value", "") for entry in case.iter("property")}
        ended = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
        yield case.get("name", ""), properties, ended[0] if ended else "passed"
