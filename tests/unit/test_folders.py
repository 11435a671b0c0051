from collections.abc import Callable
from pathlib import Path

import pytest

from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.folders import own_folder, without_folders


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (
            'File "/srv/env/lib/python3.11/site-packages/cachekit/x.py", line 3, in f',
            'File "cachekit/x.py", line 3, in f',
        ),
        (
            'File "/home/joe/my work/cachekit_memprobe/child/errand.py"',
            'File "cachekit_memprobe/child/errand.py"',
        ),
        ("File '/usr/lib/python3.12/json/decoder.py'", "File 'json/decoder.py'"),
        ("no room: /tmp/cachekit-memprobe-ab12/replays/one/cache/f.tmp: full", "no room: f.tmp: full"),
        (
            "[Errno 28] No space left on device: '/tmp/x/measured.frame'",
            "[Errno 28] No space left on device: 'measured.frame'",
        ),
        ("read ~/data/orders.csv (twice)", "read orders.csv (twice)"),
        ("/srv/data/a.csv and (/srv/data/b.csv)", "a.csv and (b.csv)"),
        ("in /srv/data/folder/", "in folder"),
    ],
)
def test_a_path_is_cut_down_to_what_says_something(said: str, kept: str) -> None:
    assert without_folders(said) == kept


@pytest.mark.parametrize(
    "said",
    [
        "see https://example.org/a/b/c.html",
        "/proc/self/clear_refs can't be written",
        "1/1000 of the payload, and/or text/plain",
        "cachekit/serializers/wrapper.py:126",
        "redis://:<password>@host:6379/0",
        "write it like ./checkout/cachekit",
    ],
)
def test_anything_else_is_left_alone(said: str) -> None:
    assert without_folders(said) == said


def homeless(_name: str) -> Path:
    raise RuntimeError("could not determine the home directory")


@pytest.mark.parametrize("find", [homeless, Path, lambda name: Path("~") / name])
def test_without_a_home_nothing_is_kept_in_the_working_directory(find: Callable[[str], Path]) -> None:
    with pytest.raises(UsageError, match=r"no home folder is known: set HOME, or XDG_STATE_HOME, .*--out"):
        own_folder(find, "XDG_STATE_HOME", "name the run folder with --out")
