"""The command that a report says measures the same again: that it does, read by the real command line."""

import json
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.model import Run
from cachekit_memprobe.report.private import without_source
from cachekit_memprobe.report.words import command_words
from cachekit_memprobe.result import Report
from cachekit_memprobe.runstore import RunFolder
from cachekit_memprobe.scenario import bundled_names
from tests.golden.reports import TARGET, UNMEASURED, report_of
from tests.unit.cli.conftest import Invoke, Tool
from tests.unit.runstore.made import edit

OWN = """
summary = "mine"
[value]
kind = "dataframe"
size = "8MiB"
columns = 4
[cache]
serializer = "arrow"
compression = "none"
l1 = true
[read]
tier = "l1"
route = "memory"
[env]
MY_OWN = "1"
[budget]
rss.peak = "3x"
"""
CSV = "a,b\n1,2\n"

COMMANDS = [
    "run",
    "run arrow-l1-hit",
    "run 'arrow-*' json-l1-hit",
    "run 'arrow-*' --size 8MB",
    "run arrow-l1-hit --size 50%",
    "run mine.toml folder/other.toml arrow-l1-hit --size 32MiB",
    "run ./elsewhere/plain",
    "run arrow-l1-hit --size 16MB,32MB,64MB --predict 2GB --predict 1234567890,100000000",
    "run arrow-l1-hit --matrix compression=none,zstd --matrix tier=l1,l2 --sort stored --workers 50",
    "run arrow-l1-hit --matrix route=map --size 16MB --budget rss.peak=1.3x --sort rss.peak",
    "run arrow-l1-hit --matrix serializer=arrow,orjson --size 16MB,32MB",
    "run mine.toml --matrix env.CACHEKIT_L1_ENABLED=unset,1",
    "run arrow-l1-hit --as-deployed --matrix env.MALLOC_ARENA_MAX=unset,2 --env PYTHONMALLOC=malloc",
    "run arrow-l1-hit --workers 7",
    "run arrow-l1-hit --budget rss.peak=0.1234567x --budget copies.total=10MB --budget peak.heap=1234567B",
    "run arrow-l1-hit mine.toml --env CACHEKIT_L1_MAX_SIZE_MB='a  b' --env CACHEKIT_X=",
    "run arrow-l1-hit --quick",
    "run arrow-l1-hit --instrument memray --instrument aliasing --stage unwrap=cachekit.x:f",
    "run arrow-l1-hit --reads 3 --repeat 4 --timeout 77 --jobs 3 --isolation fresh --as-deployed",
    "run arrow-l1-hit --timeout 1.5 --isolation fork",
    "run --payload prices.csv",
    "run --payload 'folder/my own  data.csv' --tier l2 --route map --backend file --budget rss.peak=2x",
    "run --payload prices.csv --serializer arrow --tier l2 --route get --backend redis --compression zstd "
    "--encryption on",
    "run --payload prices.csv --encryption off --serializer auto --env MY_LEVEL=(fill) --size 200%",
    "run --payload prices.csv --size 50%,100%,200% --predict 5000000 --predict 2GB --workers 3",
    "run --payload prices.csv --matrix tier=l1,l2 --matrix compression=none,lz4 --budget rss.peak=2x",
    "run --payload prices.csv --route map --matrix serializer=arrow,auto",
    "run --call shop.orders:load_orders",
    "run --call shop.orders:Repo.load --arg 2026-11-24 --arg=-5 --arg '[1, {\"a\": null}]' --arg '\"7\"' "
    "--kwarg region=eu --kwarg 'rows=1e3' --setup shop.testing:prepare --tier l2 --backend-override redis",
    "run --call orders:load --arg 'a  b' --arg '$HOME' --use-own-cache --tier l1 --budget rss.peak=2x",
    "run --call orders:load --env CACHEKIT_ARROW_COMPRESSION=zstd --instrument memray",
    "run called.toml --allow-code",
]


@pytest.fixture(autouse=True)
def files(invoke: Invoke) -> None:
    """In the working folder, and some in others, whose names are all that a run keeps of them."""
    for folder in ("folder", "elsewhere"):
        Path(folder).mkdir()
    for name in ("mine.toml", "elsewhere/plain", "folder/other.toml"):
        Path(name).write_text(OWN)
    Path("called.toml").write_text('[value]\ncall = "shop.orders:load"\nargs = [1]\n[read]\nreaders = 3\n')
    for name in ("prices.csv", "folder/my own  data.csv"):
        Path(name).write_text(CSV)


@pytest.fixture
def planned(invoke: Invoke, tool: Tool) -> Callable[[str], Run]:
    """What a command line, without the program's name, would measure."""

    def plan(command: str) -> Run:
        answer = invoke(*shlex.split(command))
        assert answer.exit_code == 0, answer.output
        assert tool.planned is not None
        return tool.planned

    return plan


def saved(run: Run, path: Path, change: Callable[[Any], object] | None = None) -> Report:
    """The report of a folder that has the run, whose ``run.json`` was changed after that."""
    folder = RunFolder.create(path)
    folder.save_run(run)
    if change is not None:
        edit(path / "run.json", change)
    loaded, measurements = RunFolder.open(path).load()
    results = [replace(UNMEASURED, scenario=one.scenario, reason=one.reason) for one in measurements]
    loaded = replace(loaded, scenarios=tuple(one.scenario for one in results))
    return replace(report_of(*results), run=loaded)


def without_request(document: Any) -> None:
    """As an earlier release saved it."""
    del document["request"]


def moved_here() -> None:
    """The files that a run keeps only the names of, in the folder in which the command is run."""
    for path in [*Path("folder").iterdir(), *Path("elsewhere").iterdir()]:
        path.rename(path.name)


def essence(run: Run) -> Run:
    """What is measured and how, without where the files lie."""

    def shown(name: str) -> str:
        return name.rpartition("/")[2]

    scenarios = tuple(
        replace(one, source=shown(one.source), value=replace(one.value, file=shown(one.value.file)))
        for one in run.scenarios
    )
    return replace(run, created="", request=None, scenarios=scenarios)


def again(report: Report) -> str:
    """The command of a report, without the program."""
    return command_words(report).partition("cachekit-memprobe ")[2]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_plans_the_same_run(planned: Callable[[str], Run], tmp_path: Path, command: str) -> None:
    run = planned(command)
    repeated = again(saved(run, tmp_path / "run"))
    if "MY_LEVEL" in command:
        repeated = repeated.replace("MY_LEVEL=(fill in)", "MY_LEVEL=(fill)")
    moved_here()
    assert essence(planned(repeated)) == essence(run)
    assert str(tmp_path) not in repeated
    assert "folder/" not in repeated


ONLY_NOTED = ("--budget rss", "--env CACHEKIT", "--env PYTHON", "--size 50%", "--call")
"""An earlier release has not saved what these have changed in a scenario that has more of it, or had no such
option."""


@pytest.mark.parametrize(
    "command", [one for one in COMMANDS if "--payload" in one or not any(word in one for word in ONLY_NOTED)]
)
def test_of_an_earlier_release_what_was_asked_for_is_derived(
    planned: Callable[[str], Run], tmp_path: Path, command: str
) -> None:
    run = planned(command)
    repeated = again(saved(run, tmp_path / "run", without_request)).replace("(fill in)", "(fill)")
    moved_here()
    assert essence(planned(repeated)) == essence(run)


def test_what_a_run_without_names_takes_up_needs_none(planned: Callable[[str], Run], tmp_path: Path) -> None:
    assert again(saved(planned("run"), tmp_path / "run")) == "run --cachekit 0.9.1"


def test_a_report_of_some_scenarios_names_them_all(planned: Callable[[str], Run], tmp_path: Path) -> None:
    names = [name for name in bundled_names() if name.startswith("arrow-")]
    assert len(names) > 8
    report = saved(planned("run '*-l1-hit' 'arrow-*' --size 8MB"), tmp_path / "run").only(names)
    command, _, rest = again(report).partition(" --")
    assert sorted(command.split()) == sorted(["run", *names])
    assert rest == "cachekit 0.9.1 --size 8MB"
    assert essence(planned(again(report))).scenarios == report.run.scenarios


def test_a_report_of_all_of_them_has_what_was_written(planned: Callable[[str], Run], tmp_path: Path) -> None:
    report = saved(planned("run 'arrow-*'"), tmp_path / "run")
    everything = report.only([one.scenario.name for one in report.results])
    assert again(everything) == again(report) == "run 'arrow-*' --cachekit 0.9.1"


def test_of_a_matrix_at_sizes_what_is_left_is_measured(planned: Callable[[str], Run], tmp_path: Path) -> None:
    words = "run arrow-l1-hit --matrix tier=l1,l2 --matrix compression=none,zstd --size 8MB,16MB,32MB"
    report = saved(planned(f"{words} --predict 1GB"), tmp_path / "run")
    kept = [one.scenario.name for one in report.results if one.scenario.name.endswith("=none@16MB")]
    assert len(kept) == 2
    assert again(report.only(kept)) == (
        "run arrow-l1-hit --cachekit 0.9.1 --size 16MB --matrix tier=l1,l2 --matrix compression=none"
    )


def test_what_a_report_was_asked_for_is_asked_again(planned: Callable[[str], Run], tmp_path: Path) -> None:
    report = saved(planned("run arrow-l1-hit --matrix tier=l1,l2"), tmp_path / "run")
    sweep = replace(report.run.sweep, sort="rss.peak", workers=9)
    asked = replace(report, run=replace(report.run, sweep=sweep))
    assert again(asked).endswith(" --matrix tier=l1,l2 --sort rss.peak --workers 9")


def test_what_the_run_can_not_measure_is_not_asked_again(
    planned: Callable[[str], Run], tmp_path: Path
) -> None:
    report = saved(planned("run arrow-l1-hit --matrix tier=l1,l2 --instrument memray"), tmp_path / "run")
    sweep = replace(report.run.sweep, sort="rss.peak", workers=9)
    repeated = again(replace(report, run=replace(report.run, sweep=sweep)))
    assert repeated.endswith(" --matrix tier=l1,l2 --instrument memray")


def test_a_value_that_is_not_recorded_has_to_be_filled_in(
    invoke: Invoke, planned: Callable[[str], Run], tmp_path: Path
) -> None:
    repeated = again(saved(planned("run arrow-l1-hit --env FOO=bar"), tmp_path / "run"))
    assert repeated == "run arrow-l1-hit --cachekit 0.9.1 --env 'FOO=(fill in)'"
    refused = invoke(*shlex.split(repeated))
    assert refused.exit_code == 2
    assert "FOO has to be filled in" in refused.stderr
    assert b"bar" not in (tmp_path / "run/run.json").read_bytes()


@pytest.mark.parametrize(
    ("spec", "state", "words"),
    [
        ("latest", "", "--cachekit 0.9.1"),
        ("installed", "editable, modified", ""),
        ("0.9.1", "", "--cachekit 0.9.1"),
        ("/home/me/src/cachekit", "source tree 0123abc, modified", "--cachekit ./cachekit"),
        ("cachekit-0.9.1.tar.gz", "file 0123abc", "--cachekit ./cachekit-0.9.1.tar.gz"),
        ("cachekit-py@0123abc", "commit 0123abc, built", "--cachekit 'git+(fill in)/cachekit-py@0123abc'"),
        ("/home/me/env/bin/python3", "editable", "--python '(fill in)/python3'"),
    ],
)
def test_the_release_is_the_one_that_was_measured(
    planned: Callable[[str], Run], tmp_path: Path, spec: str, state: str, words: str
) -> None:
    run = planned("run arrow-l1-hit --size 8MB")
    versions = {**TARGET.versions, **({"cachekit_state": state} if state else {})}
    run = replace(run, target=replace(TARGET, spec=spec, versions=versions))
    repeated = again(saved(run, tmp_path / "run"))
    assert repeated.split() == f"run arrow-l1-hit {words} --size 8MB".split()


def test_packages_of_the_environment_are_asked_for_again(
    planned: Callable[[str], Run], tool: Tool, tmp_path: Path
) -> None:
    run = planned("run arrow-l1-hit --cachekit 0.9.1 --with 'pandas<3' --with polars")
    given, tool.extras = tool.extras, ()
    planned(again(saved(run, tmp_path / "run")))
    assert tool.extras == given == ("pandas<3", "polars")


def test_no_server_and_no_output_is_in_it(planned: Callable[[str], Run], tmp_path: Path) -> None:
    run = planned("run redis-l2-hit --redis-url redis://:secret@example.org --json - --full -q --no-source")
    assert again(saved(run, tmp_path / "run")) == "run redis-l2-hit --cachekit 0.9.1"


@pytest.mark.parametrize("readable", [True, False])
def test_to_be_passed_on_it_names_no_data(
    planned: Callable[[str], Run], tmp_path: Path, readable: bool
) -> None:
    report = saved(planned("run --payload folder/'my own  data.csv' --tier l2"), tmp_path / "run")
    if not readable:
        unknown = replace(UNMEASURED.scenario, name=report.results[0].scenario.name, source="")
        report = replace(
            report,
            run=replace(report.run, scenarios=(unknown,)),
            results=(replace(UNMEASURED, scenario=unknown),),
        )
    public = without_source(report)
    assert again(public) == "run --payload FILE --tier l2 --cachekit 0.9.1"
    assert public.results[0].scenario.name == "payload"


HOSTILE = "\x1b[2Jx'; rm -rf ~; \u202e$(reboot)\n`id`"


def test_hostile_words_stay_words(invoke: Invoke, planned: Callable[[str], Run], tmp_path: Path) -> None:
    def change(document: Any) -> None:
        document["request"] = {
            "patterns": ["--python=/evil", "\x1b[0m--json", HOSTILE],
            "size": HOSTILE,
            "limits": [HOSTILE],
            "environment": {HOSTILE: HOSTILE},
            "extras": ["--python=/evil", HOSTILE],
        }
        document["options"]["as_deployed"] = True
        document["options"]["kept_environment"] = {"A=$(id)": "1", "MALLOC_ARENA_MAX": HOSTILE}
        document["sweep"].update(sort=HOSTILE, axes={HOSTILE: [HOSTILE]})
        document["target"]["spec"] = HOSTILE

    command = command_words(saved(planned("run arrow-l1-hit"), tmp_path / "run", change))
    assert command.isprintable()
    cleaned = "x'; rm -rf ~; $(reboot) `id`"
    setting, _, _, *words = shlex.split(command)
    assert setting == f"MALLOC_ARENA_MAX={cleaned}"
    assert words[:3] == ["./--python=/evil", "./--json", cleaned]
    assert [word for word in words if word.startswith("-")] == [
        "--python",
        "--with",
        "--python=/evil",
        "--with",
        "--size",
        "--matrix",
        "--budget",
        "--env",
        "--as-deployed",
    ]
    assert invoke(*shlex.split(command)[2:]).exit_code == 2


def test_no_option_comes_from_a_run_folder(planned: Callable[[str], Run], tmp_path: Path) -> None:
    def change(document: Any) -> None:
        document["request"] = {"payload": "--json", "caching": {"cachekit=./evil": "x", "tier": "--python"}}
        document["target"] = {"spec": "latest", "versions": {"cachekit": "./evil"}}

    report = saved(planned("run arrow-l1-hit"), tmp_path / "run", change)
    assert again(report) == "run --payload --json --tier --python --python '(fill in)/latest'"


@pytest.mark.parametrize(
    "wrong",
    [
        {"patterns": ["x"] * 3000},
        {"size": "1" * 5000},
        {"patterns": "arrow-l1-hit"},
        {"environment": {"A": 1}},
        [],
    ],
)
def test_what_is_no_request_is_refused(planned: Callable[[str], Run], tmp_path: Path, wrong: object) -> None:
    folder = RunFolder.create(tmp_path / "run")
    folder.save_run(planned("run arrow-l1-hit"))
    edit(folder.path / "run.json", lambda document: document.update(request=wrong))
    with pytest.raises(UsageError, match=r"run\.json is broken: request"):
        folder.load()


def test_what_is_too_long_to_be_noted_is_derived(planned: Callable[[str], Run], tmp_path: Path) -> None:
    run = planned(f"run arrow-l1-hit --env CACHEKIT_X={'x' * 5000}")
    report = saved(run, tmp_path / "run")
    assert json.loads((tmp_path / "run/run.json").read_text())["request"] is None
    assert again(report).startswith("run arrow-l1-hit --cachekit 0.9.1")
