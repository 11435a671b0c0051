"""The stage map: what is in it, release by release."""

import pytest

from cachekit_memprobe.child import stages
from cachekit_memprobe.child.releases import version_key

RELEASES = ("0.9.1", "0.10.0", "0.21.9", "0.22.0", "0.24.1")
UNWRAP = "serializers.wrapper:SerializationWrapper.unwrap"
UNWRAP_METADATA = "serializers.wrapper:SerializationWrapper.unwrap_metadata"
SPLIT_FRAME = "serializers.wrapper:_split_frame"
READ_VERIFIED_IPC = "serializers.arrow_serializer:ArrowSerializer._read_verified_ipc"
HANDLER_GET_BUFFER = "cache_handler:StandardCacheHandler.get_buffer"
FILE_GET_BUFFER = "backends.file.backend:FileBackend.get_buffer"


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
                assert version_key(entry.since) < version_key(entry.until)
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
        assert tuple(row.name for row in stages.ROWS) == stages.STAGES
        assert all(row.meaning for row in stages.ROWS)

    def test_every_stage_is_found_by_its_name(self) -> None:
        assert tuple(map(stages.stage_of, stages.STAGES)) == stages.ROWS
        with pytest.raises(KeyError):
            stages.stage_of("nowhere")

    def test_only_known_things_are_handed_on(self) -> None:
        assert {row.hands_on for row in stages.ROWS} == {"", stages.FRAME, stages.BODY}

    def test_outside_of_all_stages_no_place_is_known(self) -> None:
        assert stages.Place(stages.OTHER, "", "", 0) == stages.OUTSIDE
