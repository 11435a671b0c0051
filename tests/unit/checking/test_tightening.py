"""Limits go down to what is reached, and the rest of the file stays as it is, to the character."""

from pathlib import Path

import pytest

from cachekit_memprobe.checking import (
    ConfigurationError,
    holding,
    judged,
    project_of,
    tightened,
    with_lowered,
)
from cachekit_memprobe.checking.configuration import find
from cachekit_memprobe.checking.tightening import Tightened
from cachekit_memprobe.result import Report
from tests.unit.checking import reporting
from tests.unit.checking.reporting import result_of

TEXT = """# The budgets of the shop.
[tool.cachekit-memprobe] # keep "5x" here
scenarios = ["arrow-l1-hit", "arrow-l1-hit-zstd",
    "bytes-file-get"]

[tool.cachekit-memprobe.budget."*"]
rss.peak   =   "5x"   # rss.peak = "5x"
'peak.heap' = '400MiB'
copies.total = "+5%"

[tool.other]
rss.peak = "5x"

[tool.cachekit-memprobe.budget."arrow-*"]
"rss.peak" = { soft = "1.5x", hard = "1.7x", message = "was 1.5x" }  # 1.7x
held.after = [
    { hard = "9x", when = "pandas<3" },
    "2.5MiB", # by far
]
"""


def lowered(
    folder: Path, text: str, figures: dict[str, dict[str, float]], headroom: float = 0.05
) -> tuple[list[Tightened], str]:
    """What is lowered when the scenarios come to these figures, and the file then."""
    (folder / "pyproject.toml").write_text(text)
    project = project_of(find(folder))
    configuration = project.configuration
    held = {one.name: holding(one, project.limits, configuration) for one in project.scenarios}
    results = [
        result_of(judged(one, held[one.name], configuration, None), figures[one.name])
        for one in project.scenarios
        if one.name in figures
    ]
    report: Report = reporting.of(*results)
    found = tightened(project.limits, held, report, configuration, headroom)
    return list(found), with_lowered(configuration, found)


REACHED = {
    "arrow-l1-hit": {"rss.peak": 1.0, "peak.heap": 1.0, "held.after": 0.0},
    "arrow-l1-hit-zstd": {"rss.peak": 1.2, "peak.heap": 2.0, "held.after": 0.01},
    "bytes-file-get": {"rss.peak": 3.0, "peak.heap": 3.0},
}


def test_a_limit_goes_down_to_what_the_largest_of_its_scenarios_needs(project_folder: Path) -> None:
    found, text = lowered(project_folder, TEXT, REACHED)
    assert [one.words for one in found] == [
        'pyproject.toml:7: tool.cachekit-memprobe.budget."*".rss.peak: 5x -> 3.17x (bytes-file-get: 3.00x)',
        'pyproject.toml:8: tool.cachekit-memprobe.budget."*"."peak.heap": 400MiB -> 203MiB '
        "(bytes-file-get: 3.00x)",
        'pyproject.toml:15: tool.cachekit-memprobe.budget."arrow-*"."rss.peak".soft: 1.5x -> 1.28x '
        "(arrow-l1-hit-zstd: 1.20x)",
        'pyproject.toml:15: tool.cachekit-memprobe.budget."arrow-*"."rss.peak".hard: 1.7x -> 1.48x '
        "(arrow-l1-hit-zstd: 1.20x)",
        'pyproject.toml:18: tool.cachekit-memprobe.budget."arrow-*".held.after[1]: 2.5MiB -> 1.7MiB '
        "(arrow-l1-hit-zstd: 0.01x)",
    ]
    expected = (
        TEXT.replace('rss.peak   =   "5x"', 'rss.peak   =   "3.17x"')
        .replace("'400MiB'", "'203MiB'")
        .replace('soft = "1.5x", hard = "1.7x"', 'soft = "1.28x", hard = "1.48x"')
        .replace('"2.5MiB"', '"1.7MiB"')
    )
    assert text == expected


def test_what_was_lowered_once_stays(project_folder: Path) -> None:
    _, text = lowered(project_folder, TEXT, REACHED)
    assert lowered(project_folder, text, REACHED) == ([], text)


def test_no_limit_is_raised(project_folder: Path) -> None:
    figures = {name: dict.fromkeys(of_it, 8.0) for name, of_it in REACHED.items()}
    assert lowered(project_folder, TEXT, figures) == ([], TEXT)


def test_a_limit_of_which_a_scenario_is_missing_stays(project_folder: Path) -> None:
    figures = {name: of_it for name, of_it in REACHED.items() if name != "bytes-file-get"}
    found, _ = lowered(project_folder, TEXT, figures)
    assert [one.limit.pattern for one in found] == ["arrow-*"] * 3


def test_headroom_is_a_share_of_what_is_reached(project_folder: Path) -> None:
    found, _ = lowered(project_folder, TEXT, REACHED, headroom=0.5)
    assert [one.after.text for one in found] == ["4.52x", "289MiB", "2MiB"]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_ends_of_lines_stay(project_folder: Path, newline: str) -> None:
    text = TEXT.replace("\n", newline)
    (project_folder / "pyproject.toml").write_bytes(text.encode())
    project = project_of(find(project_folder))
    assert project.configuration.text == text
    assert with_lowered(project.configuration, ()) == text


def test_a_limit_that_is_written_with_escapes_is_left_to_its_author(project_folder: Path) -> None:
    text = 'tool.cachekit-memprobe.scenarios = ["arrow-l1-hit"]\n[tool.cachekit-memprobe.budget."*"]\n'
    text += 'rss.peak = "\\u0035x"\n'
    with pytest.raises(ConfigurationError) as refused:
        lowered(project_folder, text, {"arrow-l1-hit": {"rss.peak": 1.0}})
    assert str(refused.value) == (
        'pyproject.toml:3: tool.cachekit-memprobe.budget."*".rss.peak: it can\'t be changed as it is written'
        '; write it like "5x"'
    )
