"""``bisect`` refuses what can't be searched before anything is measured."""

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Invoke
from tests.unit.target.repositories import WRAPPER, History


@pytest.fixture
def history(tmp_path: Path) -> History:
    history = History.begun(tmp_path / "cachekit-py")
    history.commit("more", {WRAPPER: "y = 2\n"})
    history.git("checkout", "-q", "-b", "aside", "v0.10.0")
    history.commit("aside", {WRAPPER: "y = 3\n"})
    return history


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("arrow-l1-hit --good 0.10.0 --bad mian --metric peak.heap", "no such revision; did you mean main?"),
        ("arrow-l1-hit --good 0.10.0 --bad v0.10.0 --metric peak.heap", "are the same commit"),
        ("arrow-l1-hit --good aside --bad main --metric peak.heap", "are on two branches"),
        ("arrow-l1-hit --good 0.10.0 --bad=--all --metric peak.heap", "the repository has no such revision"),
        ("arrow-l1-hit --good 0.10.0 --bad main --metric peak.hepa", "did you mean peak.heap"),
        ("arrow-l1-hit --good 0.10.0 --bad main --metric peak.heap --limit much", "is not a limit"),
        ("arrow-* --good 0.10.0 --bad main --metric peak.heap", "bisect looks at one at one size"),
        ("arrow-l1-hit --good 0.10.0 --bad main --metric verbatim.unwrap --quick", "leave out --quick"),
    ],
)
def test_what_cant_be_searched(invoke: Invoke, history: History, options: str, said: str) -> None:
    result = invoke("bisect", *options.split(), "--repo", str(history.folder))
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("repo", "said"),
    [
        (".", "is no repository of git's; give cachekit's with --repo"),
        ("nowhere", "there is no such folder"),
        ("git+https://joe:secret@example.org/x", "--repo <url>: there are credentials in this URL"),
        ("https://example.org/x@main", "--repo takes no revision"),
        ("ftp://example.org/x", "is no URL of a repository"),
    ],
)
def test_what_is_no_repository(invoke: Invoke, repo: str, said: str) -> None:
    result = invoke(
        "bisect", "arrow-l1-hit", "--good", "a", "--bad", "b", "--metric", "peak.heap", "--repo", repo
    )
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in " ".join(result.stderr.split())
    assert "secret" not in result.stderr
