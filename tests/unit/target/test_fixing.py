"""What several environments have in common, and the interpreters to make them from."""

import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.target import Wanted, base_of
from cachekit_memprobe.target.fixing import agree, oldest
from cachekit_memprobe.target.recipe import Base, recipe_of

HELD = {"pandas": "3.1.1", "numpy": "2.4.6"}
RELEASE = Version("0.9.1")


def test_of_each_package_the_oldest_is_what_all_admit() -> None:
    found = [
        {"pandas": "3.1.1", "numpy": "2.10.0", "orjson": "3.13.0", "rich": "15.0"},
        {"pandas": "3.1.1", "numpy": "2.4.6", "rich": "14.0"},
    ]
    assert oldest(found, "release") == HELD
    assert oldest(found, "pandas") == {"numpy": "2.4.6"}
    assert oldest([], "release") == {}


def test_an_environment_agrees_with_what_is_held() -> None:
    assert agree({**HELD, "rich": "15.0"}, HELD)
    assert not agree({**HELD, "pandas": "2.3.3"}, HELD)
    assert not agree({}, {})


def test_what_is_asked_for_is_not_pinned_to_something_else() -> None:
    wanted = Wanted(RELEASE, (Requirement("pandas<3"),)).pinned(HELD)
    assert list(map(str, wanted.extras)) == ["pandas<3", "numpy==2.4.6"]


def test_the_own_interpreter_has_the_environments_of_run() -> None:
    major, minor, micro = sys.version_info[:3]
    for number in (f"{major}.{minor}", f"{major}.{minor}.{micro}"):
        assert base_of(number) == Base.own()
        assert recipe_of(RELEASE, base=base_of(number)).key == recipe_of(RELEASE).key


def test_another_interpreter_has_environments_of_its_own() -> None:
    other = Base(Path("/opt/python/bin/python3"), "CPython", "3.99.1", "CPython")
    recipe = recipe_of(RELEASE, base=other)
    assert recipe.key != recipe_of(RELEASE).key
    assert recipe.key.startswith("cachekit-0.9.1-cpython-3.99.1-")
    assert recipe.python == other.python


def test_a_shim_that_leads_nowhere_is_no_interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shim = tmp_path / "python3.99"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    with pytest.raises(UsageError, match=r"no such interpreter is found here"):
        base_of("3.99")


def test_another_python_of_pyenv_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    number = ".".join(map(str, sys.version_info[:3]))
    python = tmp_path / "versions" / number / "bin" / "python3"
    python.parent.mkdir(parents=True)
    python.symlink_to(Base.own().python)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    found = base_of(str(python))
    assert (found.version, found.python) == (number, python)
