"""The shell steps of the workflows that users copy, and of the action, run as CI systems run them."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")
_GH = """\
#!{python}
import json, os, subprocess, sys
from pathlib import Path

state = Path(os.environ["GH_STATE"])
there = json.loads(state.read_text())
words, fields, method, query, place = sys.argv[2:], {{}}, "GET", ".", ""
while words:
    word = words.pop(0)
    if word in ("--method", "--jq", "--field"):
        value = words.pop(0)
        if word == "--method":
            method = value
        elif word == "--jq":
            query = value
        else:
            name, _, text = value.partition("=")
            fields[name] = Path(text[1:]).read_text() if text.startswith("@") else text
    elif not word.startswith("-"):
        place = word
there["asked"].append([method, place, {{k: v for k, v in fields.items() if k != "body"}}])
if method == "GET":
    kind = "pulls" if place.endswith("/pulls") else "comments"
    found = subprocess.run(["jq", "-r", query], input=json.dumps(there[kind]), text=True, check=True,
                           capture_output=True)
    print(found.stdout, end="")
elif method == "PATCH":
    number = int(place.rpartition("/")[2])
    next(one for one in there["comments"] if one["id"] == number)["body"] = fields["body"]
else:
    bot = {{"login": "github-actions[bot]"}}
    there["comments"].append({{"id": 100 + len(there["comments"]), "user": bot, "body": fields["body"]}})
state.write_text(json.dumps(there))
"""
"""GitHub's own command line, which can't be had: it answers from a file."""


@dataclass(frozen=True)
class Script:
    """One step: its text, and the environment that it asks for, with expressions in it."""

    name: str
    text: str
    environment: Mapping[str, str] = field(default_factory=dict)


def document(marker: str) -> Any:
    """The YAML of docs/ci.md that follows a marker."""
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    found = re.search(rf"^<!-- {marker} -->\n```yaml\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert found is not None, marker
    return yaml.safe_load(found[1])


def markers() -> list[str]:
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    return re.findall(r"^<!-- (\S+) -->\n```yaml$", text, re.MULTILINE)


def action() -> Any:
    return yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))


def scripts(steps: list[Mapping[str, Any]]) -> dict[str, Script]:
    """The shell steps of a GitHub job or of the action, by their names."""
    return {
        step["name"]: Script(step["name"], step["run"], step.get("env", {}))
        for step in steps
        if "run" in step
    }


def gitlab_script(job: Mapping[str, Any]) -> Script:
    return Script("script", "\n".join(job["script"]))


def all_scripts() -> Iterator[tuple[str, Script]]:
    """Every shell step there is, with where it stands."""
    yield from (("action.yml", one) for one in scripts(action()["runs"]["steps"]).values())
    for marker in markers():
        jobs = document(marker)
        for job in jobs.get("jobs", {}).values():
            yield from ((marker, one) for one in scripts(job["steps"]).values())
        for job in jobs.values():
            if isinstance(job, dict) and "script" in job:
                yield marker, gitlab_script(job)


@dataclass(frozen=True)
class Runner:
    """A machine of a CI system's: a folder for what it hands to steps, and a checkout.

    Attributes:
        home: has the files that variables name, and the fake ``gh``.
    """

    checkout: Path
    home: Path

    def run(
        self, script: Script, values: Mapping[str, str] | None = None, **variables: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run a step, and give it what its expressions stand for."""
        known = values or {}
        own = {
            name: EXPRESSION.sub(lambda found: known[found[1]], str(text))
            for name, text in script.environment.items()
        }
        file = self.home / "step.sh"
        file.write_text(script.text, encoding="utf-8")
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(file)],
            cwd=self.checkout,
            env={**self._environment, **own, **variables},
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )

    @property
    def _environment(self) -> dict[str, str]:
        tools = [str(Path(sys.executable).parent), str(self.home / "bin")]
        return {
            **os.environ,
            "PATH": os.pathsep.join([*tools, os.environ["PATH"]]),
            "RUNNER_TEMP": str(self.home),
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": "someone/shop",
            "GITHUB_WORKSPACE": str(self.checkout),
            "GITHUB_OUTPUT": str(self.home / "output"),
            "GITHUB_STEP_SUMMARY": str(self.home / "summary.md"),
            "GH_STATE": str(self.home / "gh.json"),
        }

    def with_gh(self) -> "Runner":
        """The same with a command ``gh``."""
        command = self.home / "bin" / "gh"
        command.parent.mkdir(exist_ok=True)
        command.write_text(_GH.format(python=sys.executable), encoding="utf-8")
        command.chmod(0o755)
        return self

    @property
    def outputs(self) -> dict[str, str]:
        lines = (self.home / "output").read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines)
