"""The commits of a repository between which ``bisect`` looks; nothing is checked out."""

from pathlib import Path

from cachekit_memprobe.bisected import Commit, Search
from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.errors import CouldNotMeasure, UsageError
from cachekit_memprobe.guesses import closest, did_you_mean
from cachekit_memprobe.target.git import LOOK_TIMEOUT_S, Refused, Repository, find_git
from cachekit_memprobe.target.revision import Revision

_LOG_TIMEOUT_S = 4 * LOOK_TIMEOUT_S


def repository_around(folder: Path) -> Repository:
    """The repository that a folder is in.

    Raises:
        UsageError: there is none.
    """
    find_git()
    if not folder.is_dir():
        raise UsageError(f"--repo {printable(folder)}: there is no such folder")
    inside = Repository(folder.absolute())
    root = inside.answer("rev-parse", "--show-toplevel") or inside.answer("rev-parse", "--absolute-git-dir")
    if not root:
        raise UsageError(
            f"{printable(folder)} is no repository of git's; give cachekit's with --repo, a folder or a URL "
            "such as git+https://HOST/PATH"
        )
    return Repository(Path(root))


def ends_of(repository: Repository, good: str, bad: str) -> Search:
    """A search between two revisions, for what mended it if the bad one comes first.

    Raises:
        UsageError: one of them isn't there, or neither was made from the other.
    """
    fine, worse = (_end(repository, *each) for each in (("--good", good), ("--bad", bad)))
    if fine == worse:
        raise UsageError(f"--good {printable(good)} and --bad {printable(bad)} are the same commit")
    if _is_before(repository, fine, worse):
        return Search(new=worse, old=[fine], sought="bad")
    if _is_before(repository, worse, fine):
        return Search(new=fine, old=[worse], sought="good")
    raise UsageError(
        f"--good {printable(good)} and --bad {printable(bad)} are on two branches; name two of which one "
        "comes before the other"
    )


def _is_before(repository: Repository, earlier: str, later: str) -> bool:
    return repository.answer("merge-base", "--is-ancestor", earlier, later) is not None


def _end(repository: Repository, option: str, revision: str) -> str:
    if commit := repository.commit_of(revision):
        return commit
    near = closest(revision, repository.names())
    remedy = did_you_mean(near) if near else "name a branch, a tag, a release or the hash of a commit"
    raise UsageError(f"{option} {printable(revision)}: the repository has no such revision; {remedy}")


def between(repository: Repository, search: Search) -> list[str]:
    """The commits one of which did it, the best to measure next first.

    Raises:
        CouldNotMeasure: git can't tell.
    """
    without = [f"^{commit}" for commit in search.old]
    try:
        listed = repository.ask(
            "rev-list", "--bisect-all", search.new, *without, "--", timeout_s=_LOG_TIMEOUT_S
        )
    except Refused as error:
        raise CouldNotMeasure(f"git can't list the commits between; it said:\n{error}") from None
    return [line.split(" ", 1)[0] for line in listed.splitlines()]


def commit_named(repository: Repository, commit: str) -> Commit:
    """What is said of a commit."""
    shown = repository.answer("show", "--no-patch", "--format=%cs%x00%s", commit, "--") or "\0"
    date, _, subject = shown.partition("\0")
    return Commit(commit, date, subject)


def parent_of(repository: Repository, commit: str) -> str | None:
    """The commit before it, of a merge the first; ``None`` if it is the first of all."""
    return repository.commit_of(f"{commit}^")


def revision_of(repository: Repository, commit: str, name: str) -> Revision:
    """A commit as something to measure."""
    return Revision(repository, commit, name)
