"""Names, versions and numbers that nobody means: a sentence, exit code 2, nothing that a terminal acts on."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cachekit_memprobe.cli import main
from cachekit_memprobe.cli.boundary import run as run_program
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.report.json import to_json
from cachekit_memprobe.scenario import load_scenario
from cachekit_memprobe.target import resolve
from tests.golden.reports import FILE_MAP, report_of
from tests.unit.cli.conftest import Invoke, Tool

HOSTILE = "a\n\x1b[31m\x9b1m\u202e"
DIGITS = "9" * 5000
TOO_LONG = "a" * 5000
NAMES = ["a\0b", "~nosuchuser/a", TOO_LONG, f"{'a/' * 3000}a", f"missing/{HOSTILE}", "\udcff/a"]


def refused(invoke: Invoke, *arguments: str) -> str:
    """What is said of a command line that can't be used."""
    result = invoke(*arguments)
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    for line in result.stderr.splitlines():
        assert line.isprintable()
    assert len(result.stderr.splitlines()) <= 25
    assert "Traceback" not in result.output
    return result.stderr


@pytest.mark.parametrize("name", NAMES, ids=ascii)
@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "{}.toml"],
        ["run", "--payload", "{}.csv"],
        ["run", "--payload", "good.npy", "--save-scenario", "{}.toml"],
        ["run", "arrow-l1-hit", "--json", "{}/report.json"],
        ["report", "{}"],
        ["report", "{}", "--json", "-"],
        ["show", "{}.toml"],
        ["init", "{}.toml"],
    ],
    ids=" ".join,
)
def test_no_name_is_more_than_a_wrong_one(
    invoke: Invoke, tool: Tool, arguments: list[str], name: str
) -> None:
    np.save("good.npy", np.arange(3.0))
    refused(invoke, *(argument.replace("{}", name) for argument in arguments))


@pytest.mark.parametrize("name", ["a\0b", TOO_LONG])
@pytest.mark.parametrize(
    "arguments", [["run", "--out", "{}"], ["run", "arrow-l1-hit", "--json", "{}"]], ids=" ".join
)
def test_what_could_not_be_written_is_refused_before_anything_is_measured(
    invoke: Invoke, tool: Tool, arguments: list[str], name: str
) -> None:
    refused(invoke, *(argument.replace("{}", name) for argument in arguments))
    assert tool.folder is None


@pytest.mark.parametrize(
    "option",
    [
        ["--size", DIGITS],
        ["--size", f"{DIGITS}MB"],
        ["--size", "1e400%"],
        ["--size", "nan%"],
        ["--size", f"{DIGITS}%"],
        ["--size", "64MB,128MB", "--predict", DIGITS],
        ["--size", "64MB,128MB", "--predict", f"{DIGITS}GB"],
        ["--budget", f"rss.peak={DIGITS}x"],
        ["--budget", "rss.peak=1e400x"],
        ["--budget", "rss.peak=1e308x"],
        ["--budget", "rss.peak=NaNx"],
        ["--budget", "rss.peak=infx"],
        ["--budget", f"rss.peak={DIGITS}MB"],
        ["--matrix", f"columns={DIGITS},1"],
        ["--matrix", f"readers={'9' * 17},1"],
        ["--reads", DIGITS],
        ["--repeat", "9" * 30],
        ["--jobs", "9" * 400],
        ["--workers", "9" * 400],
        ["--timeout", "1e300"],
        ["--timeout", "nan"],
        ["--timeout", DIGITS],
        ["--memcached-servers", f"host:{DIGITS}"],
        ["--redis-url", f"redis://host:{DIGITS}"],
        ["--env", f"{'A' * 5000}-=1"],
        ["--env", f"{HOSTILE}=1"],
        ["--matrix", f"{HOSTILE}=1,2"],
        ["--matrix", f"env.{HOSTILE}=1,2"],
        ["--stage", f"{HOSTILE}=a:b"],
        [f"--{HOSTILE}"],
    ],
    ids=lambda option: " ".join(option)[:30].encode("unicode_escape").decode(),
)
def test_numbers_and_words_of_any_length_are_refused(invoke: Invoke, tool: Tool, option: list[str]) -> None:
    # Some of these quote the whole word.
    assert len(refused(invoke, "run", "arrow-l1-hit", *option)) < 5500
    assert tool.folder is None


@pytest.mark.parametrize(
    ("spec", "extras"),
    [
        (DIGITS, ()),
        (f"=={DIGITS}", ()),
        (f"0.{DIGITS}.0", ()),
        ("~nosuchuser/cachekit", ()),
        (f"./{TOO_LONG}", ()),
        ("./a\0b", ()),
        ("a\0b", ()),
        (f"./{HOSTILE}", ()),
        (f"git+https://{HOSTILE}", ()),
        ("0.9.1", (f"pandas=={DIGITS}",)),
        ("0.9.1", (HOSTILE,)),
    ],
    ids=lambda value: str(value)[:20].encode("unicode_escape").decode(),
)
def test_releases_and_requirements_of_any_length_are_refused(
    spec: str, extras: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        resolve(spec, extras=extras)
    assert str(caught.value).isprintable()


def test_what_is_pasted_is_quoted_for_the_shell(invoke: Invoke, tool: Tool) -> None:
    folder = Path(f"it's {HOSTILE}")
    folder.mkdir()
    result = invoke("init", str(folder / "mine.toml"))
    assert result.exit_code == 0
    assert result.stdout.endswith(
        r"run it with: cachekit-memprobe run $'it\'s a\x0a\x1b[31m\u009b1m\u202e/mine.toml'" + "\n"
    )
    assert load_scenario(folder / "mine.toml").budget
    result = invoke("run", str(folder / "mine.toml"), "--out", str(folder / "run"))
    assert result.exit_code == 0
    assert all(line.isprintable() for line in result.stdout.splitlines())
    assert r"x1b[31m\u009b1m\u202e/run'" in result.stdout.replace("\n", "")


def test_a_scenario_of_data_in_a_folder_with_a_line_break_is_what_it_says(invoke: Invoke, tool: Tool) -> None:
    folder = Path("a\nsummary = 1")
    folder.mkdir()
    np.save("data.npy", np.arange(3.0))
    saved = folder / "mine.toml"
    assert invoke("run", "--payload", "data.npy", "--save-scenario", str(saved)).exit_code == 0
    assert os.path.samefile(load_scenario(saved).value.file, "data.npy")


def test_data_whose_path_can_not_be_shown_is_refused_with_a_remedy(invoke: Invoke) -> None:
    np.save(f"{HOSTILE}.npy", np.arange(3.0))
    said = refused(invoke, "run", "--payload", f"{HOSTILE}.npy")
    assert r"'a\n\x1b[31m\x9b1m\u202e.npy': expected a path of characters that can be shown; rename" in said


def test_a_pipe_is_not_written_to_in_place_of_a_file(invoke: Invoke) -> None:
    os.mkfifo("memprobe-scenario.toml")
    assert "memprobe-scenario.toml is no file" in refused(invoke, "init", "--force")


def test_options_that_do_not_exist_are_told_without_escapes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["cachekit-memprobe", "run", f"--{HOSTILE}"])
    with pytest.raises(SystemExit, match="2"):
        run_program(main)
    assert all(line.isprintable() for line in capsys.readouterr().err.splitlines())


def test_json_has_nothing_that_a_terminal_acts_on_and_stays_the_same() -> None:
    words = f"{HOSTILE} \x7f \u2028 größe \U000e0041 \\u009b"
    report = report_of(FILE_MAP)
    report = replace(report, results=(replace(report.results[0], reason=words),))
    text = to_json(report)
    assert text.replace("\n", "").isprintable()
    assert "größe" in text
    assert json.loads(text)["results"][0]["reason"] == words
