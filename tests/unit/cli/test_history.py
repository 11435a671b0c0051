"""``history``: what is refused before anything is measured, and what it ends with."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cachekit_memprobe.chronicle import Stop
from cachekit_memprobe.cli import main
from cachekit_memprobe.cli.history import _exit_code, _of_shard
from cachekit_memprobe.comparison import Allowance
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.history import Point
from cachekit_memprobe.model import Target
from tests.golden.histories import BROKEN, MENDED, NOTHING, SAME

LIMIT = (Allowance("peak.heap", None, 1 << 20),)


@pytest.fixture(autouse=True)
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One release that has an environment, and no index."""
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    monkeypatch.setenv("CACHEKIT_MEMPROBE_CACHE_DIR", str(tmp_path))
    folder = tmp_path / "environments" / "cachekit-0.9.1-x"
    folder.mkdir(parents=True)
    (folder / "ready.json").write_text('{"cachekit": "0.9.1"}')


def history(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["history", *arguments], env={"XDG_STATE_HOME": "/nonexistent/state"})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--axis", "pandas"], "is no axis"),
        (["--axis", "polars=1,2"], "is no axis"),
        (["--axis", "pandas=3.1.1"], "has 2 to 50 values"),
        (["--axis", "pandas=x,y"], "x is not a version"),
        (["--axis", "pandas=2.2.3,3.1.1", "--with", "pandas==3"], "leave out one of them"),
        (["--axis", "python=3.99,3.98"], "no such interpreter"),
        (["--axis", "python=/bin/true,3.98"], "not a Python interpreter that can be used"),
        (["--axis", "python=newest,3.98"], "write the number of a Python"),
        (["--releases", "new"], "doesn't say which releases"),
        (["--releases", ">=9"], "have an environment here: 0.9.1 to 0.9.1"),
        (["--with", "cachekit==1"], "the run's to choose"),
        (["--shard", "1/2", "--check"], "--check: a shard has no more than some of the points"),
        (["--shard", "1/2", "--json", "-"], "--json: a shard"),
        (["--shard", "2/2"], "--shard 2/2: a shard without any point"),
        (["--shard", "3/2"], "write it like 2/5"),
        (["--parquet", "figures.csv"], "has to end in .parquet"),
        (["--fail-on", "peak.heap"], "METRIC:+AMOUNT"),
        (["no-such-scenario"], "no bundled scenario"),
    ],
)
def test_what_cannot_be_used_is_refused(arguments: list[str], said: str) -> None:
    ended = history(*arguments)
    assert ended.exit_code == 2, ended.output
    assert said in " ".join(ended.output.split())


def test_a_shard_has_every_so_manyth_point() -> None:
    def find() -> Target:
        raise AssertionError

    stops = tuple(Stop(Point(label, label), label, find) for label in "abcde")
    parts = [_of_shard(stops, (number, 2)) for number in (1, 2)]
    assert ["".join(one.release for one in part) for part in parts] == ["ace", "bd"]
    assert _of_shard(stops, None) == stops
    with pytest.raises(UsageError):
        _of_shard(stops, (1, 6))


def test_the_exit_code_is_that_of_the_newest() -> None:
    over = replace(BROKEN, checks=BROKEN.checks[:1])
    assert _exit_code(MENDED, LIMIT) == 0
    assert _exit_code(SAME, ()) == 0
    assert _exit_code(over, LIMIT) == 1
    assert _exit_code(BROKEN, LIMIT) == 3
    assert _exit_code(NOTHING, ()) == 3
    assert _exit_code(SAME, LIMIT) == 3
