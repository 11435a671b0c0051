"""Units, the vocabulary of metrics, the stage map, the records' helpers and the exit codes."""

from dataclasses import FrozenInstanceError, fields, is_dataclass
from pathlib import Path

import pytest

from cachekit_memprobe import errors, metrics, model, stages, units

MIB = 1 << 20
RELEASES = ("0.9.1", "0.10.0", "0.21.9", "0.22.0", "0.24.1")
UNWRAP = "serializers.wrapper:SerializationWrapper.unwrap"
UNWRAP_METADATA = "serializers.wrapper:SerializationWrapper.unwrap_metadata"
SPLIT_FRAME = "serializers.wrapper:_split_frame"
READ_VERIFIED_IPC = "serializers.arrow_serializer:ArrowSerializer._read_verified_ipc"
HANDLER_GET_BUFFER = "cache_handler:StandardCacheHandler.get_buffer"
FILE_GET_BUFFER = "backends.file.backend:FileBackend.get_buffer"


class TestParseBytes:
    @pytest.mark.parametrize(
        ("text", "size_bytes"),
        [
            ("64MiB", 64 * MIB),
            ("64 MiB", 64 * MIB),
            ("300MB", 300_000_000),
            ("1.5GiB", 3 << 29),
            ("2kB", 2000),
            ("2KiB", 2048),
            ("4096", 4096),
        ],
    )
    def test_reads_decimal_and_binary_units(self, text: str, size_bytes: int) -> None:
        assert units.parse_bytes(text) == size_bytes

    @pytest.mark.parametrize("text", ["", "big", "64 parsecs", "MiB", "1.3x", "inf"])
    def test_says_how_to_write_a_size(self, text: str) -> None:
        with pytest.raises(ValueError, match="is not a size; write it like 64MiB or 300MB"):
            units.parse_bytes(text)

    @pytest.mark.parametrize("text", ["0", "0MiB", "0.2"])
    def test_refuses_nothing(self, text: str) -> None:
        with pytest.raises(ValueError, match="not a positive size"):
            units.parse_bytes(text)

    @pytest.mark.parametrize("text", ["-1", "-64MiB"])
    def test_refuses_a_negative_size(self, text: str) -> None:
        with pytest.raises(ValueError, match="is not a"):
            units.parse_bytes(text)


class TestParsePayloads:
    @pytest.mark.parametrize(
        ("text", "payloads"), [("1.3x", 1.3), ("0x", 0.0), (" 2x ", 2.0), ("1e1x", 10.0), (".5x", 0.5)]
    )
    def test_reads_a_multiple(self, text: str, payloads: float) -> None:
        assert units.parse_payloads(text) == payloads

    @pytest.mark.parametrize("text", ["1.3", "x", "", "1,3x", "1.3X", "64MiB"])
    def test_says_how_to_write_a_multiple(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"write it like 1\.3x"):
            units.parse_payloads(text)

    @pytest.mark.parametrize("text", ["-1x", "infx", "nanx", "-infx"])
    def test_refuses_what_no_read_can_reach(self, text: str) -> None:
        with pytest.raises(ValueError, match="can be reached"):
            units.parse_payloads(text)


class TestFormat:
    @pytest.mark.parametrize(
        ("size_bytes", "text"),
        [
            (0, "0 B"),
            (999, "999 B"),
            (64 * MIB, "64.0 MiB"),
            (300_000_000, "300.0 MB"),
            (2_000, "2.0 kB"),
            (2_048, "2.0 KiB"),
            (-64 * MIB, "-64.0 MiB"),
            (5 << 40, "5.0 TiB"),
            (5 << 50, "5120.0 TiB"),
        ],
    )
    def test_a_size_in_the_units_that_make_it_round(self, size_bytes: int, text: str) -> None:
        assert units.format_bytes(size_bytes) == text

    def test_one_report_speaks_one_system(self) -> None:
        assert units.format_bytes(64 * MIB, like_bytes=300_000_000) == "67.1 MB"
        assert units.format_bytes(300_000_000, like_bytes=64 * MIB) == "286.1 MiB"

    @pytest.mark.parametrize("text", ["64.0 MiB", "300.0 MB", "1.0 GiB", "512 B"])
    def test_a_size_survives_the_round_trip(self, text: str) -> None:
        assert units.format_bytes(units.parse_bytes(text)) == text

    @pytest.mark.parametrize(
        ("payloads", "text"),
        [
            (1.0, "1.00x"),
            (6.736, "6.74x"),
            (0.0, "0.00x"),
            (-0.0, "0.00x"),
            (-0.004, "0.00x"),
            (-0.5, "-0.50x"),
        ],
    )
    def test_payloads(self, payloads: float, text: str) -> None:
        assert units.format_payloads(payloads) == text


class TestMetrics:
    def test_no_name_stands_for_two_things(self) -> None:
        assert len(set(metrics.NAMES)) == len(metrics.NAMES)

    def test_a_stage_metric_has_one_name_for_each_stage(self) -> None:
        metric = metrics.metric_of("copies.unwrap")
        assert metric.per_stage
        assert metrics.expand(metric) == tuple(f"copies.{stage}" for stage in stages.STAGES)

    def test_any_other_metric_has_its_own_name_only(self) -> None:
        metric = metrics.metric_of("rss.peak")
        assert not metric.per_stage
        assert metrics.expand(metric) == ("rss.peak",)

    def test_every_name_leads_back_to_its_metric(self) -> None:
        for metric in metrics.METRICS:
            assert {metrics.metric_of(name) for name in metrics.expand(metric)} == {metric}

    def test_the_total_is_not_taken_for_a_stage(self) -> None:
        assert metrics.metric_of("copies.total").name == "copies.total"

    @pytest.mark.parametrize("name", ["copies", "copies.<stage>", "copies.nowhere", "rss", "Rss.peak", ""])
    def test_a_name_outside_the_vocabulary_is_an_error(self, name: str) -> None:
        with pytest.raises(KeyError):
            metrics.metric_of(name)

    def test_every_metric_has_an_instrument_and_words_for_a_reader(self) -> None:
        for metric in metrics.METRICS:
            assert metric.instrument in metrics.INSTRUMENTS
            assert metric.label
            assert metric.meaning

    def test_every_instrument_has_a_metric(self) -> None:
        assert {metric.instrument for metric in metrics.METRICS} == set(metrics.INSTRUMENTS)


class TestVersionKey:
    @pytest.mark.parametrize(
        ("release", "key"),
        [
            ("0.10.0", (0, 10, 0)),
            ("0.10", (0, 10, 0)),
            ("1", (1, 0, 0)),
            ("0.25.0rc1", (0, 25, 0)),
            ("0.25.0.dev3+g12ab", (0, 25, 0)),
        ],
    )
    def test_takes_the_first_three_numbers(self, release: str, key: tuple[int, ...]) -> None:
        assert stages.version_key(release) == key

    def test_orders_releases_by_number_not_by_letter(self) -> None:
        assert sorted(["0.10.0", "0.9.1", "0.24.1", "0.4.0"], key=stages.version_key) == [
            "0.4.0",
            "0.9.1",
            "0.10.0",
            "0.24.1",
        ]


def names_of(release: str) -> set[str]:
    return {entry.name for entry in stages.functions_of(release)}


class TestFunctionsOf:
    @pytest.mark.parametrize("release", ["0.9.1", "0.10.0", "0.21.9"])
    def test_reads_pass_unwrap_before_0_22(self, release: str) -> None:
        assert UNWRAP in names_of(release)
        assert not {UNWRAP_METADATA, SPLIT_FRAME} & names_of(release)

    @pytest.mark.parametrize("release", ["0.22.0", "0.24.1", "0.99.0", "1.0.0"])
    def test_reads_pass_unwrap_metadata_from_0_22_on(self, release: str) -> None:
        assert UNWRAP not in names_of(release)
        assert {UNWRAP_METADATA, SPLIT_FRAME} <= names_of(release)

    @pytest.mark.parametrize(
        ("release", "maps"),
        [("0.9.1", False), ("0.10.0", True), ("0.21.9", True), ("0.22.0", True), ("0.24.1", True)],
    )
    def test_files_are_mapped_from_0_10_on(self, release: str, maps: bool) -> None:
        assert ({HANDLER_GET_BUFFER, FILE_GET_BUFFER} <= names_of(release)) is maps
        assert (stages.BACKEND_MAP in {entry.stage for entry in stages.functions_of(release)}) is maps

    @pytest.mark.parametrize(
        ("release", "delegates"),
        [("0.9.1", False), ("0.10.0", False), ("0.21.9", True), ("0.22.0", True), ("0.24.1", True)],
    )
    def test_arrow_delegates_from_0_21_on(self, release: str, delegates: bool) -> None:
        assert (READ_VERIFIED_IPC in names_of(release)) is delegates

    @pytest.mark.parametrize("release", RELEASES)
    def test_a_function_is_one_stage(self, release: str) -> None:
        names = [entry.name for entry in stages.functions_of(release)]
        assert len(set(names)) == len(names)

    @pytest.mark.parametrize("release", RELEASES)
    def test_every_release_has_the_stages_that_no_read_can_avoid(self, release: str) -> None:
        unavoidable = {stages.STATS, stages.L1_GET, stages.BACKEND_GET, stages.UNWRAP, stages.DECODE}
        assert unavoidable <= {entry.stage for entry in stages.functions_of(release)}

    def test_an_entry_is_gone_in_the_release_that_ends_it(self) -> None:
        for entry in stages.FUNCTIONS:
            if entry.until is not None:
                assert stages.version_key(entry.since) < stages.version_key(entry.until)
                assert entry not in stages.functions_of(entry.until)
            assert entry in stages.functions_of(entry.since)


class TestSites:
    def test_every_site_is_in_a_function_of_the_map(self) -> None:
        assert {site.function for site in stages.SITES} <= {entry.name for entry in stages.FUNCTIONS}

    def test_no_call_of_a_function_is_two_stages(self) -> None:
        calls = [(site.function, site.call) for site in stages.SITES]
        assert len(set(calls)) == len(calls)

    def test_only_the_given_functions_have_sites(self) -> None:
        before, after = (stages.sites_of(stages.functions_of(release)) for release in ("0.9.1", "0.24.1"))
        assert READ_VERIFIED_IPC not in {site.function for site in before}
        assert set(after) == set(stages.SITES)
        assert stages.sites_of(()) == ()

    @pytest.mark.parametrize("release", RELEASES)
    def test_every_release_makes_pandas_and_decompresses_somewhere(self, release: str) -> None:
        sites = stages.sites_of(stages.functions_of(release))
        assert {site.stage for site in sites} == {stages.MATERIALIZE, stages.DECOMPRESS}


class TestStages:
    def test_the_map_names_known_stages_only(self) -> None:
        named = {entry.stage for entry in (*stages.FUNCTIONS, *stages.SITES)}
        assert named <= set(stages.STAGES)

    def test_every_stage_but_other_has_a_place_in_cachekit(self) -> None:
        named = {entry.stage for entry in (*stages.FUNCTIONS, *stages.SITES)}
        assert named == set(stages.STAGES) - {stages.OTHER}

    def test_every_stage_has_a_meaning(self) -> None:
        assert tuple(stages.STAGE_MEANINGS) == stages.STAGES


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


class TestModel:
    def test_every_record_is_frozen(self) -> None:
        records = [
            record for record in vars(model).values() if isinstance(record, type) and is_dataclass(record)
        ]
        assert len(records) > 10
        for record in records:
            blank = object.__new__(record)
            with pytest.raises(FrozenInstanceError):
                setattr(blank, fields(record)[0].name, None)

    def test_a_target_knows_its_cachekit(self) -> None:
        target = model.Target("installed", Path("python"), {"cachekit": "0.24.1", "python": "3.11.7"})
        assert target.cachekit == "0.24.1"

    @pytest.mark.parametrize(("observed", "excess"), [(2.0, 0.5), (1.5, 0.0), (0.2, 0.0), (None, 0.0)])
    def test_only_what_is_over_a_limit_is_excess(self, observed: float | None, excess: float) -> None:
        result = model.BudgetResult("rss.peak", 1.5, observed, "error", "within")
        assert result.excess == excess


class TestErrors:
    def test_the_exit_codes_are_the_documented_ones(self) -> None:
        codes = (errors.EXIT_OK, errors.EXIT_OVER_BUDGET, errors.EXIT_USAGE, errors.EXIT_UNMEASURED)
        assert codes == (0, 1, 2, 3)

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (errors.MemprobeError, errors.EXIT_UNMEASURED),
            (errors.CouldNotMeasure, errors.EXIT_UNMEASURED),
            (errors.UsageError, errors.EXIT_USAGE),
            (errors.ScenarioError, errors.EXIT_USAGE),
        ],
    )
    def test_a_failure_knows_its_exit_code(self, error: type[errors.MemprobeError], code: int) -> None:
        assert error("what to do about it").exit_code == code
        assert str(error("what to do about it")) == "what to do about it"

    def test_no_failure_is_taken_for_a_verdict(self) -> None:
        """Exit codes 0 and 1 say that everything was measured."""
        kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
        assert {kind.exit_code for kind in kinds if issubclass(kind, errors.MemprobeError)} == {2, 3}
