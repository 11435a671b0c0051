import re
from pathlib import Path

import pytest

from cachekit_memprobe import pages
from cachekit_memprobe.errors import EXIT_UNMEASURED, MemprobeError, exit_code_of

DOCS = Path(__file__).parents[2] / "docs" / "findings"


def test_titles_are_in_the_order_of_the_codes() -> None:
    titles = pages.titles()
    assert list(titles) == sorted(titles)
    assert titles["MEM001"] == "a line copies memory that the read already had"


def test_a_page_names_other_pages_by_their_code() -> None:
    assert "](MEM006.md)" in (DOCS / "MEM001.md").read_text(encoding="utf-8")
    page = pages.page_of("MEM001")
    assert page.startswith("# MEM001: ")
    assert "has MEM006 instead" in page
    assert not any(f"]({code}.md)" in page for code in pages.titles())


@pytest.mark.parametrize("code", ["README", "MEM999", "../findings/MEM001", ""])
def test_what_has_no_page(code: str) -> None:
    with pytest.raises(KeyError):
        pages.page_of(code)


def test_the_package_has_those_of_the_documentation() -> None:
    assert Path(pages.__file__).parent / "finding_pages" == pages.FOLDER
    packaged, documented = (
        {path.name: path.read_bytes() for path in folder.iterdir()} for folder in (pages.FOLDER, DOCS)
    )
    assert packaged == documented


def test_every_file_is_read_as_utf_8(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "MEM007.md").write_text("# MEM007: größer als der Wert\n\nText.\n", encoding="utf-8")
    monkeypatch.setattr(pages, "FOLDER", tmp_path)
    assert pages.titles() == {"MEM007": "größer als der Wert"}


def test_an_installation_without_pages_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "FOLDER", tmp_path)
    with pytest.raises(
        MemprobeError, match="no pages on findings; install cachekit-memprobe again"
    ) as caught:
        pages.titles()
    assert exit_code_of(caught.value) == EXIT_UNMEASURED


def test_every_code_has_a_remedy_in_plain_text() -> None:
    remedies = pages.remedies()
    assert [*remedies] == [*pages.titles()]
    for code, remedy in remedies.items():
        assert remedy, code
        assert not re.search(r"^#|\]\(|`|^- |\*\w", remedy, re.MULTILINE), code
