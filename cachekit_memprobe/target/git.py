"""git, asked so that nothing of a repository's own runs: no hook, no monitor, no prompt."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cachekit_memprobe import processes
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.target.excerpt import tail, without_hosts

LOOK_TIMEOUT_S = 60.0
FETCH_TIMEOUT_S = 900.0

_PROTOCOLS = "https:ssh:file"
_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "submodule.recurse=false",
    # It is only read, whoever owns it.
    "safe.directory=*",
)
_KEPT = (
    "HOME",
    "USER",
    "XDG_CONFIG_HOME",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_SSH_COMMAND",
    "GIT_SSL_CAINFO",
    "SSH_AUTH_SOCK",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
)
"""How the user gets to a repository: settings, keys, a proxy. They are handed on, and noted nowhere."""

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_TAIL_LINES = 6


class Refused(CouldNotMeasure):
    """git ended with a failure; the message is what it said, without hosts."""


@dataclass(frozen=True)
class Repository:
    """A repository, or a folder of its work tree.

    Attributes:
        folder: in which git is called.
    """

    folder: Path

    def ask(
        self,
        *arguments: str,
        timeout_s: float = LOOK_TIMEOUT_S,
        variables: Mapping[str, str] | None = None,
    ) -> str:
        """What git prints.

        Raises:
            Refused: it fails.
            CouldNotMeasure: there is no git, or it takes too long.
        """
        settings = [part for setting in _SETTINGS for part in ("-c", setting)]
        command = (str(find_git()), *settings, "-C", str(self.folder), *arguments)
        try:
            ended = processes.run(
                command, env=_environment() | dict(variables or {}), cwd=Path("/"), timeout_s=timeout_s
            )
        except subprocess.TimeoutExpired:
            raise CouldNotMeasure(f"git {arguments[0]} took longer than {timeout_s:.0f} s") from None
        if ended.status != 0:
            said = tail(without_hosts(ended.stderr), _TAIL_LINES)
            raise Refused(said or f"  git {arguments[0]} ended with status {ended.status}")
        return ended.stdout

    def answer(self, *arguments: str) -> str | None:
        """What git prints, without the last line break; ``None`` if it fails or there is no git."""
        try:
            return self.ask(*arguments).rstrip("\n")
        except CouldNotMeasure:
            return None

    def commit_of(self, revision: str) -> str | None:
        """The whole hash of the commit that a revision names here; a release's is that of its tag."""
        if not revision or revision.startswith("-"):
            return None
        for name in (revision, f"refs/tags/v{revision}"):
            found = self.answer("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
            if found and _COMMIT.fullmatch(found):
                return found
        return None

    def names(self) -> list[str]:
        """Of its branches and tags."""
        listed = self.answer("for-each-ref", "--format=%(refname)", "refs/heads", "refs/tags") or ""
        return [name.split("/", 2)[2] for name in listed.splitlines()]


def find_git() -> Path:
    """The git on PATH.

    Raises:
        CouldNotMeasure: there is none.
    """
    if found := shutil.which("git"):
        return Path(found)
    raise CouldNotMeasure(
        "git is not found, and revisions of a repository are read with it. Install it, or measure a release "
        "with --cachekit, such as --cachekit latest"
    )


def _environment() -> dict[str, str]:
    kept = processes.scrubbed(*_KEPT, *processes.TEMPORARY)
    kept.setdefault("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")
    return kept | {
        "GIT_ALLOW_PROTOCOL": _PROTOCOLS,
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": os.devnull,
        "LC_ALL": "C",
    }
