"""Sessions of pytest that measure for real, as a project has them: with other plugins, and interrupted."""

import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.process.scenarios import write_scenario
from tests.sessions import Project, Session

pytestmark = pytest.mark.process

_REACHING_S = 60
_POLL_S = 0.05


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def pages(project: Project, session: Session) -> list[str]:
    return sorted(path.name for path in (project.folder / "pages").iterdir())


@pytest.fixture(scope="module")
def session(project: Project) -> Session:
    """One session with all that can become of a test, in two workers, under coverage, warnings as errors."""
    project.write(
        "test_reads.py",
        """
        import threading

        import numpy as np
        import pytest

        ballast = np.ones(100_000_000 // 8)
        threading.Thread(target=threading.Event().wait, daemon=True).start()


        @pytest.mark.memprobe(budget={"rss.peak": "1.4x", "verbatim.unwrap": "0.1x"})
        def test_within(memprobe):
            read = memprobe.scenario("arrow-l1-hit", size="8MiB")
            assert 0.9 < read.metrics["copies.total"] < 1.1
            assert 0.9 < read.metrics["rss.peak"] < 1.2
            assert read.result.verdict == "pass"


        @pytest.mark.memprobe(budget={"copies.materialize": "0.5x"})
        def test_over(memprobe):
            memprobe.scenario("arrow-l1-hit", size="8MiB")
            raise AssertionError("the limit is judged before this line is reached")


        @pytest.mark.memprobe(instruments="rss")
        @pytest.mark.xfail(reason="this is no excuse")
        def test_not_measured(memprobe):
            read = memprobe.scenario("arrow-l1-hit", size="8MiB")
            try:
                assert read.metrics["held.after"] < 1
            except BaseException:
                pytest.skip("nor is this")


        def test_does_not_apply(memprobe):
            memprobe.scenario("old.toml")


        @pytest.mark.memprobe(instruments="rss")
        def test_held_against_nothing(memprobe):
            memprobe.scenario("arrow-l1-hit", size="8MiB")
        """,
    )
    write_scenario(project.folder / "old.toml")
    with (project.folder / "old.toml").open("r+") as file:
        scenario = file.read()
        file.seek(0)
        file.write(f'releases = "<0.9"\n{scenario}')
    return project.run(
        *("-n", "2", "--cov=.", "-W", "error", "--memprobe-html=pages", "-o", "memprobe_reads=2"),
        plugins=True,
    )


def test_each_test_ends_as_its_reads_do(session: Session) -> None:
    assert session.outcomes == {
        "test_within": "passed",
        "test_over": "failure",
        "test_not_measured": "failure",
        "test_does_not_apply": "failure",
        "test_held_against_nothing": "failure",
    }, session.output
    assert "2 failed, 1 passed, 2 errors" in session.output


def test_a_failure_shows_the_stages_and_the_budget(project: Project, session: Session) -> None:
    said = session.said_of("test_over")
    first, _, place = said.splitlines()[1:4]  # after the worker's own line
    assert first == "copies.materialize 1.00x over 0.50x"
    file, number, source = place.split(":")
    lines = (project.folder / file).read_text().splitlines()
    assert (
        lines[int(number) - 1].strip() == source.strip() == 'memprobe.scenario("arrow-l1-hit", size="8MiB")'
    )
    assert lines[int(number) - 2].startswith("def test_over")
    assert re.search(r"^materialize +serializers/arrow_serializer\.py:\d+ +1\.00x", said, re.M)
    assert re.search(r"^copies\.materialize .* 0\.50x +1\.00x +\+0\.50x  OVER", said, re.M)
    assert max(map(len, said.splitlines())) <= 100


def test_what_was_not_measured_is_told_with_its_reason(session: Session) -> None:
    assert "held.after is measured by retention, and retention" in session.said_of("test_not_measured")
    assert "old does not apply to cachekit" in session.said_of("test_does_not_apply")
    assert "measured, and held against nothing" in session.said_of("test_held_against_nothing")


def test_figures_are_junits_properties_and_lines_of_the_summary(session: Session) -> None:
    properties = session.properties["test_within"]
    assert properties["memprobe.arrow-l1-hit.verdict"] == "pass"
    assert 0.9 < float(properties["memprobe.arrow-l1-hit.rss.peak"]) < 1.2
    assert float(properties["memprobe.arrow-l1-hit.verbatim.unwrap"]) == 0.0
    summary = session.output.partition("= memory of cache reads =")[2]
    assert "test_reads.py::test_within  arrow-l1-hit: PASS  copies 1.0" in summary
    assert "test_reads.py::test_over  arrow-l1-hit: FAIL  copies 1.0" in summary


def test_pages_are_kept_by_the_names_of_tests(pages: list[str]) -> None:
    assert [re.sub("-[0-9a-f]{8}", "", name) for name in pages] == [
        "test_reads.py-test_does_not_apply.html",
        "test_reads.py-test_held_against_nothing.html",
        "test_reads.py-test_not_measured.html",
        "test_reads.py-test_over.html",
        "test_reads.py-test_within.html",
    ]


BUNDLED = """
def test_it(memprobe):
    memprobe.scenario("arrow-l1-hit").check()
"""
FORKED = """
from cachekit import cache

def test_it(memprobe):
    @cache.local(ttl=60)
    def load():
        return bytes(300_000_000)

    memprobe(load).check()
"""


@pytest.mark.parametrize(
    ("test", "signum", "status"),
    [(BUNDLED, signal.SIGINT, 2), (FORKED, signal.SIGINT, 2), (BUNDLED, signal.SIGTERM, 143)],
    ids=["SIGINT", "SIGINT-forked", "SIGTERM"],
)
def test_an_interrupted_session_leaves_nothing_behind(
    tmp_path: Path, test: str, signum: int, status: int
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    project = Project(tmp_path)
    project.write("test_it.py", test)
    with project.start(TMPDIR=str(temporary)) as process:
        try:
            _wait_until(lambda: any(temporary.glob("cachekit-memprobe-*/replays/*/*/output.txt")), process)
            process.send_signal(signum)
            output, _ = process.communicate(timeout=_REACHING_S)
        finally:
            process.kill()
    assert process.returncode == status, output
    assert not list(temporary.iterdir())


def _wait_until(reached: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + _REACHING_S
    while not reached():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(_POLL_S)
