"""As deployed, the allocators of the deployment are measured."""

from dataclasses import replace
from pathlib import Path

import pytest

from cachekit_memprobe.model import RunOptions
from cachekit_memprobe.scenario import load_bundled, with_overrides
from cachekit_memprobe.target import resolve
from tests.process.measuring import run_here

pytestmark = pytest.mark.process

MIB = 1 << 20
OPTIONS = RunOptions(("rss",), reads=1, jobs=2, as_deployed=True)


def test_the_pool_that_is_deployed_is_the_one_that_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mimalloc keeps the pages of the value that was dropped, the system's allocator gives them back."""
    monkeypatch.setenv("ARROW_DEFAULT_MEMORY_POOL", "system")
    kept = replace(with_overrides(load_bundled("arrow-l1-hit"), size_bytes=16 * MIB), budget=())
    given = replace(kept, name="given", environment={"ARROW_DEFAULT_MEMORY_POOL": "mimalloc"})
    missing = replace(kept, name="missing", environment={"LD_PRELOAD": "/nowhere/libfoo.so"})

    report = run_here(resolve("installed"), [kept, given, missing], tmp_path / "run", OPTIONS)

    assert report.run.options.kept_environment == {"ARROW_DEFAULT_MEMORY_POOL": "system"}
    settled, keeping, unmeasured = report.results
    assert settled.metrics["rss.settled"] < 0.2
    assert keeping.metrics["rss.settled"] > 0.9
    assert "LD_PRELOAD names libfoo.so, which the loader did not load" in (unmeasured.reason or "")
