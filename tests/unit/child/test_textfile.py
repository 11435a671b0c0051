"""How a table is written as text, by its first lines."""

from pathlib import Path

import pytest

from cachekit_memprobe.child.textfile import Dialect, dialect_of

DIALECTS = {
    "commas": ("a,b\n1,2\n", ",", Dialect(",")),
    "tabs in a .csv": ("name\twert\nk1\t1.5\nk2\t2.5\n", ",", Dialect("\t")),
    "semicolons with decimal commas": ("a;b\nx;1,5\ny;-2,5\n", ",", Dialect(";", ",")),
    "semicolons with points": ("a;b\n1;2.5\n1,5;2.5\n", ",", Dialect(";")),
    "bars": ("a|b|c\n1|2|3\n", ",", Dialect("|")),
    "commas in a .tsv": ("a,b\n1,2\n", "\t", Dialect(",")),
    "one column": ("a\n1\n2\n", ",", Dialect(",")),
    "one column in a .tsv": ("a\n1\n2\n", "\t", Dialect("\t")),
    "quoted": ('a,b\n"x;y\tz",2\n"x, y",3\n', ",", Dialect(",")),
    "commas in text": ("last\tnote\nx\tone, two\ny\tthree\n", ",", Dialect("\t")),
    "lines of different lengths": ("a,b\n1,2\n1,2,3\n", ",", Dialect(",")),
    "a byte order mark": ("\ufeffa;b\n1;2\n", ",", Dialect(";")),
    "nothing": ("", ",", Dialect(",")),
}


@pytest.mark.parametrize("name", DIALECTS)
def test_the_first_lines_show_what_separates_columns(tmp_path: Path, name: str) -> None:
    text, usual, dialect = DIALECTS[name]
    (tmp_path / "a").write_text(text, encoding="utf-8")
    assert dialect_of(tmp_path / "a", usual) == dialect


def test_a_line_that_the_sample_cuts_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a,b\n" + "1,2\n" * 40_000, encoding="utf-8")
    assert dialect_of(tmp_path / "a", ",") == Dialect(",")
