"""Whether the allocators that the environment names are there, in this very process."""

import sys

import pyarrow as pa
import pytest

from cachekit_memprobe.child.deployed import require_allocators
from cachekit_memprobe.child.errors import CouldNotMeasure

linux = pytest.mark.skipif(sys.platform != "linux", reason="LD_PRELOAD and /proc are Linux's")


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LD_PRELOAD", raising=False)
    monkeypatch.delenv("ARROW_DEFAULT_MEMORY_POOL", raising=False)


def test_nothing_named_is_nothing_to_refuse() -> None:
    require_allocators()


@linux
def test_a_library_that_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_PRELOAD", "libc.so.6")
    require_allocators()


@linux
@pytest.mark.parametrize("named", ["/nowhere/libfoo.so", "libc.so.6:libfoo.so", "libc.so.6 libfoo.so"])
def test_a_library_that_is_not(monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    monkeypatch.setenv("LD_PRELOAD", named)
    with pytest.raises(CouldNotMeasure, match=r"LD_PRELOAD names libfoo\.so, which the loader did not load"):
        require_allocators()


def test_the_pool_that_arrow_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARROW_DEFAULT_MEMORY_POOL", pa.default_memory_pool().backend_name)
    require_allocators()


def test_another_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARROW_DEFAULT_MEMORY_POOL", "tcmalloc")
    with pytest.raises(CouldNotMeasure, match="ARROW_DEFAULT_MEMORY_POOL is 'tcmalloc', which this pyarrow"):
        require_allocators()
