from collections.abc import Callable
from pathlib import Path

import pytest

from cachekit_memprobe.scenario import load_scenario

WriteFile = Callable[..., Path]
ErrorsOf = Callable[[str], list[str]]

OWN_DATA = """\
summary = "Prices"
[value]
kind = "file"
file = "data/prices.csv"
[cache]
serializer = "arrow"
l1 = true
[read]
tier = "l1"
route = "memory"
"""


def test_a_file_is_found_from_the_folder_of_the_scenario(
    write: WriteFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a\n1\n", "here/data/prices.csv")
    path = write(OWN_DATA, "here/mine.toml")
    value = load_scenario(path).value
    assert (value.kind, value.file) == ("file", str(tmp_path / "here/data/prices.csv"))
    assert (value.logical_bytes, value.columns) == (4, 0)
    monkeypatch.chdir("here")
    assert load_scenario(Path("mine.toml")).value == value


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        (
            "prices.csv",
            "prices.xyz",
            "[value] file: expected a file that can be read, found prices.xyz: No such file or directory; "
            "check the path and its permissions",
        ),
        (
            'file = "data/prices.csv"\n',
            "",
            '[value] file: expected the path of a data file because [value] kind is "file", found nothing; '
            'write file = "prices.parquet"',
        ),
        (
            'file = "data/prices.csv"',
            "file = 1",
            '[value] file: expected the path of a data file, found 1; write file = "prices.parquet"',
        ),
        (
            "[cache]",
            'size = "1MB"\n[cache]',
            '[value] size: expected nothing because [value] kind is "file", found "1MB"; '
            "remove size: the data has its own",
        ),
        (
            "[cache]",
            "columns = 3\n[cache]",
            '[value] columns: expected nothing because [value] kind is "file", found 3; '
            "remove columns, or change [value] kind",
        ),
        (
            '"arrow"',
            '"orjson"',
            '[cache] serializer: expected one of "arrow", "auto" because prices.csv holds a DataFrame, '
            'found "orjson"; write serializer = "arrow", or name another file',
        ),
        (
            'kind = "file"',
            'kind = "dataframe"',
            '[value] file: expected nothing because [value] kind is "dataframe", found "data/prices.csv"; '
            "remove file, or change [value] kind",
        ),
    ],
)
def test_an_error_names_the_table_the_key_and_the_remedy(
    write: WriteFile, errors_of: ErrorsOf, old: str, new: str, error: str
) -> None:
    write("a\n1\n", "data/prices.csv")
    assert old in OWN_DATA
    assert errors_of(OWN_DATA.replace(old, new)) == [f"my.toml: {error}"]
