"""Releases for real: uv, PyPI, and makers that are killed."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from packaging.version import Version

from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.target import installer, resolve
from cachekit_memprobe.target.recipe import CACHE_DIR_VARIABLE, environments_root, recipe_of

pytestmark = pytest.mark.process

_MAKER = """
import json, sys
from cachekit_memprobe.target import resolve
told = []
target = resolve(sys.argv[1], progress=told.append)
print(json.dumps([str(target.python), target.versions["cachekit"], told]))
"""


@dataclass(frozen=True)
class Answer:
    """The target that somebody got, and what they were told meanwhile."""

    python: str
    release: str
    told: tuple[str, ...]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def made_at_once(cache: Path) -> list[Answer]:
    """What three processes and two threads got that asked for one release at the same time.

    A maker had died there before: it left a partial folder and one that looks whole but isn't.
    """
    key = recipe_of(Version("0.9.1")).key
    for name in (key, f".partial-{key}-dead"):
        (cache / "environments" / name / "bin").mkdir(parents=True)
    makers = [_start_maker("0.9.1", {CACHE_DIR_VARIABLE: str(cache)}) for _ in range(3)]
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor() as pool:
        patch.setenv(CACHE_DIR_VARIABLE, str(cache))
        answers = list(pool.map(lambda _: _resolve_here("0.9.1"), range(2)))
    for maker in makers:
        out, err = maker.communicate()
        assert maker.returncode == 0, err
        python, release, told = json.loads(out)
        answers.append(Answer(python, release, tuple(told)))
    return answers


@pytest.mark.release
class TestReleases:
    def test_one_is_made_for_all_who_ask(self, made_at_once: list[Answer]) -> None:
        assert len({answer.python for answer in made_at_once}) == 1
        assert {answer.release for answer in made_at_once} == {"0.9.1"}
        told = [message for answer in made_at_once for message in answer.told]
        assert told.count("making an environment for cachekit 0.9.1") == 1

    @pytest.mark.usefixtures("made_at_once")
    def test_it_is_whole_and_nothing_else_is_left(self, cache: Path) -> None:
        key = recipe_of(Version("0.9.1")).key
        names = {path.name for path in (cache / "environments").iterdir()}
        assert names == {key, f".{key}.lock"}
        ready = json.loads((cache / "environments" / key / "ready.json").read_text())
        assert ready["versions"]["cachekit"] == "0.9.1"

    @pytest.mark.usefixtures("made_at_once")
    def test_it_is_used_again_without_uv(self, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(CACHE_DIR_VARIABLE, str(cache))
        monkeypatch.setattr(installer, "_uv", None)
        target = resolve("==0.9.1")
        assert target.spec == target.cachekit == "0.9.1"
        assert target.python.is_relative_to(cache)
        assert target.versions["memray"] == resolve("installed").versions["memray"]

    @pytest.mark.usefixtures("made_at_once")
    def test_its_files_are_nobody_elses(self, cache: Path) -> None:
        """Whoever edits one edits neither uv's cache nor the environments that will come of it."""
        packages = cache.glob("environments/cachekit-0.9.1-*/lib/*/site-packages/*/*.py")
        assert {file.stat().st_nlink for file in packages} == {1}

    def test_the_latest_is_final_and_heeds_no_project(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        index = '[[tool.uv.index]]\nurl = "http://127.0.0.1:9/simple"\ndefault = true\n'
        (tmp_path / "pyproject.toml").write_text(index)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # where even its parents belong to a project
        monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path))
        target = resolve("latest")
        assert target.spec == "latest"
        assert not Version(target.cachekit).is_prerelease
        assert Version(target.cachekit) >= Version("0.24.1")

    def test_one_that_does_not_exist(self) -> None:
        with pytest.raises(CouldNotMeasure) as caught:
            resolve("99.99.99")
        message = str(caught.value)
        assert "cachekit 99.99.99 can't be installed" in message
        assert "no version of cachekit==99.99.99" in message
        assert "See the releases of cachekit on PyPI" in message
        assert not [path for path in environments_root().iterdir() if "partial-cachekit-99" in path.name]


@dataclass
class SilentIndex:
    """A package index that accepts connections and never answers, and uv's settings that lead there."""

    server: socket.socket
    variables: dict[str, str]

    def wait_for_uv(self) -> socket.socket:
        return self.server.accept()[0]


@pytest.fixture
def silent_index(tmp_path: Path) -> Iterator[SilentIndex]:
    (tmp_path / "tmp").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        variables = {
            "UV_DEFAULT_INDEX": f"http://joe:secret@127.0.0.1:{server.getsockname()[1]}/t0ken/simple",
            "UV_CACHE_DIR": str(tmp_path / "uv"),
            "UV_HTTP_RETRIES": "0",
            "UV_HTTP_TIMEOUT": "600",
            "UV_INDEX": "",
            "UV_NO_CONFIG": "1",
            "NO_PROXY": "127.0.0.1",
            "TMPDIR": str(tmp_path / "tmp"),
            CACHE_DIR_VARIABLE: str(tmp_path / "cache"),
        }
        yield SilentIndex(server, variables)


class TestKilledMakers:
    @pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
    def test_leave_nothing(self, silent_index: SilentIndex, signum: int, tmp_path: Path) -> None:
        maker = _start_maker("0.9.1", silent_index.variables)
        with silent_index.wait_for_uv():
            children = psutil.Process(maker.pid).children(recursive=True)
            assert _partial_folders(tmp_path)
            maker.send_signal(signum)
            maker.communicate(timeout=60)
        assert children
        assert maker.returncode != 0
        assert not _still_running(children)
        assert not _partial_folders(tmp_path)
        assert not list((tmp_path / "tmp").iterdir())

    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the children of a killed process")
    def test_are_swept_up_by_the_next_when_they_could_not_do_it(
        self, silent_index: SilentIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        maker = _start_maker("0.9.1", silent_index.variables)
        with silent_index.wait_for_uv():
            children = psutil.Process(maker.pid).children(recursive=True)
            maker.kill()
            maker.communicate(timeout=60)
            assert not _still_running(children)
        assert _partial_folders(tmp_path)
        silent_index.server.close()
        for name, value in silent_index.variables.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(CouldNotMeasure, match="check the network") as caught:
            resolve("0.9.1")
        assert not _partial_folders(tmp_path)
        assert not [part for part in ("joe", "secret", "127.0.0.1", "t0ken") if part in str(caught.value)]


def _start_maker(spec: str, variables: dict[str, str]) -> "subprocess.Popen[str]":
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", _MAKER, spec],
        env={**os.environ, "PYTHONPATH": str(root), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _resolve_here(spec: str) -> Answer:
    told: list[str] = []
    target = resolve(spec, progress=told.append)
    return Answer(str(target.python), target.cachekit, tuple(told))


def _partial_folders(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "cache" / "environments").glob(".partial-*"))


def _still_running(processes: list[psutil.Process]) -> list[psutil.Process]:
    return psutil.wait_procs(processes, timeout=30)[1]
