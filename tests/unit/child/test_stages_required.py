"""The stages that a read can't avoid."""

import pytest

from cachekit_memprobe.child import stages


def required(
    *,
    tier: str = "l1",
    route: str = "memory",
    serializer: str = "arrow",
    form: str = "table",
    compression: str = "none",
    return_format: str = "pandas",
    encrypted: bool = False,
    backfill: bool = False,
) -> tuple[str, ...]:
    return stages.required_stages(
        tier=tier,
        route=route,
        serializer=serializer,
        form=form,
        compression=compression,
        return_format=return_format,
        encrypted=encrypted,
        backfill=backfill,
    )


class TestRequiredStages:
    def test_an_uncompressed_arrow_hit_in_l1(self) -> None:
        assert set(required()) == {
            stages.L1_GET,
            stages.UNWRAP,
            stages.DECODE,
            stages.MATERIALIZE,
            stages.STATS,
        }

    @pytest.mark.parametrize(
        ("tier", "route", "entry"),
        [
            ("l1", "memory", stages.L1_GET),
            ("l2", "get", stages.BACKEND_GET),
            ("l2", "map", stages.BACKEND_MAP),
        ],
    )
    def test_the_way_in_is_the_tiers_and_the_routes(self, tier: str, route: str, entry: str) -> None:
        ways = {stages.L1_GET, stages.BACKEND_GET, stages.BACKEND_MAP}
        assert ways & set(required(tier=tier, route=route)) == {entry}

    def test_an_encrypted_entry_is_decrypted(self) -> None:
        assert stages.DECRYPT in required(encrypted=True)

    @pytest.mark.parametrize("compression", ["zstd", "lz4"])
    def test_a_compressed_entry_is_decompressed(self, compression: str) -> None:
        assert stages.DECOMPRESS in required(compression=compression)

    @pytest.mark.parametrize(
        ("serializer", "form", "return_format"),
        [("arrow", "table", "arrow"), ("default", "objects", "pandas"), ("auto", "array", "pandas")],
    )
    def test_only_an_arrow_table_is_converted(self, serializer: str, form: str, return_format: str) -> None:
        passed = required(serializer=serializer, form=form, return_format=return_format)
        assert stages.MATERIALIZE not in passed

    @pytest.mark.parametrize("return_format", ["pandas", "polars"])
    def test_a_table_in_the_auto_serializer_is_one_in_arrow(self, return_format: str) -> None:
        assert stages.MATERIALIZE in required(serializer="auto", return_format=return_format)

    @pytest.mark.parametrize(
        ("serializer", "form"), [("default", "objects"), ("auto", "objects"), ("auto", "series")]
    )
    def test_byte_storage_always_decompresses(self, serializer: str, form: str) -> None:
        assert stages.DECOMPRESS in required(serializer=serializer, form=form)

    @pytest.mark.parametrize(
        ("serializer", "form"), [("arrow", "table"), ("auto", "array"), ("orjson", "objects")]
    )
    def test_what_is_not_compressed_is_not_decompressed(self, serializer: str, form: str) -> None:
        assert stages.DECOMPRESS not in required(serializer=serializer, form=form)

    def test_an_interop_entry_has_no_frame(self) -> None:
        assert stages.UNWRAP not in required(serializer="interop", form="objects")

    def test_a_backfill_puts_into_l1(self) -> None:
        assert stages.L1_PUT in required(tier="l2", route="get", backfill=True)

    def test_a_cache_by_reference_only_looks_up(self) -> None:
        assert required(tier="reference", serializer="none") == (stages.L1_GET, stages.STATS)

    def test_they_come_in_the_order_of_the_read(self) -> None:
        everything = required(tier="l2", route="get", compression="zstd", encrypted=True)
        assert list(everything) == sorted(everything, key=stages.STAGES.index)

    def test_an_unknown_tier_is_an_error(self) -> None:
        with pytest.raises(KeyError):
            required(tier="l3")
