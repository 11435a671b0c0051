from pathlib import Path

import pytest

from cachekit_memprobe import pages
from cachekit_memprobe.errors import EXIT_UNMEASURED, MemprobeError

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


def test_an_installed_package_comes_before_a_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "MEM007.md").write_text("# MEM007: größer als der Wert\n\nText.\n", encoding="utf-8")
    monkeypatch.setattr(pages, "FOLDERS", (tmp_path, DOCS))
    assert pages.titles() == {"MEM007": "größer als der Wert"}
    monkeypatch.setattr(pages, "FOLDERS", (tmp_path / "none", DOCS))
    assert "MEM001" in pages.titles()


def test_where_they_are_looked_for() -> None:
    package = Path(pages.__file__).parent
    installed, checkout = pages.FOLDERS
    assert installed == package / "finding_pages"
    assert checkout == package.parent / "docs" / "findings"


def test_an_installation_without_pages_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "FOLDERS", (tmp_path,))
    with pytest.raises(
        MemprobeError, match="no pages on findings; install cachekit-memprobe again"
    ) as caught:
        pages.titles()
    assert caught.value.exit_code == EXIT_UNMEASURED
