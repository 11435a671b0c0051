from dataclasses import replace

import pytest

from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.scenario import applies_to, load_bundled


@pytest.mark.parametrize(
    ("releases", "release", "applies"),
    [
        ("", "0.9.1", True),
        ("", "0.25.0rc1", True),
        ("", "not a version", True),
        (">=0.10.0", "0.9.1", False),
        (">=0.10.0", "0.10.0", True),
        (">=0.10.0", "0.24.1", True),
        (">=0.10.0", "0.25.0.dev3", True),
        (">=0.10.0", "0.10.0rc1", False),
        (">=0.10.0", "0.24.1+local.1", True),
        (">=0.10,<0.22", "0.21.9", True),
        (">=0.10,<0.22", "0.22.0", False),
        ("==0.9.*", "0.9.1", True),
        ("!=0.11.0", "0.11.0", False),
    ],
)
def test_releases(releases: str, release: str, applies: bool) -> None:
    assert applies_to(replace(load_bundled("arrow-l1-hit"), releases=releases), release) is applies


def test_a_release_that_is_no_version_could_not_be_measured() -> None:
    with pytest.raises(CouldNotMeasure) as caught:
        applies_to(load_bundled("arrow-file-mmap"), "main")
    assert str(caught.value) == (
        "can't tell whether arrow-file-mmap (>=0.10.0) applies: cachekit's release 'main' is not a version"
    )
