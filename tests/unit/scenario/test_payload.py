from collections.abc import Callable
from pathlib import Path

import pytest

from cachekit_memprobe.child.task import Caching, Read
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.model import Limit
from cachekit_memprobe.scenario import HowCached, payload_scenario

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a small file of the format that its suffix says."""

    def write_file(name: str) -> Path:
        import numpy as np

        path = tmp_path / name
        if path.suffix == ".npy":
            np.save(path, np.arange(4.0))
        else:
            path.write_text({".csv": "a\n1\n", ".json": "[1]"}[path.suffix])
        return path

    return write_file


def test_the_defaults_are_those_that_the_data_is_made_for(write: Write) -> None:
    for name, serializer in (("a.csv", "arrow"), ("a.npy", "auto"), ("a.json", "orjson")):
        scenario = payload_scenario(write(name), HowCached())
        assert scenario.caching == Caching(serializer, "none", "file", encryption=False, l1=True)
        # A sync function writes Arrow past L1.
        assert scenario.read == Read("l1", "memory", asynchronous=serializer == "arrow")
        assert (scenario.value.kind, scenario.budget) == ("file", ())


def test_the_file_is_absolute_and_its_folder_is_nowhere_else(write: Write, tmp_path: Path) -> None:
    scenario = payload_scenario(write("Prices of May.csv"), HowCached())
    assert scenario.value.file == str(tmp_path / "Prices of May.csv")
    assert (scenario.name, scenario.source) == ("prices-of-may", "Prices of May.csv")
    assert scenario.summary == "Prices of May.csv, arrow serializer, async function: L1 hit"


@pytest.mark.parametrize(
    ("how", "read", "l1", "words"),
    [
        (HowCached(tier="l2"), Read("l2", "get"), False, "file backend, get"),
        (HowCached(route="map"), Read("l2", "map"), False, "file backend, map"),
        (HowCached(tier="l2", backend="redis"), Read("l2", "get"), False, "redis backend, get"),
        (
            HowCached(tier="l1", compression="zstd"),
            Read("l1", "memory", asynchronous=True),
            True,
            "async function, compressed by zstd: L1 hit",
        ),
        (HowCached(backend="redis"), Read("l1", "memory"), True, "arrow serializer: L1 hit"),
        (HowCached(serializer="auto"), Read("l1", "memory"), True, "auto serializer: L1 hit"),
        (HowCached(encryption=True), Read("l1", "memory"), True, "encrypted: L1 hit"),
    ],
)
def test_options_say_how_it_is_cached(write: Write, how: HowCached, read: Read, l1: bool, words: str) -> None:
    scenario = payload_scenario(write("a.csv"), how)
    assert (scenario.read, scenario.caching.l1) == (read, l1)
    assert scenario.summary.endswith(words)


def test_limits_are_its_budget(write: Write) -> None:
    limit = Limit("rss.peak", 2.0, None, "error")
    assert payload_scenario(write("a.csv"), HowCached(), (limit,)).budget == (limit,)


@pytest.mark.parametrize(
    ("name", "how", "message"),
    [
        (
            "a.json",
            HowCached(serializer="arrow"),
            '--serializer: expected one of "orjson", "default", "auto", "interop" because a.json holds JSON '
            'objects, found "arrow"; write --serializer orjson, or name another file',
        ),
        (
            "a.npy",
            HowCached(compression="zstd"),
            '--compression: expected "none" because a.npy holds an array, found "zstd"; '
            "write --compression none, or name another file",
        ),
        (
            "a.npy",
            HowCached(tier="l2", route="map"),
            '--route: expected "get" because a.npy holds an array, and cachekit maps Arrow frames only, '
            'found "map"; write --route get, or name another file',
        ),
        (
            "a.csv",
            HowCached(route="map", encryption=True),
            '--encryption: expected false because --route is "map", found true; '
            "write --encryption off, or change --route",
        ),
        (
            "a.csv",
            HowCached(tier="l1", route="get"),
            "--route get is for reads from the backend, and with --tier l1 there is none; leave out --route, "
            "or write --tier l2",
        ),
    ],
)
def test_an_error_speaks_of_the_options(write: Write, name: str, how: HowCached, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        payload_scenario(write(name), how)
    assert str(caught.value) == message


def test_an_array_can_not_be_encrypted(write: Write) -> None:
    with pytest.raises(UsageError, match="only the auto serializer takes an array"):
        payload_scenario(write("a.npy"), HowCached(encryption=True))


def test_a_file_that_can_not_be_the_value_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--payload a.pkl: expected Parquet.*found a pickle by its name"):
        payload_scenario(tmp_path / "a.pkl", HowCached())
