"""What a shell is offered."""

import shlex
from pathlib import Path

import pytest
from click.shell_completion import CompletionItem, ShellComplete

from cachekit_memprobe.cli import COMMANDS, main
from cachekit_memprobe.cli.completion import SHELLS, script
from cachekit_memprobe.metrics import NAMES
from cachekit_memprobe.scenario import bundled_names
from tests.unit.cli.conftest import Invoke


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With two runs, and environments of two releases and of a source tree."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("CACHEKIT_MEMPROBE_CACHE_DIR", str(tmp_path / "cache"))
    for name in ("20260101T000000Z-0123ab", "20261125T120000Z-0123ab"):
        folder = tmp_path / "state/cachekit-memprobe/runs" / name
        folder.mkdir(parents=True)
        (folder / "run.json").write_text("{}")
    for name in (
        "cachekit-0.9.1-cpython-3.11.7",
        "cachekit-0.10.0-cpython-3.11.7",
        "cachekit-local-cpython-3",
    ):
        (tmp_path / "cache/environments" / name).mkdir(parents=True)
    return tmp_path


def items(line: str) -> list[CompletionItem]:
    """What is offered for the last word of a line."""
    *words, incomplete = shlex.split(line) if not line.endswith(" ") else [*shlex.split(line), ""]
    return ShellComplete(main, {}, "cachekit-memprobe", "_X").get_completions(words, incomplete)


def offered(line: str) -> list[str]:
    return [item.value for item in items(line)]


def test_commands_with_what_they_do() -> None:
    assert {item.value: item.help for item in items(" ")} == dict(COMMANDS)
    assert offered("ru") == ["run", "runs"]
    assert offered("runs pr") == ["prune"]
    assert offered("--ver") == ["--version"]


def test_options() -> None:
    assert offered("run --cache") == ["--cachekit"]


@pytest.mark.parametrize("command", ["run", "run json-l1-hit", "show", "list", "compare last last"])
def test_scenarios(command: str) -> None:
    assert offered(f"{command} arrow-file-m") == ["arrow-file-mmap"]
    assert offered(f"{command} ") == [*bundled_names()]


@pytest.mark.parametrize(
    "line", ["run ./che", "show nothing", "report che", "run --payload da", "run --cachekit ./"]
)
def test_files_where_nothing_else_is_meant(line: str) -> None:
    (item,) = items(line)
    assert (item.type, item.value) == ("file", shlex.split(line)[-1])


@pytest.mark.parametrize("command", ["report", "runs export figures.parquet"])
def test_runs(command: str) -> None:
    newest_first = ["last", "last~1", "20261125T120000Z-0123ab", "20260101T000000Z-0123ab"]
    assert offered(f"{command} ") == newest_first
    assert offered(f"{command} 2026") == newest_first[2:]


def test_the_only_run_has_none_before(machine: Path) -> None:
    (machine / "state/cachekit-memprobe/runs/20260101T000000Z-0123ab/run.json").unlink()
    assert offered("report last") == ["last"]


def test_releases_that_have_an_environment_here() -> None:
    for command in ("run", "doctor"):
        assert offered(f"{command} --cachekit ") == ["installed", "latest", "0.10.0", "0.9.1"]
    assert offered("compare 0.") == ["0.10.0", "0.9.1"]
    assert offered("compare 0.9.1 la") == ["last", "last~1", "latest"]


def test_without_environments_there_are_those_that_need_none(machine: Path) -> None:
    (machine / "cache/environments").rename(machine / "elsewhere")
    assert offered("run --cachekit ") == ["installed", "latest"]


def test_metrics_as_the_option_takes_them() -> None:
    assert offered("run --budget rss.pe") == ["rss.peak=", "rss.peak_per_reader="]
    assert offered("compare last last --fail-on copies.unw") == ["copies.unwrap:"]
    assert offered("run --sort sto") == ["stored"]
    assert set(offered("report last --sort ")) == {"stored", *NAMES}


def test_what_can_be_explained() -> None:
    assert offered("explain MEM00") == [f"MEM00{number}" for number in range(1, 10)]
    assert offered("explain unw") == ["unwrap"]
    assert offered("explain verbatim.d") == ["verbatim.decrypt", "verbatim.decompress", "verbatim.decode"]


def test_instruments_after_a_comma_too() -> None:
    assert offered("run --instrument r") == ["rss", "retention"]
    assert offered("run --instrument rss,me") == ["rss,memray"]
    assert offered("run --instrument rss,r") == ["rss,retention"]


def test_keys_and_stages() -> None:
    assert offered("run --matrix compr") == ["compression="]
    assert offered("run --stage unw") == ["unwrap="]


def test_what_fails_offers_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "a-file"))
    (tmp_path / "a-file").write_text("no folder")
    assert offered("explain zzz") == []
    assert offered("report last arrow") == []


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_of_a_shell(invoke: Invoke, shell: str) -> None:
    result = invoke("completion", shell)
    assert result.exit_code == 0
    assert result.stdout == script(shell)
    assert f"_CACHEKIT_MEMPROBE_COMPLETE={shell}_complete" in result.stdout
    # What is changed in click's was there to be changed.
    changed = {
        "bash": ["compopt -o nospace"],
        "zsh": ["joined=(-S '')", '-U "${joined[@]}"'],
        "fish": ["--max 1"],
    }
    assert all(piece in result.stdout for piece in changed[shell])
    assert shell != "zsh" or result.stdout.count('"${joined[@]}"') == 2


def test_another_shell_is_a_usage_error(invoke: Invoke) -> None:
    assert invoke("completion", "tcsh").exit_code == 2
