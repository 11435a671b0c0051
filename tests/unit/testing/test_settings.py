"""What a project and a command line say of how to measure, and what is said of what they can't."""

from pathlib import Path

import pytest

from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.metrics import INSTRUMENTS
from cachekit_memprobe.testing.settings import parse_instruments, settings_in
from tests.sessions import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.write(
        "conftest.py",
        """
        import pytest

        @pytest.fixture
        def settings(memprobe):
            return memprobe._settings
        """,
    )
    return made


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("memray, rss", ("rss", "memray")),
        (["aliasing"], ("aliasing",)),
        ("all", INSTRUMENTS),
    ],
)
def test_instruments_come_in_their_order(written: object, meant: tuple[str, ...]) -> None:
    assert parse_instruments(written) == meant


@pytest.mark.parametrize("written", ["", "rs", [], [1], 3, None, "rss,all"])
def test_what_is_no_instrument_is_refused_with_a_remedy(written: object) -> None:
    with pytest.raises(ValueError, match=r"write rss,memray or all|did you mean|the instruments are"):
        parse_instruments(written)


def test_a_flag_outweighs_an_ini_option_and_that_the_projects_table(project: Project) -> None:
    project.write(
        "pyproject.toml",
        """
        [tool.pytest.ini_options]
        memprobe_reads = "7"
        memprobe_cachekit = "0.10.0"

        [tool.cachekit-memprobe]
        anything = "of others"

        [tool.cachekit-memprobe.pytest]
        reads = 9
        jobs = 1
        instruments = ["rss"]
        html = "pages"
        """,
    )
    project.write(
        "test_it.py",
        """
        def test_it(settings, pytestconfig):
            assert settings.reads == 7
            assert settings.cachekit == "0.9.1"
            assert settings.jobs == 1
            assert settings.instruments == ("rss",)
            assert settings.html == pytestconfig.rootpath / "pages"
            assert settings.keep is False
        """,
    )
    assert project.run("--memprobe-cachekit", "0.9.1").outcomes == {"test_it": "passed"}


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("instrumets", "rss", "instrumets is not a setting; did you mean instruments?"),
        ("reads", 0, "reads: 0 is not a count; write a number from 1 to 10000"),
        ("jobs", 1.5, "jobs: 1.5 is not a count; write a number from 1 to 10000"),
        ("timeout", True, "timeout: true is not a number; write one, such as 5"),
        ("timeout", float("inf"), "timeout: inf is not a number; write one, such as 5"),
        ("keep", "perhaps", 'keep: "perhaps" is neither true nor false; write true or leave it out'),
        ("cachekit", "", 'cachekit: "" is not a text; write one in quotes'),
    ],
)
def test_a_key_that_cant_be_used_is_named_with_its_table(key: str, value: object, said: str) -> None:
    document = {"tool": {"cachekit-memprobe": {"budgets": {}, "pytest": {key: value}}}}
    with pytest.raises(UsageError) as error:
        settings_in(document)
    assert str(error.value) == f"pyproject.toml: [tool.cachekit-memprobe.pytest] {said}"


def test_a_project_without_the_table_sets_nothing() -> None:
    assert settings_in({}) == {}
    assert settings_in({"tool": {"cachekit-memprobe": {"budgets": {"rss.peak": "1x"}}}}) == {}
    with pytest.raises(UsageError, match="is not a table; write it as one"):
        settings_in({"tool": {"cachekit-memprobe": {"pytest": 1}}})


def test_a_wrong_key_is_an_error_of_the_tests_that_measure_and_of_no_other(project: Project) -> None:
    project.write("pyproject.toml", "[tool.cachekit-memprobe.pytest]\nrads = 1\n")
    project.write("test_it.py", "def test_it(memprobe): pass\ndef test_other(): pass\n")
    session = project.run()
    assert session.outcomes == {"test_it": "error", "test_other": "passed"}
    assert "rads is not a setting; did you mean reads?" in session.said_of("test_it")


def test_a_wrong_flag_ends_the_session_before_any_test(project: Project) -> None:
    session = project.run("--memprobe-instruments", "rss,meray")
    assert session.status == 4
    assert (
        "ERROR: --memprobe-instruments: 'meray' is not an instrument; did you mean memray?" in session.output
    )
