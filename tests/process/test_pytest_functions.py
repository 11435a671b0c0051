"""Sessions of pytest that measure the project's own functions: by name, and in forks of the session."""

import re
import shutil
import sys
from pathlib import Path

import pytest

from cachekit_memprobe import load
from tests.sessions import Project, Session

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform != "linux", reason="forks can only be handed over on Linux"),
]

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
READ_TESTS = {
    "test_file_backend_end_to_end_read_peak_rss_bounded",
    "test_file_backend_read_python_allocations_bounded",
    "test_file_backend_bytes_read_python_allocations_bounded",
    "test_load_path_python_allocations_bounded",
}

SHOP = """
from pathlib import Path
import numpy as np
from cachekit import cache
from cachekit.backends.file import FileBackend
from cachekit.backends.file.config import FileBackendConfig
from cachekit.config.nested import L1CacheConfig

OWN = Path(__file__).with_name("own")
own = FileBackend(FileBackendConfig(cache_dir=str(OWN), max_value_mb=99))

def values(mb):
    return np.random.default_rng(0).bytes(mb * 1_000_000)

@cache(backend=own, serializer="default", l1=L1CacheConfig(enabled=False))
def load(mb):
    return values(mb)
"""

TESTS = """
import threading
import numpy as np
import pytest
from cachekit import cache
from cachekit.config.nested import L1CacheConfig
from shop import OWN, load, own, values

ballast = np.ones(100_000_000 // 8)
threading.Thread(target=threading.Event().wait, daemon=True).start()


def test_named(memprobe):
    assert memprobe(load, 8, tier="l2").metrics["rss.peak"] < 9


@pytest.fixture
def closure():
    @cache(backend=own, serializer="default", l1=L1CacheConfig(enabled=False))
    def load(mb, tag):
        return values(mb)

    return load


def test_closure(memprobe, closure, capfd):
    closure(1, tag="before")
    before = sorted(OWN.iterdir())
    assert before
    read = memprobe(closure, 8, tag=("no", "JSON"), tier="l2")
    assert read.metrics["rss.peak"] < 9
    assert "in forks of the process that has the function" in read.result.notes[0]
    assert sorted(OWN.iterdir()) == before
    assert capfd.readouterr().out == ""


def test_not_decorated(memprobe):
    memprobe(values, 8)


@pytest.mark.memprobe(budget={"rss.peak": "0.5x"})
def test_over(memprobe):
    @cache.local(ttl=60)
    def load_anew():
        return values(8)

    load_anew()
    memprobe(load_anew).check()
    memprobe(load, 8)
"""


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    project = Project(tmp_path_factory.mktemp("project"))
    project.write("src/shop.py", SHOP)
    project.write("tests/test_shop.py", TESTS)
    project.write("pytest.ini", "[pytest]\npythonpath = src\nmemprobe_reads = 2\n")
    return project.run("-W", "error", "--memprobe-keep")


def test_a_function_is_measured_by_its_name_or_in_a_fork(session: Session) -> None:
    assert session.outcomes == {
        "test_named": "passed",
        "test_closure": "passed",
        "test_not_decorated": "failure",
        "test_over": "failure",
    }, session.output
    assert "shop:values is not decorated by cachekit" in session.said_of("test_not_decorated")


def test_a_fork_shows_what_a_process_of_its_own_does(session: Session) -> None:
    """The allocators of the session are what they please, and it has 100 MB and a thread."""
    named, forked = session.properties["test_named"], session.properties["test_closure"]
    for metric, margin in (("copies.total", 0.02), ("peak.heap", 0.02), ("rss.peak", 0.15)):
        one, other = (float(of[f"memprobe.load.{metric}"]) for of in (named, forked))
        assert one == pytest.approx(other, abs=margin), metric
        assert one > 2


def test_a_limit_holds_for_each_read_of_a_test_and_runs_can_be_kept(session: Session) -> None:
    said = session.said_of("test_over")
    (kept,) = re.findall(r"^cachekit-memprobe report (\S+)$", said, re.MULTILINE)
    assert load(kept).results[0].verdict == "fail"
    assert said.startswith("rss.peak ")
    assert "test_shop.py" in said
    assert float(session.properties["test_over"]["memprobe.load_anew.rss.peak"]) < 0.5


@pytest.mark.release
@pytest.mark.parametrize(("release", "failing"), [("0.9.1", READ_TESTS), ("latest", set[str]())])
def test_the_read_tests_of_cachekits_own_suite(tmp_path: Path, release: str, failing: set[str]) -> None:
    for name in ("large_objects.py", "pyproject.toml"):
        shutil.copy(EXAMPLES / name, tmp_path / name)
    tests = (EXAMPLES / "test_large_objects.py").read_text()
    assert "MIB = 50\n" in tests
    project = Project(tmp_path)
    project.write("test_large_objects.py", tests.replace("MIB = 50\n", "MIB = 8\n"))
    session = project.run("--memprobe-cachekit", release, "-o", "memprobe_reads=2")
    assert set(session.outcomes) == {*READ_TESTS, "test_wire_size"}, session.output
    assert {name for name, outcome in session.outcomes.items() if outcome == "failure"} == failing
    assert "COULD NOT" not in session.output
