import pytest

from cachekit_memprobe.child import stages

RELEASES = ("0.9.1", "0.10.0", "0.14.0", "0.20.0", "0.24.1")
BACKENDS = ("file", "redis", "memcached", "cachekitio")


def names(release: str, backend: str | None = None) -> set[str]:
    return {entry.name for entry in stages.functions_of(release, backend)}


@pytest.mark.parametrize("release", RELEASES)
def test_a_read_imports_the_functions_of_its_own_backend_only(release: str) -> None:
    for backend in BACKENDS:
        own = {name for name in names(release, backend) if name.startswith("backends.")}
        assert own
        assert all(name.startswith(f"backends.{backend}.") for name in own)
    everything = set[str]().union(*(names(release, backend) for backend in BACKENDS))
    assert everything == names(release)


@pytest.mark.parametrize("release", RELEASES)
def test_a_cache_without_a_backend_has_none_of_them(release: str) -> None:
    assert not {name for name in names(release, "none") if name.startswith("backends.")}


def test_cachekitio_reads_with_freshness_since_0_14() -> None:
    suffix = "CachekitIOBackend.get_with_freshness"
    assert [any(name.endswith(suffix) for name in names(release)) for release in RELEASES] == [
        False,
        False,
        True,
        True,
        True,
    ]
