import pytest

from cachekit_memprobe import units

MIB = 1 << 20


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

    def test_refuses_what_no_machine_has(self) -> None:
        assert units.parse_bytes("1048576TiB") == units.LARGEST_BYTES
        with pytest.raises(ValueError, match="'1048577TiB' is more than any machine has"):
            units.parse_bytes("1048577TiB")
        with pytest.raises(ValueError, match="is not a size"):
            units.parse_bytes("9" * 5000)

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

    @pytest.mark.parametrize("text", ["-1x", "infx", "nanx", "-infx", "1e400x", "1.1e9x"])
    def test_refuses_what_no_read_can_reach(self, text: str) -> None:
        with pytest.raises(ValueError, match="write 0x or more"):
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


@pytest.mark.parametrize(
    ("elapsed_us", "words"),
    [
        (0, "<1 ms"),
        (999, "<1 ms"),
        (1000, "1.0 ms"),
        (9949, "9.9 ms"),
        (9951, "10 ms"),
        (42_400, "42 ms"),
        (999_499, "999 ms"),
        (999_501, "1.0 s"),
        (123_000_000, "123 s"),
    ],
)
def test_elapsed_time_has_two_digits_or_whole_units(elapsed_us: int, words: str) -> None:
    assert units.format_elapsed(elapsed_us) == words
