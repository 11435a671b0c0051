"""The canary: on this machine, and on one that can't see what is planted."""

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from cachekit_memprobe.cli import main
from cachekit_memprobe.doctor.planting import package_of
from cachekit_memprobe.model import Target
from tests.process.faults import Edit, Workshop

pytestmark = pytest.mark.process

_NO_COPY = """
_bytes = bytes

class _Blind(type):
    def __instancecheck__(cls, given):
        return isinstance(given, _bytes)

    def __call__(cls, given):
        return given.obj if isinstance(given, memoryview) and given.nbytes > 1 << 20 else _bytes(given)

class bytes(metaclass=_Blind):
    pass
"""

_VERSION = "_FRAME_VERSION = 3\n"
BLIND = Edit("serializers/wrapper.py", "", _VERSION, _VERSION + _NO_COPY)
"""What is planted there runs, and copies nothing."""


def test_this_machine_sees_and_the_installed_files_stay(installed: Target) -> None:
    package = package_of(installed.python)
    before = {path: path.stat().st_mtime_ns for path in package.rglob("*.py")}
    result = CliRunner().invoke(main, ["doctor", "--canary"], terminal_width=80, env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    untouched, planted, verdict = result.stdout.splitlines()[-3:]
    assert untouched.split()[:2] == ["untouched", "green"]
    assert "copies.unwrap 0.00x of 0.50x" in untouched
    assert planted.split()[:2] == ["planted", "red"]
    assert "cachekit/serializers/wrapper.py:" in planted
    assert "copies.unwrap 1.00x of 0.50x, verbatim.unwrap 1.00x of 0.50x" in planted
    assert verdict.split()[:2] == ["canary", "seen"]
    assert {path: path.stat().st_mtime_ns for path in package.rglob("*.py")} == before


def test_a_machine_that_does_not_see_ends_with_one(tmp_path: Path) -> None:
    blind = Workshop(Path(sys.prefix), tmp_path).faulty("blind", [BLIND])
    arguments = ["doctor", "--canary", "--python", str(blind.python)]
    result = CliRunner().invoke(main, arguments, env={"COLUMNS": "200"})
    assert result.exit_code == 1, result.output
    assert "copies.unwrap rose by 0.00x and not by 1.00x: memray can't be relied on here" in result.stdout
    assert "verbatim.unwrap rose by 0.00x and not by 1.00x: aliasing can't be relied on here" in result.stdout
    assert "Don't trust a green run on this machine" in result.stdout
