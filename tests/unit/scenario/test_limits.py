from collections.abc import Callable
from pathlib import Path

import pytest

from cachekit_memprobe.metrics import NAMES
from cachekit_memprobe.model import Limit
from cachekit_memprobe.scenario import load_scenario, parse_limit

WriteFile = Callable[..., Path]
ErrorsOf = Callable[[str], list[str]]

ONE = Limit("rss.peak", 1.4, None, "error")
WARNED = Limit("rss.peak", 1.4, None, "warn")
LISTED = "cachekit-memprobe explain lists them"
LIMIT = 'expected a limit such as "1.3x" or "100MiB"'


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
        ("zzz", LISTED),
        ("", LISTED),
    ],
)
def test_what_is_no_metric(metric: str, remedy: str) -> None:
    with pytest.raises(ValueError, match="is not a metric") as caught:
        parse_limit(metric, "1x")
    assert str(caught.value).startswith(f"{metric!r} is not a metric; {remedy}")


@pytest.mark.parametrize(
    ("budget", "limits"),
    [
        ("[budget]", ()),
        ('[budget]\n"rss.peak" = "1.4x"', (ONE,)),
        ('[budget]\nrss.peak = "1.4x"', (ONE,)),
        ('[budget]\nrss = { peak = "1.4x" }', (ONE,)),
        ('[budget.rss]\npeak = "1.4x"', (ONE,)),
        ('[budget]\nrss.peak = { limit = "1.4x" }', (ONE,)),
        ('[budget]\n"rss.peak" = { limit = "1.4x", level = "warn" }', (WARNED,)),
        ('[budget]\nrss.peak = { limit = "1.4x", level = "warn" }', (WARNED,)),
        ('[budget]\nrss = { peak = { limit = "1.4x", level = "warn" } }', (WARNED,)),
        ('[budget.rss.peak]\nlimit = "1.4x"\nlevel = "warn"', (WARNED,)),
        ('[budget."rss.peak"]\nlimit = "1.4x"\nlevel = "warn"', (WARNED,)),
        ('[budget]\nrss.peak.limit = "1.4x"\nrss.peak.level = "warn"', (WARNED,)),
        ('[budget]\nrss.peak = "100MiB"', (Limit("rss.peak", None, 100 * 1024**2, "error"),)),
        ('[budget]\nrss.peak = ["1.4x"]', (ONE,)),
        (
            '[budget]\nrss.peak = [{ limit = "9x", when = "pandas<3" }, "1.4x"]',
            (Limit("rss.peak", 9.0, None, "error", "pandas<3"), ONE),
        ),
        (
            '[budget]\nrss.peak = { limit = "9x", when = "python >=3.10, <3.11" }',
            (Limit("rss.peak", 9.0, None, "error", "python >=3.10, <3.11"),),
        ),
        (
            '[budget]\nrss.peak = "1.4x"\n"copies.total" = "0x"\nrss.anon = { limit = "1MB" }',
            (ONE, Limit("rss.anon", None, 1_000_000, "error"), Limit("copies.total", 0.0, None, "error")),
        ),
    ],
)
def test_spellings(write: WriteFile, smallest: str, budget: str, limits: tuple[Limit, ...]) -> None:
    assert load_scenario(write(f"{smallest}{budget}\n")).budget == limits


@pytest.mark.parametrize("quote", ['"', ""])
def test_every_metric_can_be_limited(write: WriteFile, smallest: str, quote: str) -> None:
    lines = "".join(f'{quote}{name}{quote} = "1x"\n' for name in NAMES)
    budget = load_scenario(write(f"{smallest}[budget]\n{lines}")).budget
    assert sorted(limit.metric for limit in budget) == sorted(NAMES)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ('rss.peak = "1.4"', f'rss.peak: {LIMIT}, found "1.4"; write rss.peak = "1.3x"'),
        ('"rss.peak" = "1.4"', f'"rss.peak": {LIMIT}, found "1.4"; write "rss.peak" = "1.3x"'),
        ("rss.peak = 1.4", f'rss.peak: {LIMIT}, found 1.4; write rss.peak = "1.3x"'),
        ('rss.peak = "-1x"', f'rss.peak: {LIMIT}, found "-1x"; write rss.peak = "1.3x"'),
        ("rss.peak = []", f'rss.peak: {LIMIT}, found []; write rss.peak = "1.3x"'),
        ("rss.peak = [2]", f'rss.peak: {LIMIT}, found 2; write rss.peak = "1.3x"'),
        (
            'rss.peak = ["1x", { limit = "2x", when = "pandas<3" }]',
            'rss.peak: expected a limit with a condition, since others follow it, found "1x"; '
            'put it last, or give it a condition such as when = "pandas<3"',
        ),
        *(
            (
                f'rss.peak = {{ limit = "1x", when = {when} }}',
                "rss.peak.when: expected a condition on cachekit, python, pandas, pyarrow, numpy or orjson, "
                f'such as "pandas<3", found {when}; write when = "pandas<3"',
            )
            for when in ('"pandas"', '"polars<3"', '"pandas<"', '"pandas[x]<3"', '"pandas<3; 1"', "3")
        ),
        ('rss.peek = "1x"', 'rss.peek: expected a metric, found "rss.peek"; did you mean rss.peak, '),
        ('"rss.peek" = "1x"', '"rss.peek": expected a metric, found "rss.peek"; did you mean rss.peak, '),
        (
            'copies.unrap = "1x"',
            'copies.unrap: expected a metric, found "copies.unrap"; did you mean copies.unwrap',
        ),
        ('rss = "1x"', f'rss: expected a metric, found "rss"; {LISTED}'),
        ("rss = {}", f'rss: expected a metric, found "rss"; {LISTED}'),
        ('rss = { limit = "1x" }', f'rss: expected a metric, found "rss"; {LISTED}'),
        ('a.b.c.d.e = "1x"', f'a.b: expected a metric, found "a.b"; {LISTED}'),
        ("rss.peak = {}", f'rss.peak.limit: {LIMIT}, found nothing; write limit = "1.3x"'),
        (
            'rss.peak = { level = "warn" }',
            f'rss.peak.limit: {LIMIT}, found nothing; write limit = "1.3x"',
        ),
        (
            '"rss.peak" = { limit = 2 }',
            f'"rss.peak".limit: {LIMIT}, found 2; write limit = "1.3x"',
        ),
        (
            'rss.peak = { limit = "1x", level = "warning" }',
            'rss.peak.level: expected one of "error", "warn", found "warning"; '
            'write level = "warn", or remove level',
        ),
        (
            'rss.peak = { limit = "1x", level = true }',
            'rss.peak.level: expected one of "error", "warn", found true; '
            'write level = "warn", or remove level',
        ),
        (
            'rss.peak = { limit = "1x", levle = "warn" }',
            "rss.peak.levle: expected one of the keys limit, level, when, found levle; did you mean level?",
        ),
        (
            'rss.peak = { limit = "1x", why = "" }',
            "rss.peak.why: expected one of the keys limit, level, when, found why; remove it",
        ),
        (
            'rss.peak = [{ limit = "2x", where = "pandas<2.2" }, "1x"]',
            "rss.peak.where: expected one of the keys limit, level, when, found where; "
            'write when = "pandas<2.2"',
        ),
        (
            'rss.peak = { limit = "2x", where = 3 }',
            "rss.peak.where: expected one of the keys limit, level, when, found where; "
            'write when = "pandas<3"',
        ),
        (
            'rss.peak = "1x"\n"rss.peak" = "2x"',
            '"rss.peak": expected each metric once, found rss.peak again; remove one of its limits',
        ),
    ],
)
def test_an_error_names_file_table_key_and_remedy(
    smallest: str, errors_of: ErrorsOf, line: str, error: str
) -> None:
    (found,) = errors_of(f"{smallest}[budget]\n{line}\n")
    assert found.startswith(f"my.toml: [budget] {error}")
    assert "did you mean" in error or LISTED in error or found == f"my.toml: [budget] {error}"


def test_all_that_is_wrong_with_one_limit_is_told(smallest: str, errors_of: ErrorsOf) -> None:
    lines = errors_of(f'{smallest}[budget]\nrss.peak = {{ limt = "1x", level = 3 }}\nrss.anon = "x"\n')
    assert [line.split(":")[1] for line in lines] == [
        " [budget] rss.peak.limit",
        " [budget] rss.peak.level",
        " [budget] rss.peak.limt",
        " [budget] rss.anon",
    ]
