from collections.abc import Sequence

import pytest

from cachekit_memprobe.checking import Baseline, ConfigurationError, Project, explained, holding, judged
from cachekit_memprobe.checking.patterns import is_exact, specificity
from cachekit_memprobe.model import Limit
from cachekit_memprobe.scenario import limits_for
from tests.unit.checking.conftest import Read
from tests.unit.checking.reporting import MIB

TEXT = """
scenarios = ["arrow-l1-hit", "arrow-l1-hit-zstd", "bytes-file-get"]

[budget."*"]
rss.peak = { soft = "5x", hard = "6x" }
peak.heap = "6x"
[budget."arrow-*"]
rss.peak = { hard = "1.5x", message = "ask the data team" }
copies.unwrap = "100KiB"
[budget.arrow-l1-hit]
rss.peak = "1.4x"
peak.heap = "off"
held.after = [{ hard = "1x", when = "pandas<3" }, { hard = "400KiB", soft = "200KiB" }]
"""


def limits(project: Project, name: str, metric: str, baseline: Baseline | None = None) -> Sequence[Limit]:
    (scenario,) = project.chosen((name,))
    held = holding(scenario, project.limits, project.configuration)
    budget = judged(scenario, held, project.configuration, baseline).budget
    return [limit for limit in budget if limit.metric == metric]


def shown(found: Sequence[Limit]) -> list[tuple[str, float | None, int | None]]:
    lines = [str(one.origin.line) if one.origin else "own" for one in found]
    return [
        (f"{one.level} {line}", one.payloads, one.size_bytes) for one, line in zip(found, lines, strict=True)
    ]


def test_the_most_specific_pattern_wins_for_each_level(read_project: Read) -> None:
    project = read_project(TEXT)
    assert shown(limits(project, "bytes-file-get", "rss.peak")) == [("warn 5", 5, None), ("error 5", 6, None)]
    of_arrow = limits(project, "arrow-l1-hit-zstd", "rss.peak")
    assert shown(of_arrow) == [("warn 5", 5, None), ("error 8", 1.5, None)]
    assert [one.message for one in of_arrow] == ["", "ask the data team"]
    of_one = limits(project, "arrow-l1-hit", "rss.peak")
    assert shown(of_one) == [("warn 5", 5, None), ("error 11", 1.4, None)]


def test_a_limit_says_where_it_is_set(read_project: Read) -> None:
    _, hard = limits(read_project(TEXT), "arrow-l1-hit-zstd", "rss.peak")
    assert hard.origin is not None
    assert (hard.origin.file, hard.origin.key) == ("memprobe.toml", 'budget."arrow-*".rss.peak.hard')


def test_limits_of_the_scenario_hold_for_what_is_not_named(read_project: Read) -> None:
    project = read_project(TEXT)
    assert shown(limits(project, "arrow-l1-hit", "copies.total")) == [("error own", 1.35, None)]
    # A soft limit takes no hard one away.
    project = read_project('scenarios = ["arrow-l1-hit"]\n[budget."*"]\nrss.peak = { soft = "1.1x" }\n')
    found = limits(project, "arrow-l1-hit", "rss.peak")
    assert shown(found) == [("warn 3", 1.1, None), ("error own", 1.35, None)]


def test_a_limit_is_taken_away(read_project: Read) -> None:
    assert limits(read_project(TEXT), "arrow-l1-hit", "peak.heap") == []
    assert shown(limits(read_project(TEXT), "arrow-l1-hit-zstd", "peak.heap")) == [("error 6", 6, None)]


def test_of_an_array_the_first_that_fits_holds(read_project: Read) -> None:
    found = limits(read_project(TEXT), "arrow-l1-hit", "held.after")
    today = limits_for(found, {"pandas": "3.1.1"})
    assert shown(today) == [("warn 13", None, 200 * 1024), ("error 13", None, 400 * 1024)]
    before = limits_for(found, {"pandas": "2.3.3"})
    assert shown(before) == [("warn 13", None, 200 * 1024), ("error 13", 1, None)]
    # What stands in one line is told apart by its key.
    assert [one.origin.key.rpartition(".held.after")[2] for one in found if one.origin] == [
        "[1].soft",
        "[0].hard",
        "[1].hard",
    ]


def test_a_name_is_more_specific_than_any_pattern() -> None:
    patterns = ["*", "arrow-*", "arrow-l1-*", "*-encrypted", "arrow-l1-hi?", "arrow-l1-hit"]
    assert sorted(patterns, key=specificity) == [
        "*",
        "arrow-*",
        "arrow-l1-*",
        "*-encrypted",
        "arrow-l1-hi?",
        "arrow-l1-hit",
    ]
    assert [is_exact(one) for one in ("a.b", "a?", "[ab]", "a*")] == [True, False, False, False]


def test_two_patterns_that_say_as_much_are_refused_where_both_set_a_limit(read_project: Read) -> None:
    text = """scenarios = ["arrow-l1-hit"]
[budget."arrow*"]
rss.peak = "1x"
[budget."*1-hit"]
rss.anon = "1x"
"""
    project = read_project(text)
    assert shown(limits(project, "arrow-l1-hit", "rss.anon")) == [("error 5", 1, None)]
    project = read_project(text.replace("*1-hit", "*-hit").replace("arrow*", "arro*").replace("anon", "peak"))
    with pytest.raises(ConfigurationError) as refused:
        limits(project, "arrow-l1-hit", "rss.peak")
    assert str(refused.value) == (
        'memprobe.toml:3: budget."arro*".rss.peak and memprobe.toml:5: budget."*-hit".rss.peak are equally '
        "specific for arrow-l1-hit; write a limit below [budget.arrow-l1-hit], or make one pattern longer"
    )


RELATIVE = """
scenarios = ["arrow-l1-hit"]
[budget."*"]
copies.total = "+5%"
peak.heap = { hard = "+5%", floor = "8MiB" }
rss.peak = "+1%"
held.after = "+10MiB"
held.first = "+0.5x"
growth.total = "+50%"
"""
FIGURES = {
    "copies.total": 128 * MIB,
    "peak.heap": 64 * MIB,
    "rss.peak": 64 * MIB,
    "held.after": 0,
    "held.first": 32 * MIB,
    "growth.total": -2 * MIB,
}
BASELINE = Baseline.model_validate(
    {
        "schema_version": 1,
        "environments": {"e": {}},
        "scenarios": {
            "arrow-l1-hit": {"environment": "e", "payload_bytes": 64 * MIB, "metrics_bytes": FIGURES}
        },
    }
)


@pytest.mark.parametrize(
    ("metric", "mib", "text"),
    [
        ("copies.total", 128 + 6.4, "+5% over 2.00x"),
        ("peak.heap", 64 + 8, "+5% over 1.00x"),
        # As much as two measurements of the same thing may differ by, at least.
        ("rss.peak", 64 + 1, "+1% over 1.00x"),
        ("held.after", 10, "+10MiB over 0.00x"),
        ("held.first", 32 + 32, "+0.5x over 0.50x"),
        # A limit below 0 is none.
        ("growth.total", 0, "+50% over -0.03x"),
    ],
)
def test_a_limit_over_the_baseline(read_project: Read, metric: str, mib: float, text: str) -> None:
    (limit,) = limits(read_project(RELATIVE), "arrow-l1-hit", metric, BASELINE)
    assert limit.payloads == pytest.approx(mib / 64)
    assert limit.text == text


def test_without_a_figure_a_relative_limit_is_left_out(read_project: Read) -> None:
    assert limits(read_project(RELATIVE), "arrow-l1-hit", "copies.total") == []


def test_what_holds_is_explained_with_what_it_overrides(read_project: Read) -> None:
    project = read_project(TEXT)
    (scenario,) = project.chosen(("arrow-l1-hit",))
    rows = explained(holding(scenario, project.limits, project.configuration), project.configuration, None)
    found = {(row.metric, row.level): (row.limit, row.set_in, row.instead_of) for row in rows}
    own = "the scenario's own budget"
    assert found["rss.peak", "hard"] == (
        "1.4x",
        "memprobe.toml:11, budget.arrow-l1-hit",
        (
            '1.5x of memprobe.toml:8, budget."arrow-*"',
            '6x of memprobe.toml:5, budget."*"',
            f"1.35x of {own}",
        ),
    )
    assert found["copies.total", "hard"] == ("1.35x", own, ())
    assert found["peak.heap", "hard"][0] == "none"
    assert [row.limit for row in rows if row.metric == "held.after"] == [
        "200KiB",
        "1x for pandas<3",
        "400KiB",
    ]


def test_a_limit_over_the_baseline_is_explained_with_what_it_comes_to(read_project: Read) -> None:
    project = read_project(RELATIVE)
    (scenario,) = project.scenarios
    held = holding(scenario, project.limits, project.configuration)
    with_figures = explained(held, project.configuration, BASELINE.scenarios["arrow-l1-hit"])
    without = explained(held, project.configuration, None)
    assert [row.limit for row in with_figures if row.metric == "copies.total"] == ["2.10x (+5% over 2.00x)"]
    assert [row.limit for row in without if row.metric == "copies.total"] == [
        "+5% over the baseline, which has no figure"
    ]
