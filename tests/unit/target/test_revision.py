"""A commit of a repository: named by a URL, fetched without running anything of it, known by its hash."""

import shutil
from pathlib import Path

import pytest

from cachekit_memprobe.errors import CouldNotMeasure, UsageError
from cachekit_memprobe.target import git, resolve
from cachekit_memprobe.target.revision import Asked, Revision, asked, fetched
from tests.unit.target.repositories import WRAPPER, History


@pytest.fixture
def history(tmp_path: Path) -> History:
    history = History.begun(tmp_path / "cachekit-py")
    history.commit("more", {WRAPPER: "y = 2\n"})
    return history


def get(history: History, revision: str, cache: Path) -> Revision:
    return fetched(Asked(history.folder.as_uri(), revision), cache, lambda _: None)


class TestASpec:
    @pytest.mark.parametrize(
        ("spec", "url", "revision"),
        [
            (
                "git+https://example.org/o/cachekit-py.git@v0.9.1",
                "https://example.org/o/cachekit-py.git",
                "v0.9.1",
            ),
            ("git+ssh://git@example.org/cachekit@fix/a", "ssh://git@example.org/cachekit", "fix/a"),
            ("git+file:///srv/cachekit", "file:///srv/cachekit", ""),
        ],
    )
    def test_is_a_url_and_a_revision(self, spec: str, url: str, revision: str) -> None:
        assert asked(spec) == Asked(url, revision)

    @pytest.mark.parametrize(
        ("spec", "said"),
        [
            ("git+https://joe:secret@example.org/cachekit@main", "there are credentials in this URL"),
            ("git+https://secret@example.org/cachekit", "there are credentials in this URL"),
            ("git+ssh://git:secret@example.org/cachekit", "there are credentials in this URL"),
            ("git+http://example.org/cachekit", "is no URL of a repository; write it git"),
            ("git+ext::sh -c secret", "is no URL of a repository"),
            ("git+https://example.org/cachekit#egg=secret", "is no URL of a repository"),
            ("git+https://example.org/cachekit@", "names no revision after the @"),
            ("git+https://example.org/cachekit@--upload-pack=secret", "names no revision"),
            ("git+https://[example.org/cachekit", "is no URL of a repository"),
        ],
    )
    def test_of_another_form_is_refused_and_not_repeated(self, spec: str, said: str) -> None:
        with pytest.raises(UsageError, match=said) as caught:
            resolve(spec)
        assert "secret" not in str(caught.value).partition(";")[0] or "ext::" in spec or "--upload" in spec
        assert "example.org" not in str(caught.value)


class TestFetching:
    @pytest.mark.parametrize("revision", ["main", "HEAD", "", "v0.10.0", "0.10.0", "HEAD~1", "main~1"])
    def test_finds_what_is_named(self, history: History, tmp_path: Path, revision: str) -> None:
        wanted = {"0.10.0": "v0.10.0", "": "HEAD"}.get(revision, revision)
        found = get(history, revision, tmp_path / "cache")
        assert found.commit == history.git("rev-parse", wanted)
        assert found.spec == f"cachekit-py@{found.commit[:12]}"
        assert str(tmp_path) not in f"{found} {found.spec} {found.state}"

    def test_follows_a_branch_that_has_moved(self, history: History, tmp_path: Path) -> None:
        get(history, "main", tmp_path / "cache")
        commit = history.commit("later", {WRAPPER: "y = 3\n"})
        assert get(history, "main", tmp_path / "cache").commit == commit

    def test_needs_no_network_for_a_hash_that_is_there(self, history: History, tmp_path: Path) -> None:
        commit = get(history, "main", tmp_path / "cache").commit
        shutil.rmtree(history.folder)
        assert get(history, commit, tmp_path / "cache").commit == commit
        assert get(history, commit[:10], tmp_path / "cache").commit == commit
        with pytest.raises(CouldNotMeasure, match=r"(?s)can't be fetched; git said.*named by its hash"):
            get(history, "main", tmp_path / "cache")

    def test_of_what_is_not_there_is_refused(self, history: History, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match=r"has no revision 'v0\.10\.1'; did you mean v0\.10\.0\?"):
            get(history, "v0.10.1", tmp_path / "cache")
        with pytest.raises(UsageError, match="name a branch, a tag or the hash of a commit"):
            get(history, "0" * 40, tmp_path / "cache")

    def test_without_git_says_what_to_do(
        self, history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(CouldNotMeasure, match=r"git is not found.*Install it"):
            get(history, "main", tmp_path / "cache")

    def test_runs_no_hook(self, history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Neither one of the user's templates, nor one that somebody has put into the clone."""
        ran, templates = tmp_path / "ran", tmp_path / "templates"
        for name in ("post-checkout", "reference-transaction", "post-index-change", "pre-auto-gc"):
            hook = templates / "hooks" / name
            hook.parent.mkdir(parents=True, exist_ok=True)
            hook.write_text(f"#!/bin/sh\ntouch {ran}\n")
            hook.chmod(0o755)
        (tmp_path / ".gitconfig").write_text(f"[init]\n\ttemplateDir = {templates}\n")
        monkeypatch.setenv("HOME", str(tmp_path))
        found = get(history, "main", tmp_path / "cache")
        shutil.copytree(templates / "hooks", found.repository.folder / "hooks", dirs_exist_ok=True)
        history.commit("later", {})
        with get(history, "main", tmp_path / "cache").tree() as tree:
            assert (tree / WRAPPER).read_text() == "y = 2\n"
        assert not ran.exists()

    def test_asks_nobody_for_a_password(self) -> None:
        environment = git._environment()
        assert environment["GIT_TERMINAL_PROMPT"] == "0"
        assert "BatchMode=yes" in environment["GIT_SSH_COMMAND"]
        assert "ext" not in environment["GIT_ALLOW_PROTOCOL"].split(":")


def test_the_files_of_a_commit_are_its_own(history: History, tmp_path: Path) -> None:
    (history.folder / WRAPPER).write_text("changed meanwhile\n")
    with get(history, "v0.10.0", tmp_path / "cache").tree() as tree:
        assert (tree / WRAPPER).read_text() == "y = 1\n"
        assert (tree / "pyproject.toml").is_file()
    assert not tree.exists()
    assert (history.folder / WRAPPER).read_text() == "changed meanwhile\n"
