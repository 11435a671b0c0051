import pytest

from cachekit_memprobe.child.releases import cachekit_release, version_key


class TestVersionKey:
    @pytest.mark.parametrize(
        ("release", "key"),
        [
            ("0.10.0", (0, 10, 0)),
            ("0.10", (0, 10, 0)),
            ("1", (1, 0, 0)),
            ("0.25.0rc1", (0, 25, 0)),
            ("0.25.0.dev3+g12ab", (0, 25, 0)),
            ("1." + "9" * 5000, (1, int("9" * 18), 0)),
        ],
    )
    def test_takes_the_first_three_numbers(self, release: str, key: tuple[int, ...]) -> None:
        assert version_key(release) == key

    def test_orders_releases_by_number_not_by_letter(self) -> None:
        assert sorted(["0.10.0", "0.9.1", "0.24.1", "0.4.0"], key=version_key) == [
            "0.4.0",
            "0.9.1",
            "0.10.0",
            "0.24.1",
        ]


def test_the_release_that_is_installed_is_told() -> None:
    assert version_key(cachekit_release()) > (0, 4, 0)
