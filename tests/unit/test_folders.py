from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

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
        (
            'File "/srv/joe\'s env/lib/python3.11/site-packages/cachekit/x.py", line 3',
            'File "cachekit/x.py", line 3',
        ),
        ("connecting to unix:/srv/run/redis.sock: refused", "connecting to unix:redis.sock: refused"),
        ("from file:///srv/wheels/one.whl, file:/srv/two.whl", "from one.whl, two.whl"),
        ("~joe/data/orders.csv", "orders.csv"),
        ("X=/srv/a/b;/srv/c/d", "X=b;d"),
        ("home /home/joe, of /Users/jane", "home …, of …"),
        (r"C:\Users\joe\orders.csv", "orders.csv"),
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


HARD = "/srv/marker folder x'y"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (HARD, "…"),
        (f"no room in {HARD}/runs: full", "no room in …: full"),
        (f"plain {HARD}/runs/one/measured.frame and more", "plain measured.frame and more"),
        (f"{HARD}/runs/one:{HARD}/elsewhere/x.py", "x.py"),
        (f'File "{HARD}/runs/lib/python3.11/site-packages/cachekit/x.py"', 'File "cachekit/x.py"'),
        (f"No such file: {HARD + '/a b.csv'!r}", 'No such file: "a b.csv"'),
        (f"file://{quote(HARD)}/runs/a.whl", "a.whl"),
        (f"{{'path': {HARD!r}}}", "{'path': \"…\"}"),
    ],
)
def test_a_folder_that_is_known_may_be_called_anything(said: str, kept: str) -> None:
    assert without_folders(said, [f"{HARD}/runs"]) == kept


@pytest.mark.parametrize("name", ["HOME", "TMPDIR", "XDG_STATE_HOME"])
def test_those_of_this_process_are_known(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, HARD)
    assert without_folders(f"in {HARD}") == "in …"


def homeless(_name: str) -> Path:
    raise RuntimeError("could not determine the home directory")


@pytest.mark.parametrize("find", [homeless, Path, lambda name: Path("~") / name])
def test_without_a_home_nothing_is_kept_in_the_working_directory(find: Callable[[str], Path]) -> None:
    with pytest.raises(UsageError, match=r"no home folder is known: set HOME, or XDG_STATE_HOME, .*--out"):
        own_folder(find, "XDG_STATE_HOME", "name the run folder with --out")
