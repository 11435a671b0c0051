"""``git+URL@REV``: a commit of a repository, which is fetched into the tool's cache."""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import filelock
from packaging.version import Version

from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.errors import CouldNotMeasure, UsageError
from cachekit_memprobe.guesses import closest, did_you_mean
from cachekit_memprobe.scratch import scratch_folder
from cachekit_memprobe.target.excerpt import without_hosts
from cachekit_memprobe.target.git import FETCH_TIMEOUT_S, Refused, Repository, find_git

PREFIX = "git+"
_SCHEMES = ("https", "ssh", "file")
_FORM = "git+https://HOST/PATH@REVISION, or git+ssh:// or git+file://"
_HASH = re.compile(r"[0-9a-f]{7,64}")
_SHOWN = 12
_HEAD = "refs/memprobe/HEAD"
_PARTIAL = "--filter=blob:none"
"""Files come when they are needed: of most commits none ever is."""


@dataclass(frozen=True)
class Asked:
    """What ``git+URL@REV`` says.

    Attributes:
        url: without credentials.
        revision: empty for that of the repository's default branch.
    """

    url: str
    revision: str

    @property
    def name(self) -> str:
        """Of the repository, for messages and reports: no host, and no folder."""
        return printable(unquote(self.url).rstrip("/").rpartition("/")[2].removesuffix(".git"))

    def __str__(self) -> str:
        return f"{self.name}@{printable(self.revision)}" if self.revision else self.name


@dataclass(frozen=True)
class Revision:
    """A commit.

    Attributes:
        repository: that has it, maybe without its files, which then are fetched.
        commit: its whole hash.
        name: of the repository.
        over: the release over whose wheel its Python files are laid; ``None`` if it is built.
    """

    repository: Repository
    commit: str
    name: str
    over: Version | None = None

    @property
    def fingerprint(self) -> str:
        return self.commit

    @property
    def spec(self) -> str:
        """What was asked for, without where it is."""
        return f"{self.name}@{self.commit[:_SHOWN]}"

    @property
    def state(self) -> str:
        """What sets it apart from a release, for reports."""
        return f"commit {self.commit[:_SHOWN]}, {made_of(self.over)}"

    def __str__(self) -> str:
        return f"commit {self.commit[:_SHOWN]} of {self.name}"

    @contextmanager
    def tree(self) -> Iterator[Path]:
        """Its files, in a folder that is gone afterwards.

        Raises:
            CouldNotMeasure: they can't be fetched.
        """
        with scratch_folder() as scratch:
            folder = scratch / self.name
            folder.mkdir()
            variables = {"GIT_INDEX_FILE": str(scratch / "index"), "GIT_WORK_TREE": str(folder)}
            git_folder = self.repository.ask("rev-parse", "--absolute-git-dir").rstrip("\n")
            try:
                Repository(Path(git_folder)).ask(
                    f"--git-dir={git_folder}",
                    *("read-tree", "--reset", "-u", self.commit),
                    variables=variables,
                    timeout_s=FETCH_TIMEOUT_S,
                )
            except Refused as error:
                raise CouldNotMeasure(f"the files of {self} can't be had; git said:\n{error}") from None
            yield folder


def made_of(over: Version | None) -> str:
    """How a cachekit was made that is no release, for reports."""
    return f"its Python files over release {over}" if over else "built"


def asked(spec: str, option: str = "--cachekit") -> Asked:
    """What a spec says, ``git+URL@REV``.

    Raises:
        UsageError: it can't be used; the message has no host and no credentials.
    """
    shown = printable(without_hosts(spec))
    try:
        parts = urlsplit(spec.removeprefix(PREFIX))
        secret = parts.password is not None or ("@" in parts.netloc and parts.scheme != "ssh")
    except ValueError:
        raise UsageError(f"{option} {shown} is no URL of a repository; write it {_FORM}") from None
    if secret:
        raise UsageError(
            f"{option} {shown}: there are credentials in this URL, which others can see; leave them to "
            "git's credential helper or to ssh, and write the URL without them"
        )
    if parts.scheme not in _SCHEMES or parts.query or parts.fragment or not parts.path.strip("/"):
        raise UsageError(f"{option} {shown} is no URL of a repository; write it {_FORM}")
    path, at, revision = parts.path.rpartition("@")
    if not at:
        path, revision = revision, ""
    if (at and not revision) or revision.startswith("-") or any(ord(sign) < 32 for sign in spec):
        raise UsageError(f"{option} {shown} names no revision after the @; write it {_FORM}")
    return Asked(parts._replace(path=path).geturl(), revision)


def fetched(wanted: Asked, cache: Path, progress: Callable[[str], None]) -> Revision:
    """The commit that is asked for, of a partial clone that is kept in the cache.

    A hash that was fetched before needs no network.

    Raises:
        UsageError: the repository has no such revision.
        CouldNotMeasure: it can't be fetched.
    """
    find_git()
    folder = cache / f"{hashlib.sha256(wanted.url.encode()).hexdigest()[:16]}.git"
    folder.mkdir(parents=True, exist_ok=True)
    repository = Repository(folder)
    with filelock.FileLock(folder.with_suffix(".lock")):
        commit = repository.commit_of(wanted.revision) if _HASH.fullmatch(wanted.revision) else None
        if commit is None:
            progress(f"fetching {wanted.name}")
            _fetch(repository, wanted)
            commit = _found(repository, wanted)
    return Revision(repository, commit, wanted.name)


def _fetch(repository: Repository, wanted: Asked) -> None:
    try:
        if not (repository.folder / "HEAD").is_file():
            repository.ask("init", "--quiet", "--bare", "--template=")
        if repository.answer("remote", "get-url", "origin") != wanted.url:
            repository.ask("remote", "add", "origin", wanted.url)
        everything = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*", f"+HEAD:{_HEAD}")
        _get(repository, "--prune", "origin", *everything)
        repository.ask("update-ref", "--no-deref", "HEAD", _HEAD)
    except Refused as error:
        raise CouldNotMeasure(
            f"{wanted.name} can't be fetched; git said:\n{error}\n"
            "Check the URL, that git can reach it without asking for a password, and the network. A "
            "commit that was fetched before can be measured without a network if it is named by its hash"
        ) from None


def _get(repository: Repository, *arguments: str) -> None:
    options = ("--quiet", _PARTIAL, "--no-auto-gc", "--no-recurse-submodules", "--no-write-fetch-head")
    repository.ask("fetch", *options, *arguments, timeout_s=FETCH_TIMEOUT_S)


def _found(repository: Repository, wanted: Asked) -> str:
    """Of a revision that no branch and no tag leads to, if its server gives it out by its name."""
    if commit := repository.commit_of(wanted.revision or _HEAD):
        return commit
    if _HASH.fullmatch(wanted.revision) or wanted.revision.startswith("refs/"):
        try:
            _get(repository, "origin", f"+{wanted.revision}:refs/memprobe/{_short(wanted.revision)}")
        except Refused:
            pass
        else:
            if commit := repository.commit_of(f"refs/memprobe/{_short(wanted.revision)}"):
                return commit
    raise UsageError(
        f"{wanted.name} has no revision {printable(wanted.revision)!r}; {_remedy(repository, wanted)}"
    )


def _short(revision: str) -> str:
    """A name for it that any file system has."""
    return hashlib.sha256(revision.encode()).hexdigest()[:_SHOWN]


def _remedy(repository: Repository, wanted: Asked) -> str:
    near = closest(wanted.revision, repository.names())
    return did_you_mean(near) if near else "name a branch, a tag or the hash of a commit"
