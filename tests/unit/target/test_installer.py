from pathlib import Path

import pytest
import uv

from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.target import installer, interpreter
from tests.unit.target.venvs import make_venv, make_wheel, site_of


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


@pytest.mark.process
def test_what_was_edited_in_uvs_cache_is_seen_and_downloaded_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make_wheel(tmp_path, "0.9.1")
    (tmp_path / "mine.toml").write_text('no-index = true\nfind-links = ["."]\n')
    monkeypatch.setenv("UV_CONFIG_FILE", str(tmp_path / "mine.toml"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    first, second = make_venv(tmp_path / "first"), make_venv(tmp_path / "second")
    installer.install(first, ["cachekit"], "cachekit")
    (site_of(first) / "cachekit" / "__init__.py").write_text("x = 2\n")
    installer.install(second, ["cachekit"], "cachekit")
    assert "modified" not in interpreter.describe(second, own="new")

    (cached,) = tmp_path.glob("cache/archive-v*/*/cachekit/__init__.py")
    cached.write_text("x = 2\n")
    installer.install(make_venv(tmp_path / "third"), ["cachekit"], "cachekit")
    third = tmp_path / "third" / "bin" / "python"
    assert interpreter.describe(third, own="new")["modified"] == "cachekit"
    installer.install(third, ["cachekit"], "cachekit", anew=["cachekit"])
    assert "modified" not in interpreter.describe(third, own="new")
