import shutil
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import psutil
import pytest
import uv

from cachekit_memprobe import programs
from cachekit_memprobe.doctor import Check, checks, children, kernel, libraries, room, tools
from cachekit_memprobe.doctor.check import Subject
from cachekit_memprobe.model import Target
from tests.unit.target.venvs import add_package, make_venv

pytestmark = pytest.mark.process
_MIB = 1 << 20
_NAMES = ["cachekit", "memray", "Arrow pool", "orjson", "pymemcache"]
_MACHINE_NAMES = [
    "platform",
    "RSS peak",
    "huge pages",
    "memory",
    "disk",
    "uv",
    "Redis server",
    "Memcached",
]


def _subject(python: Path = Path(sys.executable), size_bytes: int = _MIB, **versions: str) -> Subject:
    return Subject(python, versions, size_bytes)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_venv(tmp_path_factory.mktemp("empty") / "venv")


def test_tells_all_about_a_target_that_can_be_measured() -> None:
    versions = {"cachekit": version("cachekit")}
    told = checks(Target("installed", Path(sys.executable), versions), _MIB)
    assert [check.name for check in told] == _NAMES + _MACHINE_NAMES
    assert [check.status for check in told[:5]] == ["ok"] * 5
    assert all(check.detail and bool(check.remedy) == (check.status != "ok") for check in told)


def test_tells_all_about_a_target_that_lacks_everything(empty: Path) -> None:
    told = checks(Target("empty", empty, {}), _MIB)[:5]
    assert [check.status for check in told] == ["missing", "missing", "limited", "limited", "limited"]
    assert all("ModuleNotFoundError: No module named" in check.detail and check.remedy for check in told)


def test_examines_the_machine_where_there_is_no_target() -> None:
    told = checks(None, _MIB, problem="cachekit 99 can't be installed")
    assert [check.name for check in told] == ["cachekit", *_MACHINE_NAMES]
    assert (told[0].status, told[0].detail) == ("missing", "cachekit 99 can't be installed")


def test_an_interpreter_that_does_not_start_is_told_in_a_line(tmp_path: Path) -> None:
    told = checks(Target("gone", tmp_path / "python", {"cachekit": "0.9.1"}), _MIB)
    assert told[0].detail == "No such file or directory"
    assert all("\n" not in check.detail for check in told)


@pytest.mark.parametrize(
    ("release", "status", "detail"),
    [
        ("0.4.0", "ok", "0.4.0"),
        ("0.24.1", "ok", "0.24.1"),
        ("0.24.2", "limited", "newer than 0.24.1"),
        ("1.0.0", "limited", "newer than 0.24.1"),
        ("0.3.9", "limited", "older than 0.4.0"),
    ],
)
def test_knows_which_releases_were_read(release: str, status: str, detail: str) -> None:
    check = libraries.cachekit(_subject(cachekit=release))
    assert check.status == status
    assert detail in check.detail


def test_another_memray_may_write_what_this_tool_can_not_read(tmp_path: Path) -> None:
    python = make_venv(tmp_path / "venv")
    add_package(python, "memray", "0.1", "__version__ = '0.1'\n")
    check = libraries.memray(_subject(python))
    assert check.status == "limited"
    assert check.remedy == f"Install memray=={version('memray')} in the target."


def test_an_arrow_that_keeps_its_own_pool_hides_its_buffers(tmp_path: Path) -> None:
    python = make_venv(tmp_path / "venv")
    pool = "class default_memory_pool:\n    backend_name = 'mimalloc'\n"
    add_package(python, "pyarrow", "0.1", pool)
    check = libraries.arrow_pool(_subject(python))
    assert check.status == "limited"
    assert "mimalloc" in check.detail


def test_children_see_little_and_are_ended_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CACHEKIT_MASTER_KEY", "secret")
    code = "import os; print([os.environ.get('CACHEKIT_MASTER_KEY'), os.environ['A']])"
    assert children.ask_code(Path(sys.executable), code, {"A": "1"}).text == "[None, '1']"
    monkeypatch.setattr(children, "_TIMEOUT_S", 0.5)
    answer = children.ask_code(Path(sys.executable), "import time; time.sleep(600)")
    assert not answer.ok
    assert "no answer within" in answer.text


def test_a_peak_that_can_be_set_back_is_found_so() -> None:
    clear_refs = Path("/proc/self/clear_refs")
    if not clear_refs.exists():
        pytest.skip("this kernel has no clear_refs")
    assert kernel.peak_reset(_subject()) == Check("RSS peak", "ok", f"{clear_refs} sets VmHWM back")


def test_other_systems_are_told_what_is_not_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    assert kernel.platform(_subject()).status == "limited"
    assert "not exact" in kernel.platform(_subject()).detail
    monkeypatch.setattr("platform.system", lambda: "Windows")
    assert kernel.platform(_subject()).status == "missing"


@pytest.mark.parametrize("text", ["always madvise [never]\n", None])
def test_no_huge_pages_need_no_switch(
    text: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mode = tmp_path / "enabled"
    if text is not None:
        mode.write_text(text)
    monkeypatch.setattr(kernel, "_THP_MODE", mode)
    assert kernel.huge_pages(_subject()).status == "ok"


def test_free_memory_is_at_most_what_the_machine_has() -> None:
    assert 0 < room._free_memory_bytes() <= psutil.virtual_memory().total


def test_a_disk_that_is_too_small_is_told() -> None:
    free_bytes = shutil.disk_usage(tempfile.gettempdir()).free
    assert room.free_disk(_subject()).status == "ok"
    assert room.free_disk(_subject(size_bytes=free_bytes)).status == "missing"


def test_without_uv_only_installed_releases_can_be_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tools.uv(_subject()).status == "ok"

    def no_binary() -> str:
        raise FileNotFoundError("uv")

    monkeypatch.setattr(uv, "find_uv_bin", no_binary)
    monkeypatch.setenv("PATH", "")
    assert tools.uv(_subject()).status == "limited"


def test_servers_that_can_not_be_started_are_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "redis_server", lambda: Path("/bin/valkey-server"))
    monkeypatch.setattr(programs, "memcached", lambda: None)
    assert tools.redis_server(_subject()) == Check("Redis server", "ok", "can be started")
    assert tools.memcached(_subject()).status == "limited"
    assert "apt-get install memcached" in tools.memcached(_subject()).remedy
    monkeypatch.setattr(programs, "redis_server", lambda: None)
    assert tools.redis_server(_subject()).status == "limited"
    assert "--redis-url" in tools.redis_server(_subject()).remedy
