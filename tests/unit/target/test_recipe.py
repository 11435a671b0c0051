from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import platformdirs
import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from cachekit_memprobe.target import recipe
from cachekit_memprobe.target.recipe import environments_root, recipe_of

_RECIPE = recipe_of(Version("0.9.1"))


def test_asks_for_the_release_and_for_the_memray_that_reads_its_captures() -> None:
    assert (_RECIPE.name, _RECIPE.source) == ("cachekit 0.9.1", Version("0.9.1"))
    assert f"memray=={version('memray')}" in _RECIPE.requirements


def test_the_key_is_readable_and_the_same_every_time() -> None:
    assert _RECIPE.key.startswith("cachekit-0.9.1-cpython-3.")
    assert _RECIPE.key == recipe_of(Version("0.9.1")).key


@pytest.mark.parametrize(
    "other",
    [
        replace(_RECIPE, source=Version("0.9.0")),
        replace(_RECIPE, base=replace(_RECIPE.base, python=Path("/opt/python/bin/python3"))),
        replace(_RECIPE, requirements=(*_RECIPE.requirements, "polars")),
    ],
)
def test_the_key_depends_on_every_ingredient(other: recipe.Recipe) -> None:
    assert other.key != _RECIPE.key


def test_the_key_depends_on_how_environments_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    before = _RECIPE.key
    monkeypatch.setattr(recipe, "RECIPE", recipe.RECIPE + 1)
    assert _RECIPE.key != before


def test_environments_are_in_the_users_cache_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(recipe.CACHE_DIR_VARIABLE)
    assert environments_root() == platformdirs.user_cache_path("cachekit-memprobe") / "environments"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(recipe.CACHE_DIR_VARIABLE, "here")
    assert environments_root() == tmp_path / "here" / "environments"


def test_a_further_requirement_replaces_the_same_package_and_changes_the_key() -> None:
    older = recipe_of(Version("0.9.1"), (Requirement("pandas==2.3.3"),))

    assert "pandas==2.3.3" in older.requirements
    assert "pandas" not in older.requirements
    assert older.key != _RECIPE.key


def test_a_further_requirement_is_added() -> None:
    assert "polars" in recipe_of(Version("0.9.1"), (Requirement("polars"),)).requirements
