"""The pages that explain findings, one a code: they come with the package."""

import re
from pathlib import Path

from cachekit_memprobe.errors import MemprobeError

FOLDER = Path(__file__).resolve().parent / "finding_pages"
"""In a checkout a link to ``docs/findings/``, which has a README besides: it is no page."""

_REMEDY = "\n## What a fix looks like\n"
_MARK = re.compile(r"`|\*(?=\w)|(?<=[\w:.,])\*(?!\*)|(?<=\n)- |^- ")
_AWAY = re.compile(r"\[([^\]]+)\]\(https?:[^)]+\)")
_BREAK = re.compile(r"(?<!\n)\n(?!\n)")
_CODE = re.compile(r"[A-Z]+\d+")
_LINK = re.compile(r"\[([A-Z]+\d+)\]\(\1\.md\)")


def titles() -> dict[str, str]:
    """Each code that has a page, and what it stands for, in the order of the codes.

    Raises:
        MemprobeError: the installation has no pages.
    """
    return {code: _title(path) for code, path in _files().items()}


def page_of(code: str) -> str:
    """The page of a code, in Markdown, other pages by their code alone: it is read where no link leads.

    Raises:
        KeyError: the code has no page.
        MemprobeError: the installation has no pages.
    """
    return _LINK.sub(r"\1", _files()[code].read_text(encoding="utf-8"))


def remedies() -> dict[str, str]:
    """What a fix looks like, by code: plain text, its paragraphs separated by blank lines.

    Raises:
        MemprobeError: the installation has no pages.
    """
    return {code: _plain(page_of(code)) for code in _files()}


def _plain(page: str) -> str:
    """The page's section on a fix without Markdown's marks and line breaks."""
    section = page.partition(_REMEDY)[2].partition("\n## ")[0].strip()
    return _BREAK.sub(" ", _MARK.sub("", _AWAY.sub(r"\1", section)))


def _title(path: Path) -> str:
    """Of ``# MEM001: a verbatim copy``, what stands after the code."""
    with path.open(encoding="utf-8") as lines:
        return lines.readline().partition(":")[2].strip()


def _files() -> dict[str, Path]:
    files = {path.stem: path for path in FOLDER.glob("*.md") if _CODE.fullmatch(path.stem)}
    if not files:
        raise MemprobeError("this installation has no pages on findings; install cachekit-memprobe again")
    return dict(sorted(files.items()))
