from pathlib import Path

import pytest
import uv

from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.target import installer


def _no_binary() -> str:
    raise FileNotFoundError("uv")


def test_finds_the_binary_of_the_package() -> None:
    assert installer.find_uv() == Path(uv.find_uv_bin())


def test_falls_back_to_the_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(uv, "find_uv_bin", _no_binary)
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "uv").touch(mode=0o755)
    assert installer.find_uv() == tmp_path / "uv"


def test_says_how_to_get_along_without_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uv, "find_uv_bin", _no_binary)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(CouldNotMeasure, match=r"pip install uv.*--python"):
        installer.find_uv()


def test_keeps_the_users_indexes_and_drops_their_project(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_INTERNAL_PASSWORD", "UV_CONSTRAINT", "VIRTUAL_ENV"):
        monkeypatch.setenv(name, "value")
    monkeypatch.setenv("UV_CONFIG_FILE", "ci/uv.toml")
    env = installer._environment()
    assert env["UV_DEFAULT_INDEX"] == env["UV_INDEX_INTERNAL_PASSWORD"] == "value"
    assert env["UV_CONFIG_FILE"] == str(tmp_path / "ci/uv.toml")
    assert "UV_CONSTRAINT" not in env
    assert "VIRTUAL_ENV" not in env
