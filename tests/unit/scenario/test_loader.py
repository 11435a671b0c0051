import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from cachekit_memprobe.child.task import Caching, Read, Value
from cachekit_memprobe.errors import EXIT_USAGE, ScenarioError, exit_code_of
from cachekit_memprobe.model import Limit, Scenario
from cachekit_memprobe.scenario import load_scenario
from cachekit_memprobe.scenario.document import LARGEST_FILE_BYTES

WriteFile = Callable[..., Path]

EVERY_KEY = """\
summary = " Orders, mapped "
releases = ">=0.10.0"
needs = []
[value]
kind = "dataframe"
size = "300MB"
seed = 7
columns = 12
[cache]
serializer = "arrow"
compression = "lz4"
backend = "file"
encryption = false
l1 = false
[read]
tier = "l2"
route = "map"
[budget]
peak.heap = "420MB"
rss.peak = { limit = "2.35x", level = "warn" }
"""


def error_of(path: Path) -> str:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    assert exit_code_of(caught.value) == EXIT_USAGE
    return str(caught.value)


def test_every_key_arrives_in_the_record(write: WriteFile) -> None:
    assert load_scenario(write(EVERY_KEY, "orders/nightly-2.toml")) == Scenario(
        name="nightly-2",
        summary="Orders, mapped",
        source="orders/nightly-2.toml",
        value=Value("dataframe", 300_000_000, 7, 12),
        caching=Caching("arrow", "lz4", "file", False, False),
        read=Read("l2", "map"),
        releases=">=0.10.0",
        needs=(),
        budget=(
            Limit("peak.heap", None, 420_000_000, "error"),
            Limit("rss.peak", 2.35, None, "warn"),
        ),
    )


def test_defaults(write: WriteFile, smallest: str) -> None:
    assert load_scenario(write(smallest)) == Scenario(
        name="my",
        summary="A read",
        source="my.toml",
        value=Value("dataframe", 64 * 1024 * 1024, 1, 8),
        caching=Caching("arrow", "none", "file", False, True),
        read=Read("l1", "memory"),
        releases="",
        needs=(),
        budget=(),
    )


def test_only_a_dataframe_has_columns(write: WriteFile, smallest: str) -> None:
    text = smallest.replace('"dataframe"', '"ndarray"').replace('"arrow"', '"auto"')
    assert load_scenario(write(text)).value == Value("ndarray", 64 * 1024 * 1024, 1, 0)


def test_a_default_serializer_keeps_the_compression_of_the_file(write: WriteFile, smallest: str) -> None:
    text = smallest.replace('"dataframe"', '"bytes"').replace('"arrow"', '"default"')
    assert load_scenario(write(text)).caching.compression == "none"


def test_windows_line_ends_and_a_byte_order_mark_are_read(write: WriteFile, smallest: str) -> None:
    path = write("")
    path.write_bytes(b"\xef\xbb\xbf" + smallest.replace("\n", "\r\n").encode())
    assert load_scenario(path).summary == "A read"


@pytest.mark.parametrize("name", ["a", "0", "a.b", "a_b-c.1", "x..y"])
def test_names_that_are_safe(write: WriteFile, smallest: str, name: str) -> None:
    assert load_scenario(write(smallest, f"{name}.toml")).name == name


@pytest.mark.parametrize(
    ("name", "found", "better"),
    [
        ("My Scenario", '"My Scenario"', "my-scenario"),
        ("-x", '"-x"', "x"),
        (".hidden", '".hidden"', "hidden"),
        ("_x", '"_x"', "x"),
        ("naïve", '"naïve"', "na-ve"),
        ("x\n", '"x\\n"', "x"),
        ("É", '"É"', "scenario"),
        ("\x1b[31m", '"\\u001b[31m"', "31m"),
    ],
)
def test_names_that_are_not(write: WriteFile, smallest: str, name: str, found: str, better: str) -> None:
    message = error_of(write(smallest, f"{name}.toml"))
    assert message.endswith(
        ': file name: expected lower-case letters, digits, ".", "_" and "-", the first a letter or a digit, '
        f"found {found}; rename the file, for example to {better}.toml"
    )
    assert message.isprintable()


def test_a_bad_name_is_reported_with_the_other_errors(write: WriteFile, smallest: str) -> None:
    lines = error_of(write(smallest.replace('"A read"', '""'), "X.toml")).split("\n")
    assert [line.split(": ")[:2] for line in lines] == [
        ["X.toml", "file name"],
        ["X.toml", "top-level summary"],
    ]


def test_a_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"
    assert error_of(path) == (
        f"{path}: expected a file that can be read, found: No such file or directory; "
        "check the path and its permissions (a bundled scenario is named without .toml)"
    )


def test_a_file_that_may_not_be_read(
    write: WriteFile, smallest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = write(smallest)
    monkeypatch.setattr(os, "open", refuse)
    assert error_of(path).startswith(
        "my.toml: expected a file that can be read, found: Permission denied; check the path and "
    )


def test_a_folder(tmp_path: Path) -> None:
    assert error_of(tmp_path) == (
        f"{tmp_path}: expected a TOML file, found a folder; name a file that is in it"
    )


def test_a_file_that_is_not_utf_8(write: WriteFile) -> None:
    path = write("")
    path.write_bytes(b'# fine\nsummary = "Auftr\xe4ge"\n')
    assert error_of(path) == (
        "my.toml: expected UTF-8, found the byte 0xe4 in line 2; save the file as UTF-8"
    )


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('summary = "x"\nvalue = = 1\n', "(at line 2, column 9)"),
        ("[value]\n[value]\n", "(at line 2, column 7)"),
        ("summary =", "(at end of document)"),
    ],
)
def test_a_syntax_error_names_the_line(write: WriteFile, text: str, where: str) -> None:
    message = error_of(write(text))
    assert message.startswith("my.toml: expected TOML, found: ")
    assert message.endswith(f"{where}; correct it there")


def test_an_integer_that_python_refuses_to_read_is_an_error_of_the_file(write: WriteFile) -> None:
    assert error_of(write(f"seed = {'9' * 5000}")) == (
        "my.toml: expected TOML, found an integer of thousands of digits; a scenario needs none"
    )


def test_a_file_of_just_the_largest_size_is_read(write: WriteFile, smallest: str) -> None:
    assert LARGEST_FILE_BYTES == 2**16
    padding = "#" * (LARGEST_FILE_BYTES - len(smallest))
    assert load_scenario(write(smallest + padding)).name == "my"


def test_a_larger_file_is_refused(write: WriteFile, smallest: str) -> None:
    padding = "#" * (LARGEST_FILE_BYTES - len(smallest) + 1)
    assert error_of(write(smallest + padding)) == (
        "my.toml: expected at most 64.0 KiB, found more; is this a scenario file?"
    )


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="needs a device without an end")
def test_what_is_no_file_is_refused_and_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.toml")
    Path("zero.toml").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.toml")
        found = {name: error_of(Path(f"{name}.toml")) for name in ("pipe", "zero", "socket")}
    assert found == {
        name: f"{name}.toml: expected a TOML file, found {what}; name a file"
        for name, what in (("pipe", "a pipe"), ("zero", "a device"), ("socket", "a socket"))
    }


@pytest.mark.parametrize(
    "name", ["a\0.toml", "~nosuchuser/a.toml", f"{'a' * 300}.toml", "a/" * 3000 + ".toml"]
)
def test_names_that_no_file_can_have(name: str) -> None:
    message = error_of(Path(name))
    assert "expected a file that can be read, found: " in message
    assert message.isprintable()


def test_a_path_that_is_not_text_is_escaped(tmp_path: Path) -> None:
    message = error_of(Path("caf\udce9/x.toml"))
    assert message.startswith(r"'caf\udce9/x.toml': expected a file that can be read")
