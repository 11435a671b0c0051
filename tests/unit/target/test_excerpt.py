import pytest

from cachekit_memprobe.target.excerpt import tail, without_hosts


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "Failed to fetch: `https://joe:secret@index.example.org:8443/t0ken/simple/cachekit/`",
            "Failed to fetch: `<url>`",
        ),
        (
            "sending request for url (http://index.example.org/simple/): no route to index.example.org:80",
            "sending request for url (<url>): no route to <host>",
        ),
        ("cachekit @ git+ssh://git@example.org/cachekit", "cachekit @ <url>"),
        ("at joe:secret@index.example.org/simple", "at <url>"),
        ("there is no version of cachekit==99.99.99", "there is no version of cachekit==99.99.99"),
        (
            "https://pandas.example.org/x: no wheel pandas-3.1.1-cp311.whl",
            "<url> no wheel pandas-3.1.1-cp311.whl",
        ),
    ],
)
def test_hides_where_an_index_is(text: str, shown: str) -> None:
    assert without_hosts(text) == shown


def test_keeps_the_last_lines_that_say_something() -> None:
    assert tail("one\n\ntwo\n   three\n\n", lines=2) == "  two\n     three"
    assert tail("\n \n") == ""


def test_writes_the_home_directory_as_a_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/joe")
    assert tail('File "/home/joe/app.py", line 3') == '  File "~/app.py", line 3'
