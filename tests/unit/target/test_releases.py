"""Which releases there are, and which of them are meant."""

from pathlib import Path

import pytest
from packaging.version import Version

from cachekit_memprobe.errors import CouldNotMeasure, UsageError
from cachekit_memprobe.target.index import Published
from cachekit_memprobe.target.releases import (
    Listing,
    Release,
    chosen,
    listed,
    parse_releases,
    releases_of,
)

FILES = (
    Published("cachekit-0.10.0-cp311-cp311-manylinux_2_28_aarch64.whl", "2026-06-18T21:34:47Z"),
    Published("cachekit-0.10.0.tar.gz", "2026-06-18T21:35:10Z"),
    Published("cachekit-0.9.1.tar.gz", "2026-06-15T12:57:32Z", is_yanked=True),
    Published("cachekit-0.9.1-py3-none-any.whl", "2026-06-14T12:57:07Z"),
    Published("cachekit-0.9.0.tar.gz", is_yanked=True),
    Published("cachekit-0.11.0rc1.tar.gz", "2026-06-20T00:00:00Z"),
    Published("cachekit_memprobe-1.0.tar.gz"),
    Published("cachekit-nonsense.whl"),
)
LISTING = Listing(releases_of(FILES))


def names(text: str, *, with_pre: bool = False, with_yanked: bool = False) -> list[str]:
    found = chosen(LISTING, parse_releases(text), with_pre=with_pre, with_yanked=with_yanked)
    return [str(one.version) for one in found]


def test_files_make_up_releases_in_the_order_of_their_versions() -> None:
    assert LISTING.releases == (
        Release(Version("0.9.0"), "", is_yanked=True),
        Release(Version("0.9.1"), "2026-06-14"),
        Release(Version("0.10.0"), "2026-06-18"),
        Release(Version("0.11.0rc1"), "2026-06-20"),
    )


def test_pre_releases_and_yanked_ones_are_chosen_by_asking_for_them() -> None:
    assert names(">=0.4") == ["0.9.1", "0.10.0"]
    assert names(">=0.4", with_pre=True) == ["0.9.1", "0.10.0", "0.11.0rc1"]
    assert names("<0.10", with_yanked=True) == ["0.9.0", "0.9.1"]


def test_releases_may_be_named_one_by_one() -> None:
    assert names("0.10, 0.9.1") == ["0.9.1", "0.10.0"]


@pytest.mark.parametrize("text", ["", "latest", ">=", "0.9.1,>=2", "1" * 5000, "0.9.1;0.10.0"])
def test_what_is_no_specifier_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="doesn't say which releases"):
        parse_releases(text)


def test_what_fits_nothing_is_refused_with_what_there_is() -> None:
    with pytest.raises(UsageError, match=r"no release fits; .* on the index: 0\.9\.0 to 0\.11\.0rc1"):
        names(">=9")


def test_what_fits_only_others_names_the_options() -> None:
    with pytest.raises(UsageError, match=r"0\.9\.0: pre-releases need --pre, and yanked ones --yanked"):
        names("==0.9.0")


def test_offline_those_with_an_environment_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CACHEKIT_MEMPROBE_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("UV_OFFLINE", "1")
    with pytest.raises(CouldNotMeasure, match="no release has an environment here"):
        listed()
    for name, text in {
        "0.10.0-a": '{"cachekit": "0.10.0"}',
        "0.9.1-a": '{"cachekit": "0.9.1"}',
        "x": "{",
    }.items():
        folder = tmp_path / "environments" / f"cachekit-{name}"
        folder.mkdir(parents=True)
        (folder / "ready.json").write_text(text)
    found = listed()
    assert [str(one.version) for one in found.releases] == ["0.9.1", "0.10.0"]
    assert "not to use the network" in found.why_offline
