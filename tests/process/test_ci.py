"""The workflows of docs/ci.md and the action, in a project with a budget of its own.

Of their steps all is run but the installing: this tool and cachekit are there.
"""

import json
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.workflows import Runner, action, document, gitlab_script, scripts

pytestmark = pytest.mark.process

CONFIGURATION = """\
scenarios = ["small.toml"]

[budget."*"]
"copies.unwrap" = "0.3x"
"""
SCENARIO = """\
summary = "a small table"

[value]
kind = "dataframe"
size = "{size}"

[cache]
serializer = "arrow"
l1 = true

[read]
tier = "l1"
route = "memory"
"""
LIMIT = "file=memprobe.toml,line=4,title=small%3A copies.unwrap 1.0"
MARKER = "<!-- cachekit-memprobe -->"
OTHERS = [
    {"id": 1, "user": {"login": "somebody"}, "body": f"{MARKER}\nof somebody else"},
    {"id": 2, "user": {"login": "github-actions[bot]"}, "body": "of another action"},
]
needs_jq = pytest.mark.skipif(
    shutil.which("jq") is None, reason="gh has it in itself, and the one here needs it"
)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A checkout of a project that checks a small scenario, and has a smaller one."""
    checkout, home = tmp_path / "shop", tmp_path / "runner"
    checkout.mkdir()
    home.mkdir()
    (checkout / ".git").mkdir()
    (checkout / "memprobe.toml").write_text(CONFIGURATION)
    (checkout / "small.toml").write_text(SCENARIO.format(size="8MiB"))
    (checkout / "smaller.toml").write_text(SCENARIO.format(size="4MiB"))
    return Runner(checkout, home)


def inputs(**given: str) -> dict[str, str]:
    """What the inputs of the action are, those that aren't given by their defaults."""
    defaults = {name: str(one["default"]) for name, one in action()["inputs"].items()}
    return {f"inputs.{name}": value for name, value in {**defaults, **given}.items()}


def gh_knows(runner: Runner, **state: Any) -> None:
    runner.with_gh()
    (runner.home / "gh.json").write_text(json.dumps({"comments": OTHERS, "pulls": [], "asked": [], **state}))


def comments(runner: Runner) -> list[str]:
    return [one["body"] for one in json.loads((runner.home / "gh.json").read_text())["comments"]]


@needs_jq
def test_the_action_checks_and_keeps_one_comment_up_to_date(runner: Runner) -> None:
    steps = scripts(action()["runs"]["steps"])
    checked = runner.run(steps["Check"], inputs(scenarios="small\n  s*"))
    assert checked.returncode == 0, checked.stderr
    assert "PASS: of 1 scenario" in checked.stdout
    assert (runner.home / "summary.md").read_text().startswith("### PASS: of 1 scenario")
    root = ElementTree.parse(runner.outputs["junit"]).getroot()
    assert (root.get("failures"), root.get("errors")) == ("0", "0")

    gh_knows(runner)
    values = {
        "steps.check.outputs.report": runner.outputs["report"],
        "github.event.pull_request.number": "7",
        "github.token": "secret",
    }
    for _ in range(2):
        commented = runner.run(steps["Comment"], values)
        assert commented.returncode == 0, commented.stderr
        kept = comments(runner)
        assert kept[:2] == [one["body"] for one in OTHERS]
        assert len(kept) == 3
        assert kept[2].startswith(f"{MARKER}\n### PASS: of 1 scenario")
    asked = json.loads((runner.home / "gh.json").read_text())["asked"]
    assert [[method, place] for method, place, _ in asked] == [
        ["GET", "repos/someone/shop/issues/7/comments"],
        ["POST", "repos/someone/shop/issues/7/comments"],
        ["GET", "repos/someone/shop/issues/7/comments"],
        ["PATCH", "repos/someone/shop/issues/comments/102"],
    ]


@pytest.mark.release
def test_the_action_fails_on_the_line_of_the_budget(runner: Runner) -> None:
    check = scripts(action()["runs"]["steps"])["Check"]
    checked = runner.run(check, inputs(scenarios="small", cachekit="0.9.1"))
    assert checked.returncode == 1, checked.stderr
    [annotation] = (line for line in checked.stdout.splitlines() if line.startswith("::error "))
    assert annotation.startswith(f"::error {LIMIT}")
    assert Path(runner.outputs["report"]).read_text().startswith("### FAIL")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"scenarios": "$(touch made) `touch made` ; touch made"}, "'$(touch'"),
        ({"profile": "fast"}, "the input profile has to be quick or full"),
        ({"profile": "$(touch made)"}, "the input profile has to be quick or full"),
        ({"cachekit": "0.9.1; touch made"}, "0.9.1; touch made"),
        ({"baseline": "none.json"}, "--baseline none.json: there is no such file"),
        ({"scenarios": "--help"}, "'--help'"),
    ],
)
def test_an_input_is_never_a_part_of_the_script(given: dict[str, str], said: str, runner: Runner) -> None:
    checked = runner.run(scripts(action()["runs"]["steps"])["Check"], inputs(**given))
    assert checked.returncode == 2
    assert said in checked.stdout + checked.stderr
    assert not (runner.checkout / "made").exists()


def test_a_push_is_checked(runner: Runner) -> None:
    steps = scripts(document("github")["jobs"]["memory"]["steps"])
    checked = runner.run(steps["Check"])
    assert checked.returncode == 0, checked.stderr
    assert "limits not judged" not in checked.stdout


@needs_jq
def test_a_fork_is_measured_and_then_commented_on(runner: Runner) -> None:
    measured = runner.run(scripts(document("github-fork-measure")["jobs"]["memory"]["steps"])["Check"])
    assert measured.returncode == 0, measured.stderr
    comment = scripts(document("github-fork-comment")["jobs"]["comment"]["steps"])["Comment"]
    event = "github.event.workflow_run"
    values = {
        "github.token": "secret",
        f"{event}.head_repository.owner.login": "forker",
        f"{event}.head_branch": "main",
        f"{event}.head_sha": "abc",
    }
    gh_knows(runner, pulls=[{"number": 3, "head": {"sha": "def"}}, {"number": 4, "head": {"sha": "abc"}}])
    for _ in range(2):
        commented = runner.run(comment, values)
        assert commented.returncode == 0, commented.stderr
        assert len(comments(runner)) == 3
        assert comments(runner)[2].startswith(f"{MARKER}\n### PASS")
    asked = json.loads((runner.home / "gh.json").read_text())["asked"]
    assert asked[0] == ["GET", "repos/someone/shop/pulls", {"state": "open", "head": "forker:main"}]
    assert asked[2][:2] == ["POST", "repos/someone/shop/issues/4/comments"]
    values[f"{event}.head_sha"] = "gone"
    assert "no open pull request has this commit any more" in runner.run(comment, values).stdout


def test_the_nightly_run_has_all_instruments(runner: Runner) -> None:
    checked = runner.run(scripts(document("github-nightly")["jobs"]["memory"]["steps"])["Check"])
    assert checked.returncode == 0, checked.stderr
    assert len(json.loads((runner.checkout / "memory.json").read_text())["options"]["instruments"]) == 5
    assert (runner.checkout / "memory.html").exists()


def test_shards_are_measured_on_their_own_and_judged_together(runner: Runner) -> None:
    """One by the workflow for GitHub, the other one by that for GitLab, and merged by both."""
    both = CONFIGURATION.replace('"small.toml"', '"small.toml", "smaller.toml"')
    (runner.checkout / "memprobe.toml").write_text(both)
    github, gitlab = document("github-sharded")["jobs"], document("gitlab-sharded")
    assert github["shard"]["strategy"]["matrix"]["shard"] == [1, 2]
    assert gitlab["memory-shard"]["parallel"] == 2
    first = runner.run(scripts(github["shard"]["steps"])["Check"], {"matrix.shard": "1"})
    shard = gitlab_script(gitlab["memory-shard"])
    second = runner.run(shard, CI_NODE_INDEX="2", CI_NODE_TOTAL="2")
    for number, measured in enumerate((first, second), 1):
        assert measured.returncode == 0, measured.stderr
        assert f"of 1 scenario in shard {number}/2, 1 within budget" in measured.stdout
    for merge in (gitlab_script(gitlab["memory-merge"]), scripts(github["merge"]["steps"])["Merge"]):
        merged = runner.run(merge)
        assert merged.returncode == 0, merged.stderr
        assert "PASS: of 2 scenarios, 2 within budget" in merged.stdout
    assert ElementTree.parse(runner.checkout / "memory.xml").getroot().get("errors") == "0"
    shutil.rmtree(runner.checkout / "shards" / "1")
    partly = runner.run(merge)
    assert partly.returncode == 3
    assert "shard 1 of 2 is missing" in partly.stdout


def test_gitlab_gets_junit_and_code_quality(runner: Runner) -> None:
    checked = runner.run(gitlab_script(document("gitlab")["memory"]))
    assert checked.returncode == 0, checked.stderr
    assert json.loads((runner.checkout / "memory.gitlab.json").read_text()) == []
    assert ElementTree.parse(runner.checkout / "memory.xml").getroot().get("failures") == "0"


@needs_jq
@pytest.mark.release
def test_a_new_release_opens_an_issue_once(runner: Runner) -> None:
    state = runner.home / "gh.json"
    state.write_text(json.dumps({"asked": [], "pulls": [], "comments": []}))
    step = scripts(document("github-releases")["jobs"]["history"]["steps"])["History"]
    small = {"SCENARIOS": "arrow-l1-hit --size 8MiB", "RELEASES": "0.9.1,0.10.0"}
    (runner.checkout / "history").mkdir()
    for _ in range(2):
        ended = runner.with_gh().run(step, {"github.token": "none"}, **small)
        assert ended.returncode == 0, ended.stderr
    there = json.loads(state.read_text())
    ((method, place, fields),) = there["asked"]
    assert (method, place) == ("POST", "repos/someone/shop/issues")
    assert fields["title"] == "cachekit 0.10.0: what its reads cost"
    (issue,) = there["comments"]
    assert "copies.unwrap 1.00x" in issue["body"].replace("\\", "")
