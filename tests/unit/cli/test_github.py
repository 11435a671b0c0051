"""What a job on GitHub gets besides what everybody gets."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from cachekit_memprobe.model import Origin
from cachekit_memprobe.report import github
from tests.golden.reports import L1_HIT, UNMEASURED, report_of
from tests.unit.cli.conftest import Invoke, Tool

LIMIT = replace(L1_HIT.budgets[0], origin=Origin("memprobe.toml", 4, "budget"))
OVER = report_of(replace(L1_HIT, budgets=(LIMIT,)))
ANNOTATION = "::error file=memprobe.toml,line=4,title=arrow-l1-hit%3A copies.unwrap 1.00x over 0.30x::"


@pytest.fixture
def summary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(file))
    return file


def test_a_run_tells_github_if_it_is_asked_to(invoke: Invoke, tool: Tool, summary: Path) -> None:
    tool.report = OVER
    summary.write_text("what another command has written\n")
    result = invoke("run", "arrow-l1-hit", "--github")
    assert result.exit_code == 1
    assert ANNOTATION in result.stdout
    assert summary.read_text().startswith("what another command has written\n### FAIL")


@pytest.mark.parametrize("options", [(), ("--no-github",)])
def test_a_run_does_not_by_itself(
    invoke: Invoke, tool: Tool, summary: Path, options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    tool.report = OVER
    assert "::" not in invoke("run", "arrow-l1-hit", *options).stdout
    assert not summary.exists()


def test_what_is_shown_is_no_command(invoke: Invoke, tool: Tool) -> None:
    hostile = "::add-mask::PASS"
    tool.report = report_of(replace(UNMEASURED, reason=f"it ended with\n  {hostile}"))
    lines = invoke("run", "arrow-l1-hit", "--github").stdout.splitlines()
    stopped, *_ = (line for line in lines if line.startswith("::stop-commands::"))
    again = f"::{stopped.rpartition('::')[2]}::"
    shown = next(number for number, line in enumerate(lines) if hostile in line)
    assert lines.index(stopped) < shown < lines.index(again)
    assert not any(
        hostile in line for line in lines[lines.index(again) :] if line.lstrip().startswith(hostile)
    )


def test_what_is_on_stdout_stays_in_its_format(invoke: Invoke, tool: Tool) -> None:
    tool.report = OVER
    result = invoke("run", "arrow-l1-hit", "--github", "--json", "-")
    assert json.loads(result.stdout)["results"][0]["verdict"] == "fail"
    assert ANNOTATION in result.stderr


def test_a_summary_that_can_not_be_written_is_no_verdict(
    invoke: Invoke, tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "no/such/folder/summary.md")
    result = invoke("run", "arrow-l1-hit", "--github")
    assert result.exit_code == 0
    assert "the job's summary can't be written: no/such/folder/summary.md: No such file" in " ".join(
        result.stderr.split()
    )


def test_a_summary_without_room_is_said(
    invoke: Invoke, tool: Tool, summary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(github, "SUMMARY_BYTES", 5)
    result = invoke("run", "arrow-l1-hit", "--github")
    assert "the job's summary has no room for the report" in " ".join(result.stderr.split())
    assert summary.read_text() == ""
