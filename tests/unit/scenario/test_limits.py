import pytest

from cachekit_memprobe.model import Limit
from cachekit_memprobe.scenario import parse_limit


@pytest.mark.parametrize(
    ("text", "payloads", "size_bytes"),
    [
        ("1.3x", 1.3, None),
        ("0x", 0.0, None),
        (" 2x ", 2.0, None),
        (".5x", 0.5, None),
        ("100MiB", None, 100 * 1024**2),
        ("300MB", None, 300_000_000),
        ("1 GiB", None, 1024**3),
        ("512B", None, 512),
    ],
)
def test_limits(text: str, payloads: float | None, size_bytes: int | None) -> None:
    assert parse_limit("rss.peak", text) == Limit("rss.peak", payloads, size_bytes, "error")


def test_the_level_is_kept() -> None:
    assert parse_limit("copies.unwrap", "0x", "warn").level == "warn"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "x",
        "1.3",
        "100",
        "-1x",
        "nanx",
        "infx",
        "1e400x",
        "1.3 times",
        "1,3x",
        "0MiB",
        "-1MB",
        "64,5MiB",
    ],
)
def test_what_is_no_limit(text: str) -> None:
    with pytest.raises(ValueError, match="is not a limit") as caught:
        parse_limit("rss.peak", text)
    assert str(caught.value) == (
        f"{text!r} is not a limit; write a multiple of the payload such as 1.3x, or a size such as 100MiB"
    )


@pytest.mark.parametrize(
    ("metric", "remedy"),
    [
        ("rss.peek", "did you mean rss.peak, "),
        ("RSS.peak", "did you mean rss.peak"),
        ("copies.unwarp", "did you mean copies.unwrap"),
        ("copies.<stage>", "did you mean copies."),
        ("zzz", "the metrics are copies.<stage>, copies.total, "),
        ("", "the metrics are copies.<stage>, copies.total, "),
    ],
)
def test_what_is_no_metric(metric: str, remedy: str) -> None:
    with pytest.raises(ValueError, match="is not a metric") as caught:
        parse_limit(metric, "1x")
    assert str(caught.value).startswith(f"{metric!r} is not a metric; {remedy}")
