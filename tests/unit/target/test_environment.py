import os
import py_compile
import time
from pathlib import Path

import filelock
import pytest
from packaging.version import Version

from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.target import environment, interpreter
from cachekit_memprobe.target.recipe import PACKAGES, recipe_of
from tests.unit.target.venvs import add_package, make_venv, record_package, site_of

_RECIPE = recipe_of(Version("0.9.1"))


@pytest.fixture
def complete(tmp_path: Path) -> Path:
    """The folder of an environment that looks like one of 0.9.1."""
    folder = tmp_path / _RECIPE.key
    python = make_venv(folder)
    add_package(python, "cachekit", "0.9.1")
    for name in ("memray", *PACKAGES):
        add_package(python, name, "1.0")
        record_package(python, name, "1.0")
    record_package(python, "cachekit", "0.9.1")
    (folder / "ready.json").write_text("{}")
    return folder


@pytest.mark.process
class TestUsable:
    def test_a_complete_environment_tells_its_versions(self, complete: Path) -> None:
        versions = environment._usable(complete, _RECIPE)
        assert versions is not None
        assert versions["cachekit"] == "0.9.1"

    def test_not_without_its_marker(self, complete: Path) -> None:
        (complete / "ready.json").unlink()
        assert environment._usable(complete, _RECIPE) is None

    def test_not_when_its_interpreter_is_gone(self, complete: Path) -> None:
        (complete / "bin" / "python").unlink()
        (complete / "bin" / "python").symlink_to("/nowhere/python3")
        assert environment._usable(complete, _RECIPE) is None

    def test_not_when_it_has_another_release(self, complete: Path) -> None:
        assert environment._usable(complete, recipe_of(Version("0.10.0"))) is None

    def test_one_that_does_not_answer_is_left_to_whoever_uses_it(
        self, complete: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(interpreter, "_TIMEOUT_S", 0.0)
        with pytest.raises(CouldNotMeasure, match="did not answer"):
            environment._usable(complete, _RECIPE)
        assert (complete / "ready.json").exists()


@pytest.mark.process
class TestEdited:
    """What somebody has edited is measured under its name: neither as the release, nor made anew unasked."""

    def test_cachekit_is_measured_as_modified(self, complete: Path) -> None:
        _file(complete, "cachekit").write_text("x = 2\n")
        versions = environment._usable(complete, _RECIPE)
        assert versions is not None
        assert (versions["cachekit_state"], versions.get("modified")) == ("modified", None)

    def test_a_library_and_code_beside_the_packages_are_named(self, complete: Path) -> None:
        _file(complete, "pandas").write_text("x = 2\n")
        (_file(complete, "pandas").parents[1] / "sitecustomize.py").touch()
        versions = environment._usable(complete, _RECIPE)
        assert versions is not None
        assert (versions["modified"], versions.get("cachekit_state")) == ("pandas, sitecustomize.py", None)

    def test_bytecode_of_an_earlier_source_does_not_outlive_it(self, complete: Path) -> None:
        module = _file(complete, "pandas")
        before, bytecode = module.stat(), Path(py_compile.compile(str(module)) or "")
        time.sleep(0.02)  # the kernel's clock of files ticks every few milliseconds
        module.write_text("")
        os.utime(module, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert bytecode.exists()
        versions = environment._usable(complete, _RECIPE)
        assert versions is not None
        assert "modified" not in versions
        assert not bytecode.exists()


@pytest.mark.process
class TestBroken:
    @pytest.mark.parametrize(
        ("package", "reason"), [("pandas", "it lacks pandas/__init__.py"), ("cachekit", "it lacks cachekit/")]
    )
    def test_one_that_lacks_a_module_is_made_anew(self, complete: Path, package: str, reason: str) -> None:
        _file(complete, package).unlink()
        told: list[str] = []
        assert environment._usable(complete, _RECIPE, told.append) is None
        assert len(told) == 1
        assert told[0].startswith(f"the environment for cachekit 0.9.1 is broken: {reason}")

    def test_so_is_one_whose_instrument_was_changed(self, complete: Path) -> None:
        _file(complete, "memray").write_text("x = 2\n")
        assert environment._usable(complete, _RECIPE) is None

    def test_but_never_one_that_was_edited(self, complete: Path) -> None:
        _file(complete, "pandas").unlink()
        _file(complete, "cachekit").write_text("x = 2\n")
        with pytest.raises(CouldNotMeasure, match=r"lacks pandas/.* it was edited: cachekit\. Save .*remove"):
            environment._usable(complete, _RECIPE)


def _file(environment_folder: Path, package: str) -> Path:
    return site_of(environment_folder / "bin" / "python") / package / "__init__.py"


def test_says_so_when_it_waits_for_another_maker(tmp_path: Path) -> None:
    other = filelock.FileLock(tmp_path / f".{_RECIPE.key}.lock")
    told: list[str] = []

    def progress(message: str) -> None:
        told.append(message)
        other.release()

    other.acquire()
    with environment._only_maker(tmp_path, _RECIPE, progress):
        pass
    assert told == ["waiting for another run that makes the environment for cachekit 0.9.1"]


def test_does_not_wait_forever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_WAIT_S", 0.0)
    with filelock.FileLock(tmp_path / f".{_RECIPE.key}.lock"):
        maker = environment._only_maker(tmp_path, _RECIPE, lambda _message: None)
        with pytest.raises(CouldNotMeasure, match="too long"), maker:
            pass


def test_sweeps_its_own_leftovers_only(tmp_path: Path) -> None:
    other = recipe_of(Version("0.10.0"))
    for name in (_RECIPE.key, f".partial-{_RECIPE.key}-abc", f".partial-{other.key}-abc", other.key):
        (tmp_path / name / "lib").mkdir(parents=True)
    environment._sweep(tmp_path / _RECIPE.key, f".partial-{_RECIPE.key}-")
    assert {path.name for path in tmp_path.iterdir()} == {f".partial-{other.key}-abc", other.key}


def test_a_cache_that_can_not_be_written_is_said_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CACHEKIT_MEMPROBE_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(CouldNotMeasure, match=r"0\.9\.1: Not a directory.*CACHEKIT_MEMPROBE_CACHE_DIR"):
        environment.provide(Version("0.9.1"), (), lambda _message: None)
