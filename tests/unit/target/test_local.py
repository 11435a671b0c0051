"""A cachekit that lies here, and its environment."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.version import Version

from cachekit_memprobe.errors import CouldNotMeasure, UsageError
from cachekit_memprobe.target import environment, installer, local, resolve
from cachekit_memprobe.target.interpreter import base_python
from cachekit_memprobe.target.recipe import recipe_of

# Its own build backend, which needs no package from anywhere.
_BACKEND = """
import zipfile
from pathlib import Path

def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "cachekit-0.25.0-py3-none-any.whl"
    info = "cachekit-0.25.0.dist-info/"
    with zipfile.ZipFile(Path(folder, name), "w") as wheel:
        wheel.write("cachekit/__init__.py")
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: cachekit\\nVersion: 0.25.0\\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return name
"""
_PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "cachekit"
version = "0.25.0"
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    (folder / "cachekit").mkdir(parents=True)
    (folder / "cachekit" / "__init__.py").write_text("x = 1\n")
    (folder / "pyproject.toml").write_text(_PROJECT)
    (folder / "backend.py").write_text(_BACKEND)
    return folder


def key_of(tree: Path) -> str:
    return recipe_of(local.inspected(tree)).key


class TestItsIdentity:
    @pytest.mark.parametrize("tracked", [False, True], ids=["plain", "git"])
    def test_is_what_is_in_it(self, tree: Path, tracked: bool) -> None:
        if tracked:
            subprocess.run(("git", "init", "-q", tree), check=True)
            (tree / ".gitignore").write_text("target\n__pycache__\n")
        before = key_of(tree)
        for ignored in ("target/debug/lib.so", "cachekit/__pycache__/x.cpython-311.pyc"):
            (tree / ignored).parent.mkdir(parents=True, exist_ok=True)
            (tree / ignored).write_text("made by a build")
        assert key_of(tree) == before
        (tree / "cachekit" / "__init__.py").write_text("x = 2\n")
        changed = key_of(tree)
        (tree / "cachekit" / "more.py").touch()
        assert len({before, changed, key_of(tree)}) == 3

    def test_is_not_where_it_lies(self, tree: Path, tmp_path: Path) -> None:
        before = key_of(tree)
        assert key_of(tree.rename(tmp_path / "elsewhere")) == before

    def test_is_said_in_reports(self, tree: Path) -> None:
        source = local.inspected(tree)
        assert source.state == f"source tree {source.fingerprint[:8]}, built"
        over = replace(source, over=Version("0.10.0"))
        assert over.state == f"source tree {source.fingerprint[:8]}, its Python files over release 0.10.0"
        assert str(source) == "the cachekit in checkout"


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("./nowhere", "does not exist; give the folder of cachekit's project"),
        ("./chekcout", r"chekcout does not exist; did you mean .*/checkout\?"),
        ("instaled", r"'instaled' names no cachekit; did you mean installed\?"),
        ("Latest", r"did you mean latest\?"),
        (".", "has no pyproject.toml"),
        ("file/x", "does not exist"),
        ("./file", "is no source tree and no wheel"),
        ("cachekit-0.1.0-py3-none-any.whl", "does not exist"),
        ("https://example.org/cachekit", "<url>: write a repository like git"),
        ("cachekit @ git+ssh://git@example.org/cachekit", "write a repository like git"),
        ("checkout", "the path of a source tree like ./checkout"),
    ],
)
def test_anything_else_is_refused_with_the_way(
    spec: str, said: str, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree.parent)
    (tree.parent / "file").touch()
    with pytest.raises(UsageError, match=said) as caught:
        resolve(spec)
    assert "secret" not in str(caught.value)


@pytest.mark.process
class TestBuilding:
    def test_makes_a_wheel_without_a_trace_in_the_tree(self, tree: Path, tmp_path: Path) -> None:
        before = local.inspected(tree)
        wheel = installer.build(tree, base_python(), tmp_path / "out", "it")
        assert wheel.name == "cachekit-0.25.0-py3-none-any.whl"
        assert local.inspected(tree) == before

    def test_that_fails_is_told_with_what_it_takes(self, tree: Path, tmp_path: Path) -> None:
        (tree / "backend.py").write_text("def build_wheel(*_, **__): raise RuntimeError('no compiler here')")
        with pytest.raises(CouldNotMeasure, match=r"(?s)no wheel can be built of it.*no compiler here.*Rust"):
            installer.build(tree, base_python(), tmp_path / "out", "it")

    def test_of_another_project_is_refused(self, tree: Path, tmp_path: Path) -> None:
        for file in ("backend.py", "pyproject.toml"):
            (tree / file).write_text((tree / file).read_text().replace("cachekit-0", "other-0"))
        with pytest.raises(CouldNotMeasure, match="it is not the source of cachekit"):
            installer.build(tree, base_python(), tmp_path / "out", "it")

    def test_while_it_is_edited_makes_no_environment(self, tree: Path, tmp_path: Path) -> None:
        recipe = recipe_of(local.inspected(tree))
        (tree / "cachekit" / "__init__.py").write_text("x = 2\n")
        with pytest.raises(CouldNotMeasure, match="changed while it was being built"):
            environment._cachekit(recipe, tmp_path)


def test_an_environment_says_what_was_built(tree: Path) -> None:
    recipe = recipe_of(local.inspected(tree))
    assert isinstance(recipe.source, local.Local)
    versions = environment._as_made({"cachekit": "0.25.0", "cachekit_state": "installed from a file"}, recipe)
    assert versions["cachekit_state"] == recipe.source.state
    edited = environment._as_made({"cachekit_state": "installed from a file, modified"}, recipe)
    assert edited["cachekit_state"] == f"{recipe.source.state}, modified"
