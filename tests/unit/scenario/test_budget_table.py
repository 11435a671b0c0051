from collections.abc import Callable
from pathlib import Path

import pytest

from cachekit_memprobe.metrics import NAMES
from cachekit_memprobe.model import Limit
from cachekit_memprobe.scenario import load_scenario

WriteFile = Callable[..., Path]
ErrorsOf = Callable[[str], list[str]]

ONE = Limit("rss.peak", 1.4, None, "error")
WARNED = Limit("rss.peak", 1.4, None, "warn")


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
            '[budget]\nrss.peak = [{ limit = "9x", where = "pandas<3" }, "1.4x"]',
            (Limit("rss.peak", 9.0, None, "error", "pandas<3"), ONE),
        ),
        (
            '[budget]\nrss.peak = { limit = "9x", where = "python >=3.10, <3.11" }',
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


METRICS = "the metrics are copies.<stage>, copies.total, verbatim.<stage>, "
LIMIT = 'expected a limit such as "1.3x" or "100MiB"'


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
            'rss.peak = ["1x", { limit = "2x", where = "pandas<3" }]',
            'rss.peak: expected only limits with where before the last one, found "1x"; '
            "put it last, or give it a condition with where",
        ),
        *(
            (
                f'rss.peak = {{ limit = "1x", where = {where} }}',
                'rss.peak.where: expected a condition such as "pandas<3", of cachekit, python, pandas, '
                f'pyarrow, numpy, orjson, found {where}; write where = "pandas<3"',
            )
            for where in ('"pandas"', '"polars<3"', '"pandas<"', '"pandas[x]<3"', '"pandas<3; 1"', "3")
        ),
        ('rss.peek = "1x"', 'rss.peek: expected a metric, found "rss.peek"; did you mean rss.peak, '),
        ('"rss.peek" = "1x"', '"rss.peek": expected a metric, found "rss.peek"; did you mean rss.peak, '),
        (
            'copies.unrap = "1x"',
            'copies.unrap: expected a metric, found "copies.unrap"; did you mean copies.unwrap',
        ),
        ('rss = "1x"', f'rss: expected a metric, found "rss"; {METRICS}'),
        ("rss = {}", f'rss: expected a metric, found "rss"; {METRICS}'),
        ('rss = { limit = "1x" }', f'rss: expected a metric, found "rss"; {METRICS}'),
        ('a.b.c.d.e = "1x"', f'a.b: expected a metric, found "a.b"; {METRICS}'),
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
            'rss.peak.levle: expected the keys limit, level and where, found "warn"; did you mean level?',
        ),
        (
            'rss.peak = { limit = "1x", why = "" }',
            'rss.peak.why: expected the keys limit, level and where, found ""; remove it',
        ),
        (
            'rss.peak = "1x"\n"rss.peak" = "2x"',
            '"rss.peak": expected each metric once, found "rss.peak"; remove one of its limits',
        ),
    ],
)
def test_an_error_names_file_table_key_and_remedy(
    smallest: str, errors_of: ErrorsOf, line: str, error: str
) -> None:
    (found,) = errors_of(f"{smallest}[budget]\n{line}\n")
    assert found.startswith(f"my.toml: [budget] {error}")
    assert "did you mean" in error or METRICS in error or found == f"my.toml: [budget] {error}"


def test_all_that_is_wrong_with_one_limit_is_told(smallest: str, errors_of: ErrorsOf) -> None:
    lines = errors_of(f'{smallest}[budget]\nrss.peak = {{ limt = "1x", level = 3 }}\nrss.anon = "x"\n')
    assert [line.split(":")[1] for line in lines] == [
        " [budget] rss.peak.limit",
        " [budget] rss.peak.level",
        " [budget] rss.peak.limt",
        " [budget] rss.anon",
    ]
