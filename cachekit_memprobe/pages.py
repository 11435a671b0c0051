"""The pages that explain findings, one a code: they come with the package."""

import re
from pathlib import Path

from cachekit_memprobe.errors import MemprobeError

_PACKAGE = Path(__file__).resolve().parent
FOLDERS = (_PACKAGE / "finding_pages", _PACKAGE.parent / "docs" / "findings")
"""Where they are: in an installed package, or in a checkout."""

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


def _title(path: Path) -> str:
    """Of ``# MEM001: a verbatim copy``, what stands after the code."""
    with path.open(encoding="utf-8") as lines:
        return lines.readline().partition(":")[2].strip()


def _files() -> dict[str, Path]:
    for folder in FOLDERS:
        files = {path.stem: path for path in folder.glob("*.md") if _CODE.fullmatch(path.stem)}
        if files:
            return dict(sorted(files.items()))
    raise MemprobeError("this installation has no pages on findings; install cachekit-memprobe again")
