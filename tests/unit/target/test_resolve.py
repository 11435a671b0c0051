from pathlib import Path

import pytest

from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.target import resolve
from cachekit_memprobe.target.resolve import _release


@pytest.mark.parametrize("spec", ["newest", ">=0.9", "0.9.*", "", "cachekit>=0.9.1", "0.9.1; rm -rf"])
def test_names_the_accepted_forms_for_anything_else(spec: str) -> None:
    with pytest.raises(UsageError, match=r"write installed, latest, a release like 0\.9\.1 or ==0\.9\.1"):
        resolve(spec)


@pytest.mark.parametrize("spec", ["0.9.1", "==0.9.1", "== 0.9.1", "v0.9.1", "cachekit==0.9.1", "0.9.1.0"])
def test_reads_a_release(spec: str) -> None:
    assert str(_release(spec)) == "0.9.1"


@pytest.mark.parametrize("spec", ["0.9.1", "latest", "newest"])
def test_refuses_a_release_and_an_interpreter_together(spec: str) -> None:
    with pytest.raises(UsageError, match="not both"):
        resolve(spec, Path("/usr/bin/python3"))


@pytest.mark.parametrize(
    ("spec", "extra", "said"),
    [
        ("installed", "pandas==2.3.3", "--with adds to the environment of a release"),
        ("0.9.1", "pandas @ file:///tmp/x.whl", "is not a requirement"),
        ("0.9.1", "-e .", "is not a requirement"),
        ("0.9.1", "cachekit==0.10.0", "the version of cachekit is the run"),
        ("0.9.1", "memray", "the version of memray is the run"),
    ],
)
def test_a_requirement_that_cant_be_used_is_refused(spec: str, extra: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        resolve(spec, extras=(extra,))
