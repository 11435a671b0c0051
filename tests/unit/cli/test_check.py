"""``check``: what a project names is measured, and judged by the limits that its configuration sets."""

import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cachekit_memprobe.checking import FILE
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.model import Phase, Run, Step
from cachekit_memprobe.result import Report
from cachekit_memprobe.runstore import RunFolder
from cachekit_memprobe.servers import OwnServers
from tests.golden.reports import TARGET
from tests.golden.whole import assert_golden
from tests.unit.checking import reporting
from tests.unit.cli.conftest import Invoke, Tool

TEXT = """\
[project]
name = "shop"

[tool.cachekit-memprobe]
scenarios = ["arrow-l1-hit", "bytes-file-get"]

[tool.cachekit-memprobe.budget."*"]
rss.peak = { soft = "2x", hard = "2.5x", message = "ask the data team" }

[tool.cachekit-memprobe.budget."arrow-*"]
copies.unwrap = "100KiB"
"""
FIGURES = {"copies.total": 1.0, "peak.heap": 1.0, "rss.peak": 1.0, "copies.unwrap": 0.0}


class Measuring:
    """Answers with the figures that a test asks for, judged by the limits that the command has made."""

    def __init__(self, tool: Tool) -> None:
        self.tool = tool
        self.figures: dict[str, dict[str, float]] = {}
        self.unmeasured: set[str] = set()

    def run(
        self,
        planned: Run,
        folder: RunFolder,
        progress: Callable[[Step], None],
        own_servers: OwnServers,
        ended: object = None,
    ) -> Report:
        self.tool.planned = planned
        progress(Step("arrow-l1-hit", Phase.DONE))
        results = [
            reporting.unmeasured(one)
            if one.name in self.unmeasured
            else reporting.result_of(one, {**FIGURES, **self.figures.get(one.name, {})})
            for one in planned.scenarios
        ]
        return replace(reporting.of(*results, options=planned.options), run=planned, run_folder=folder.path)


@pytest.fixture
def measuring(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> Measuring:
    import cachekit_memprobe

    made = Measuring(tool)
    monkeypatch.setattr(cachekit_memprobe.pipeline, "run", made.run)
    return made


@pytest.fixture
def project(invoke: Invoke) -> Path:
    (Path() / ".git").mkdir()
    Path("pyproject.toml").write_text(TEXT)
    return Path.cwd()


def test_within_its_budget(invoke: Invoke, measuring: Measuring, project: Path) -> None:
    result = invoke("check", "--out", "run")
    assert result.exit_code == 0
    *_, folder, verdict = result.stdout.splitlines()
    assert verdict == "PASS: of 2 scenarios, 2 within budget"
    assert folder == f"run folder: {project / 'run'}"
    assert measuring.tool.planned is not None
    assert [one.name for one in measuring.tool.planned.scenarios] == ["arrow-l1-hit", "bytes-file-get"]


@pytest.mark.parametrize("columns", [80, 120])
def test_each_breach_is_said_with_the_line_that_sets_its_limit(
    invoke: Invoke, measuring: Measuring, project: Path, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    measuring.figures = {
        "arrow-l1-hit": {"rss.peak": 3.0, "copies.unwrap": 1.0},
        "bytes-file-get": {"rss.peak": 2.2},
    }
    result = invoke("check", "--out", "run")
    assert result.exit_code == 1
    assert_golden(result.stdout.replace(f"{project}/", ""), f"check-{columns}")


def test_over_a_soft_limit_is_a_warning(invoke: Invoke, measuring: Measuring, project: Path) -> None:
    measuring.figures = {"bytes-file-get": {"rss.peak": 2.2}}
    result = invoke("check", "bytes-*")
    assert result.exit_code == 0
    assert "bytes-file-get: rss.peak is over its soft limit" in result.stdout
    assert "1 warning" in result.stdout.splitlines()[-1]


def test_what_could_not_be_measured_outweighs_a_breach(
    invoke: Invoke, measuring: Measuring, project: Path
) -> None:
    measuring.figures = {"arrow-l1-hit": {"rss.peak": 3.0}}
    measuring.unmeasured = {"bytes-file-get"}
    result = invoke("check")
    assert result.exit_code == 3
    assert "bytes-file-get: could not be measured" in result.stdout
    assert "the process died" in result.stdout


def test_the_whole_report_is_shown_when_it_is_asked_for(
    invoke: Invoke, measuring: Measuring, project: Path
) -> None:
    assert "budget " in invoke("check", "--full", "arrow-*").stdout
    assert invoke("check", "-q", "arrow-*").stdout.startswith("arrow-l1-hit: PASS")


def test_other_formats_have_where_a_limit_is_set_and_how_to_measure_again(
    invoke: Invoke, measuring: Measuring, project: Path
) -> None:
    Path("ci.toml").write_text('scenarios = ["arrow-l1-hit"]\n[budget."*"]\nrss.peak = "0.5x"\n')
    options = ("--quick", "--config", "ci.toml", "--json", "-", "--markdown", "check.md")
    result = invoke("check", "arrow-*", *options)
    assert result.exit_code == 1
    assert '"file": "ci.toml",' in result.stdout
    assert '"key": "budget.\\"*\\".rss.peak"' in result.stdout
    command = "cachekit-memprobe check 'arrow-*' --config ci.toml --cachekit 0.9.1 --quick"
    assert command in Path("check.md").read_text()


def test_the_configuration_says_which_cachekit_unless_the_command_line_does(
    invoke: Invoke, measuring: Measuring, project: Path
) -> None:
    more = 'cachekit = "0.10.0"\nwith = ["pandas==2.3.3"]\n'
    text = TEXT.replace("scenarios =", f"{more}scenarios =")
    Path("pyproject.toml").write_text(text)
    tool = measuring.tool
    invoke("check")
    assert (tool.resolved[-1], tool.extras) == (("0.10.0", None), ("pandas==2.3.3",))
    invoke("check", "--cachekit", "0.9.1")
    assert (tool.resolved[-1], tool.extras) == (("0.9.1", None), ("pandas==2.3.3",))
    invoke("check", "--cachekit", "installed")
    assert (tool.resolved[-1], tool.extras) == (("installed", None), ())
    invoke("check", "--python", "bin/python")
    assert (tool.resolved[-1], tool.extras) == (("installed", Path("bin/python")), ())
    invoke("check", "--with", "pandas==2.2.3")
    assert (tool.resolved[-1], tool.extras) == (("0.10.0", None), ("pandas==2.2.3",))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("nothing-*",),
            "pyproject.toml has no scenario 'nothing-*'; it checks arrow-l1-hit, bytes-file-get",
        ),
        (("--explain", "--tighten"), "--explain and --tighten can't be given together; give one of them"),
        (("--bisect", "--update-baseline"), "--update-baseline and --bisect can't be given together"),
        (("--tighten", "arrow-*"), "--tighten: a limit may hold for several scenarios, so that all of them"),
        (("--headroom", "5"), "Invalid value for '--headroom': '5' is not a percentage; write it like 5%"),
        (("--config", "nothing.toml"), "nothing.toml: expected a file that can be read"),
    ],
)
def test_what_can_not_be_done(
    invoke: Invoke, measuring: Measuring, project: Path, options: tuple[str, ...], message: str
) -> None:
    result = invoke("check", *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert measuring.tool.planned is None


def test_without_a_configuration_one_is_shown(invoke: Invoke, measuring: Measuring) -> None:
    Path(".git").mkdir()
    result = invoke("check")
    assert result.exit_code == 2
    assert "there is no configuration" in result.stderr
    assert '[tool.cachekit-memprobe.budget."*"]' in result.stderr


@pytest.mark.parametrize("columns", [80, 120])
def test_explained(
    invoke: Invoke, measuring: Measuring, project: Path, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    result = invoke("check", "--explain")
    assert result.exit_code == 0
    assert measuring.tool.resolved == []
    assert_golden(result.stdout, f"check-explained-{columns}")


RELATIVE = TEXT.replace('"100KiB"', '"+5%"')


def test_a_baseline_is_written_and_judged_by(invoke: Invoke, measuring: Measuring, project: Path) -> None:
    Path("pyproject.toml").write_text(RELATIVE)
    refused = invoke("check")
    assert refused.exit_code == 2
    assert (
        'pyproject.toml:11: tool.cachekit-memprobe.budget."arrow-*".copies.unwrap: +5% is over'
        in refused.stderr
    )
    assert measuring.tool.planned is None
    written = invoke("check", "--update-baseline")
    assert written.exit_code == 0
    assert written.stderr.splitlines()[-1] == f"{FILE} has new figures of arrow-l1-hit, bytes-file-get"
    assert invoke("check").exit_code == 0
    measuring.figures = {"arrow-l1-hit": {"copies.unwrap": 0.02}}
    over = invoke("check", "arrow-*")
    assert over.exit_code == 1
    assert "expected     at most 0.02x, 1.0 MiB (+5% over 0.00x)" in over.stdout
    measuring.tool.target = replace(TARGET, versions={**TARGET.versions, "pandas": "3.2.0"})
    assert "the baseline was measured with pandas 3.1.1, now 3.2.0" in invoke("check", "arrow-*").stdout


def test_a_baseline_of_its_own_is_called_as_it_was_given(
    invoke: Invoke, measuring: Measuring, project: Path
) -> None:
    """A stranger reads which file it is, and a command that can be pasted."""
    Path("pyproject.toml").write_text(RELATIVE)
    given = ("--baseline", "of mine.json")
    written = invoke("check", "--update-baseline", *given)
    assert written.stderr.splitlines()[-1] == "of mine.json has new figures of arrow-l1-hit, bytes-file-get"
    assert "baseline       of mine.json, of 2 scenarios\n" in invoke("check", "--explain", *given).stdout
    Path("of mine.json").write_text(Path("of mine.json").read_text().replace("67108864", "6710886"))
    refused = invoke("check", *given)
    assert refused.exit_code == 2
    assert "of mine.json: arrow-l1-hit: its value had " in refused.stderr
    remedy = "measure it anew: cachekit-memprobe check --update-baseline --baseline 'of mine.json'"
    assert remedy in refused.stderr
    assert FILE not in written.stderr + refused.stderr


def test_a_baseline_of_some_scenarios_keeps_the_others(
    invoke: Invoke, measuring: Measuring, project: Path
) -> None:
    invoke("check", "--update-baseline")
    before = Path(FILE).read_text()
    measuring.figures = {"arrow-l1-hit": {"rss.peak": 1.5}, "bytes-file-get": {"rss.peak": 1.5}}
    invoke("check", "--update-baseline", "arrow-*")
    assert [line for line in Path(FILE).read_text().splitlines() if line not in before.splitlines()] == [
        '        "rss.peak": 100663296,'
    ]
    # What can't be read is not guessed at, but for all of it.
    Path(FILE).write_text("{")
    assert invoke("check", "--update-baseline", "arrow-*").exit_code == 2
    assert invoke("check", "--update-baseline").exit_code == 0
    assert Path(FILE).read_text() != "{"


def test_what_is_unmeasured_is_in_no_baseline(invoke: Invoke, measuring: Measuring, project: Path) -> None:
    measuring.unmeasured = {"arrow-l1-hit", "bytes-file-get"}
    result = invoke("check", "--update-baseline")
    assert result.exit_code == 3
    assert not Path(FILE).exists()
    assert f"arrow-l1-hit could not be measured, and {FILE} is left as it is there" in result.stderr


def test_limits_are_tightened_in_place(invoke: Invoke, measuring: Measuring, project: Path) -> None:
    Path("pyproject.toml").chmod(0o640)
    result = invoke("check", "--tighten")
    assert result.exit_code == 0
    assert result.stderr.splitlines()[-1].endswith("rss.peak.hard: 2.5x -> 1.57x (arrow-l1-hit: 1.00x)")
    expected = TEXT.replace('soft = "2x", hard = "2.5x"', 'soft = "1.07x", hard = "1.57x"')
    assert Path("pyproject.toml").read_text() == expected
    assert stat.S_IMODE(os.stat("pyproject.toml").st_mode) == 0o640
    again = invoke("check", "--tighten")
    assert again.stderr.splitlines()[-1] == "no limit can be lowered"


def test_the_mark_of_an_editor_stays(invoke: Invoke, measuring: Measuring, project: Path) -> None:
    Path("pyproject.toml").write_text("\ufeff" + TEXT)
    invoke("check", "--tighten")
    assert Path("pyproject.toml").read_text().startswith("\ufeff[project]")
    assert "1.57x" in Path("pyproject.toml").read_text()


def test_nothing_is_tightened_by_half(invoke: Invoke, measuring: Measuring, project: Path) -> None:
    measuring.unmeasured = {"bytes-file-get"}
    result = invoke("check", "--tighten")
    assert result.exit_code == 3
    assert result.stderr.splitlines()[-1] == "no limit is lowered, since not everything could be measured"
    assert Path("pyproject.toml").read_text() == TEXT


def test_a_file_that_was_changed_meanwhile_is_left_alone(
    invoke: Invoke, measuring: Measuring, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import cachekit_memprobe

    def run(*args: object, **options: object) -> Report:
        Path("pyproject.toml").write_text(f"# mine\n{TEXT}")
        return measuring.run(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(cachekit_memprobe.pipeline, "run", run)
    result = invoke("check", "--tighten")
    assert result.exit_code == 2
    assert (
        "pyproject.toml was changed while it was measured, and is left as it is; run it again"
        in result.stderr
    )
    assert Path("pyproject.toml").read_text() == f"# mine\n{TEXT}"


def test_what_has_no_cachekit_is_unmeasured(invoke: Invoke, measuring: Measuring, project: Path) -> None:
    measuring.tool.error, measuring.tool.fails = CouldNotMeasure("cachekit isn't installed"), "resolve"
    result = invoke("check")
    assert result.exit_code == 3
    assert "error: cachekit isn't installed" in result.stderr
