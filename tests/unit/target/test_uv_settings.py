"""Which of the user's settings of uv reach it, proven with uv itself where that is what matters."""

import subprocess
from pathlib import Path

import pytest
from packaging.version import Version

from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.target import installer, uv_settings
from tests.unit.target.venvs import make_wheel


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the user's configuration of uv, with no other configuration anywhere."""
    for name in ("UV_NO_CONFIG", "UV_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "system"))
    for name in ("config", "system"):
        (tmp_path / name / "uv").mkdir(parents=True)
    return tmp_path / "config" / "uv"


@pytest.fixture
def releases(config: Path) -> Path:
    """Three releases of cachekit of one empty module, in a folder that the user's configuration names."""
    folder = config / "wheels"
    folder.mkdir()
    for version in ("1.0", "2.0", "3.0"):
        make_wheel(folder, version)
    return folder


_WHERE = 'no-index = true\nfind-links = ["wheels"]\n'
_BENDING = {
    "resolution": 'resolution = "lowest"\n',
    "constraints": 'constraint-dependencies = ["cachekit<3"]\n',
    "overrides": 'override-dependencies = ["cachekit==1.0"]\n',
    "exclusions": 'exclude-dependencies = ["cachekit"]\n',
    "pip": '[pip]\nresolution = "lowest"\n',
}


@pytest.mark.process
@pytest.mark.usefixtures("releases")
@pytest.mark.parametrize("setting", _BENDING)
def test_uv_chooses_as_for_everybody(config: Path, setting: str) -> None:
    (config / "uv.toml").write_text(_WHERE + _BENDING[setting])
    assert _by_uv_itself(config) != "cachekit==3.0"
    assert installer.latest_release(lambda _: None) == Version("3.0")


@pytest.mark.process
@pytest.mark.usefixtures("releases")
def test_a_variable_that_nobody_knows_yet_does_not_reach_uv(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (config / "uv.toml").write_text(_WHERE)
    for name, value in {"UV_RESOLUTION": "lowest", "UV_TOMORROW": "1"}.items():
        monkeypatch.setenv(name, value)
    assert installer.latest_release(lambda _: None) == Version("3.0")
    assert "UV_TOMORROW" not in uv_settings.environment()


def _by_uv_itself(config: Path) -> str:
    command = (installer.find_uv(), "pip", "compile", "--quiet", "--no-header", "--no-annotate", "-")
    ended = subprocess.run(command, cwd=config, input="cachekit\n", capture_output=True, text=True)
    return ended.stdout.strip()


def test_keeps_where_packages_come_from_and_how_to_get_there(config: Path, tmp_path: Path) -> None:
    (config / "uv.toml").write_text(
        'find-links = ["wheels", "https://example.org/x"]\nnative-tls = true\nlink-mode = "hardlink"\n'
        '[[index]]\nurl = "https://example.org/simple"\nexclude-newer = "2020-01-01"\ndefault = true\n'
        '[pip]\nindex-url = "https://example.org/pip"\nno-deps = true\n'
    )
    (tmp_path / "system/uv/uv.toml").write_text('native-tls = false\nfind-links = ["more"]\noffline = true\n')
    assert set(uv_settings.text().splitlines()) == {
        "native-tls = true",
        f'find-links = ["{config}/wheels", "https://example.org/x", "{tmp_path}/system/uv/more"]',
        "offline = true",
        'index = [{ default = true, url = "https://example.org/simple" }]',
        'index-url = "https://example.org/pip"',
    }


def test_a_file_that_the_user_names_is_read_instead(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (config / "uv.toml").write_text("offline = true\n")
    (tmp_path / "mine.toml").write_text('index-strategy = "first-index"\nresolution = "lowest"\n')
    monkeypatch.setenv("UV_CONFIG_FILE", str(tmp_path / "mine.toml"))
    assert uv_settings.text() == 'index-strategy = "first-index"\n'
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    assert uv_settings.text() == ""


def test_a_broken_file_is_named_with_the_way_out(config: Path) -> None:
    (config / "uv.toml").write_text("offline =\n")
    with pytest.raises(UsageError, match=r"uv\.toml can't be read: .*UV_NO_CONFIG=1"):
        uv_settings.text()


def test_keeps_the_users_indexes_and_drops_their_project(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_INTERNAL_PASSWORD", "UV_CONSTRAINT", "VIRTUAL_ENV"):
        monkeypatch.setenv(name, "value")
    monkeypatch.setenv("UV_CACHE_DIR", "here")
    env = uv_settings.environment()
    assert env["UV_DEFAULT_INDEX"] == env["UV_INDEX_INTERNAL_PASSWORD"] == "value"
    assert env["UV_CACHE_DIR"] == str(tmp_path / "here")
    assert "UV_CONSTRAINT" not in env
    assert "VIRTUAL_ENV" not in env
