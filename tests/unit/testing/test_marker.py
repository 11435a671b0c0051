"""The marker: what it takes, and an error of its test for whatever else it is given."""

from pathlib import Path

from tests.sessions import Project

WRONG = {
    'memprobe({"rss.peak": "1x"})': 'takes names: write memprobe(budget={"rss.peak": "1.4x"})',
    'memprobe(bugdet={"rss.peak": "1x"})': "the marker memprobe has no argument bugdet; did you mean budget?",
    'memprobe(budget={"rss.pek": "1x"})': 'expected a metric, found "rss.pek"; did you mean rss.peak',
    'memprobe(budget={"rss.peak": 1.4})': 'expected a limit such as "1.3x" or "100MiB", found 1.4',
    'memprobe(budget={"rss.peak": "lots"})': 'expected a limit such as "1.3x" or "100MiB", found "lots"',
    'memprobe(budget="1x")': 'a budget is a dict of metrics and limits, such as {"rss.peak": "1.4x"}',
    'memprobe(instruments="rs")': "the marker memprobe: 'rs' is not an instrument; did you mean rss?",
}


def test_a_marker_that_cant_be_used_is_an_error_of_its_test(tmp_path: Path) -> None:
    project = Project(tmp_path)
    tests = [
        f"@pytest.mark.{marker}\ndef test_{number}(memprobe): pass\n" for number, marker in enumerate(WRONG)
    ]
    project.write("test_wrong.py", "import pytest\n\n" + "\n\n".join(tests))
    session = project.run("--strict-markers")
    for number, said in enumerate(WRONG.values()):
        assert session.outcomes[f"test_{number}"] == "error"
        assert said in session.said_of(f"test_{number}")
        assert "Traceback" not in session.said_of(f"test_{number}")
        assert "During handling" not in session.said_of(f"test_{number}")


def test_of_several_markers_the_closest_sets_a_limit(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write(
        "test_it.py",
        """
        import pytest

        pytestmark = pytest.mark.memprobe(budget={"rss.peak": "9x", "peak.heap": "8x"}, instruments="all")

        @pytest.mark.memprobe(budget={"rss.peak": "1.4x", "copies.total": {"limit": "9MiB", "level": "warn"}})
        class TestIt:
            @pytest.mark.memprobe(instruments="rss")
            def test_it(self, memprobe):
                asked = memprobe._asked
                assert {limit.metric: limit.payloads for limit in asked.limits} == {
                    "rss.peak": 1.4,
                    "copies.total": None,
                    "peak.heap": 8.0,
                }
                assert {limit.level for limit in asked.limits} == {"error", "warn"}
                assert {limit.origin.file for limit in asked.limits} == {"test_it.py"}
                assert {limit.origin.line for limit in asked.limits} == {8}
                assert asked.instruments == ("rss",)
                pytest.skip("all is as it should be")
        """,
    )
    session = project.run()
    assert session.outcomes == {"test_it": "skipped"}, session.output


def test_a_budget_that_is_held_against_nothing_fails(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write(
        "test_it.py",
        """
        import pytest

        @pytest.mark.memprobe(budget={"rss.peak": "1x"})
        def test_without_the_fixture():
            pass

        @pytest.mark.memprobe(budget={"rss.peak": "1x"})
        def test_without_a_read(memprobe):
            pass

        @pytest.mark.memprobe(budget={"rss.peak": "1x"})
        def test_skipped(memprobe):
            pytest.skip("of its own accord")

        def test_no_marker(memprobe):
            pass

        def test_misspelt(memprobe):
            memprobe.scenario("arow-l1-hit")

        def test_several(memprobe):
            memprobe.scenario("redis-*")

        def test_too_small(memprobe):
            memprobe.scenario("arrow-l1-hit", size="2MB")
        """,
    )
    session = project.run()
    assert session.outcomes == {
        "test_without_the_fixture": "failure",
        "test_without_a_read": "failure",
        "test_skipped": "skipped",
        "test_no_marker": "passed",
        "test_misspelt": "failure",
        "test_several": "failure",
        "test_too_small": "failure",
    }
    assert "take the fixture memprobe as an argument" in session.said_of("test_without_the_fixture")
    assert "and the test measured nothing" in session.said_of("test_without_a_read")
    assert "did you mean arrow-l1-hit" in session.said_of("test_misspelt")
    assert "'redis-*' stands for 4 scenarios; name one" in session.said_of("test_several")
    assert "the limits of arrow-l1-hit hold from 8.0 MB on" in session.said_of("test_too_small")
    assert "selection.py" not in session.output


def test_without_the_plugin_and_without_the_marker_pytest_is_as_it_was(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write("test_it.py", "def test_it(): pass\n")
    project.write(
        "conftest.py",
        """
        import sys

        def pytest_sessionfinish():
            ours = sorted(name for name in sys.modules if name.startswith("cachekit_memprobe"))
            heavy = {"numpy", "pandas", "pyarrow", "pydantic", "rich", "click", "cachekit"} & set(sys.modules)
            print(f"\\nimported: {ours + sorted(heavy)}")
        """,
    )
    session = project.run("-s")
    assert "imported: ['cachekit_memprobe', 'cachekit_memprobe.pytest_plugin']" in session.output
    assert session.outcomes == {"test_it": "passed"}
    assert project.run("-p", "no:cachekit_memprobe.pytest_plugin").outcomes == {"test_it": "passed"}
