"""A wheel of a release's native part and a tree's Python files, made with a real uv and a real wheel."""

import csv
import zipfile
from pathlib import Path

import pytest
from packaging.version import Version

from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.target import overlay
from cachekit_memprobe.target.interpreter import base_python
from tests.unit.target.repositories import WRAPPER, History, project
from tests.unit.target.venvs import row

RELEASE = Version("0.10.77")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    history = History.begun(tmp_path / "cachekit-py", "0.10.77")
    history.commit("next", {"pyproject.toml": project("0.11.0", '["redis[hiredis]>=5"]'), WRAPPER: "y = 2\n"})
    (history.folder / "src/cachekit/_native.so").write_bytes(b"of the developer's own machine")
    return history.folder


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that has the release, and is all that uv looks at."""
    folder, info = tmp_path / "published", "cachekit-0.10.77.dist-info/"
    folder.mkdir()
    metadata = "Metadata-Version: 2.1\nName: cachekit\nVersion: 0.10.77\nRequires-Dist: redis>=4\n\nWords\n"
    files = {
        "cachekit/__init__.py": "x = 0\n",
        "cachekit/gone.py": "",
        "cachekit/_native.so": "compiled",
        f"{info}METADATA": metadata,
        f"{info}WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [*(row(name, text.encode()) for name, text in files.items()), f"{info}RECORD,,"]
    with zipfile.ZipFile(folder / "cachekit-0.10.77-py3-none-any.whl", "w") as wheel:
        for name, text in {**files, f"{info}RECORD": "\n".join(rows) + "\n"}.items():
            wheel.writestr(name, text)
    for name, value in {
        "FIND_LINKS": folder,
        "OFFLINE": 1,
        "NO_CONFIG": 1,
        "CACHE_DIR": tmp_path / "uv",
    }.items():
        monkeypatch.setenv(f"UV_{name}", str(value))
    return folder


def made(tree: Path, folder: Path, release: Version = RELEASE) -> dict[str, bytes]:
    folder.mkdir()
    wheel = overlay.wheel_over(tree, release, base_python(), folder, "it")
    assert wheel.name == "cachekit-0.11.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.usefixtures("published")
class TestAWheel:
    def test_has_the_trees_python_and_the_releases_native_part(self, tree: Path, tmp_path: Path) -> None:
        files = made(tree, tmp_path / "out")
        info = "cachekit-0.11.0.dist-info"
        assert sorted(files) == [
            f"{info}/METADATA",
            f"{info}/RECORD",
            f"{info}/WHEEL",
            "cachekit/__init__.py",
            "cachekit/_native.so",
            "cachekit/wrapper.py",
        ]
        assert files["cachekit/_native.so"] == b"compiled"
        assert files["cachekit/wrapper.py"] == b"y = 2\n"

    def test_has_the_trees_version_and_dependencies(self, tree: Path, tmp_path: Path) -> None:
        metadata = made(tree, tmp_path / "out")["cachekit-0.11.0.dist-info/METADATA"].decode()
        assert "\nVersion: 0.11.0\nRequires-Dist: redis[hiredis]>=5\n\nWords\n" in metadata
        assert "redis>=4" not in metadata

    def test_has_a_record_of_all_of_it(self, tree: Path, tmp_path: Path) -> None:
        files = made(tree, tmp_path / "out")
        rows = list(csv.reader(files["cachekit-0.11.0.dist-info/RECORD"].decode().splitlines()))
        for name, digest, size in rows:
            assert row(name, files[name]) == f"{name},{digest},{size}" or (digest, size) == ("", "")
        assert {name for name, *_ in rows} == set(files)

    def test_of_a_release_that_was_never_published_is_none(self, tree: Path, tmp_path: Path) -> None:
        with pytest.raises(overlay.NotPublished, match=r"cachekit 0\.10\.78, whose native part it has"):
            made(tree, tmp_path / "out", Version("0.10.78"))

    def test_of_a_tree_that_has_no_cachekit_is_none(self, tree: Path, tmp_path: Path) -> None:
        (tree / "src/cachekit").rename(tree / "src/other")
        with pytest.raises(CouldNotMeasure, match="it has no package cachekit where its pyproject"):
            made(tree, tmp_path / "out")
