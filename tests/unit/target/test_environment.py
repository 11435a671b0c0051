from pathlib import Path

import filelock
import pytest
from packaging.version import Version

from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.target import environment, interpreter
from cachekit_memprobe.target.recipe import PACKAGES, recipe_of
from tests.unit.target.venvs import add_package, make_venv

_RECIPE = recipe_of(Version("0.9.1"))


@pytest.fixture
def complete(tmp_path: Path) -> Path:
    """The folder of an environment that looks like one of 0.9.1."""
    folder = tmp_path / _RECIPE.key
    python = make_venv(folder)
    add_package(python, "cachekit", "0.9.1")
    for name in ("memray", *PACKAGES):
        add_package(python, name, "1.0")
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
