import pytest

from cachekit_memprobe.report.clean import clean, clean_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[10;5Hhome", "home"),
        ("\x1b]0;a title\x07text", "text"),
        ("\x1b]8;;http://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]0;a title that never ends", ""),
        ("\x1b(Bcharset", "charset"),
        ("\x9b31mred", "31mred"),
        ("bell\x07 back\x08space nul\x00", "bell backspace nul"),
        ("12%\r100%\r\ndone", "12%\n100%\ndone"),
        ("a\tb", "a   b"),
        ("right-to-left \u202eexe.txt", "right-to-left exe.txt"),
        ("undecodable \udcff", "undecodable ?"),
        ("[bold]kept[/bold] :smile: \\[", "[bold]kept[/bold] :smile: \\["),
        ("größe 大小", "größe 大小"),
    ],
)
def test_only_what_is_safe_on_a_terminal_is_left(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_one_line_has_no_breaks_and_no_blanks_around_it() -> None:
    assert clean_line("    a =\n\tb  \n") == "a = b"
