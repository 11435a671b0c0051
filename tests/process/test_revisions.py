"""Revisions of a repository that is made of a release's own files: measured, and searched for the bad one."""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from cachekit_memprobe.target import resolve
from tests.process.measuring import Finished, cli
from tests.unit.target.repositories import History, project

pytestmark = [pytest.mark.process, pytest.mark.release]

_WRAPPER = "src/cachekit/serializers/wrapper.py"
_VIEW, _COPY = "payload = mv[header_end:]", "payload = bytes(mv[header_end:])"

_BACKEND = '''
"""Builds the wheel, but for the compiling of Rust, for which there may be no crates: that part is there."""
import base64, hashlib, json, zipfile
from pathlib import Path

INFO = "cachekit-0.10.0.dist-info"

def row(name, content):
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{{name}},sha256={{digest}},{{len(content)}}\\n"

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    needed = ["Requires-Dist: " + one for one in json.loads(Path("needed.json").read_text())]
    metadata = ["Metadata-Version: 2.1", "Name: cachekit", "Version: 0.10.0", *needed]
    wheel = ["Wheel-Version: 1.0", "Generator: packing", "Root-Is-Purelib: false", "Tag: py3-none-any"]
    files = {{str(file.relative_to("src")): file.read_bytes() for file in sorted(Path("src").rglob("*.py"))}}
    files["cachekit/{native}"] = Path("native.so").read_bytes()
    for name, lines in (("METADATA", metadata), ("WHEEL", wheel)):
        files[f"{{INFO}}/{{name}}"] = ("\\n".join(lines) + "\\n").encode()
    record = "".join(row(*file) for file in files.items()) + f"{{INFO}}/RECORD,,\\n"
    made = "cachekit-0.10.0-py3-none-any.whl"
    with zipfile.ZipFile(Path(wheel_directory) / made, "w") as archive:
        for name, content in {{**files, f"{{INFO}}/RECORD": record.encode()}}.items():
            archive.writestr(name, content)
    return made
'''


@dataclass(frozen=True)
class Commits:
    """Branches from a release on: in ``main`` one commit makes unwrap copy, in ``broken`` one of two.

    ``native`` has one that changes how the native part is built.
    """

    history: History
    released: str
    copies: str
    broken: str
    native: str

    @property
    def url(self) -> str:
        return f"git+{self.history.folder.as_uri()}"


@pytest.fixture(scope="module")
def commits(tmp_path_factory: pytest.TempPathFactory) -> Commits:
    (package,) = resolve("0.10.0").python.parents[1].glob("lib/python*/site-packages/cachekit")
    (metadata,) = package.parent.glob("cachekit-0.10.0.dist-info/METADATA")
    lines = [line for line in metadata.read_text().splitlines() if line.startswith("Requires-Dist: ")]
    needed = [line.partition(": ")[2] for line in lines if "extra ==" not in line]
    folder = tmp_path_factory.mktemp("repositories") / "cachekit-py"
    compiled = shutil.ignore_patterns("__pycache__", "*.so")
    shutil.copytree(package, folder / "src/cachekit", ignore=compiled)
    history = History(folder)
    history.git("init", "-q", "-b", "main")
    released = history.commit("Release 0.10.0", {"pyproject.toml": project("0.10.0", repr(needed))})
    history.git("tag", "v0.10.0")
    text = (folder / _WRAPPER).read_text()
    assert text.count(_VIEW) == 1
    copying = {_WRAPPER: text.replace(_VIEW, _COPY)}
    copies = history.commit("Copy\x1b[31m the payload", copying)
    history.commit("Say more", {"README.md": "words\n"})
    history.git("checkout", "-q", "-b", "broken", released)
    broken = history.commit("Break it", {"src/cachekit/__init__.py": "import nowhere\n"})
    history.commit(
        "Mend it, and copy", {**copying, "src/cachekit/__init__.py": (package / "__init__.py").read_text()}
    )
    history.git("checkout", "-q", "-b", "native", released)
    (compiled_part,) = package.glob("*.so")
    shutil.copy(compiled_part, folder / "native.so")
    backend = {"build-backend": "packing", "backend-path": ["."], "requires": []}
    table = "".join(f"{key} = {value!r}\n" for key, value in backend.items())
    native = history.commit(
        "Build it otherwise, and copy",
        {
            **copying,
            "rust/lib.rs": "// changed\n",
            "packing.py": _BACKEND.format(native=compiled_part.name),
            "pyproject.toml": re.sub(
                r"(?<=\[build-system\]\n)[^\[]*", table, project("0.10.0", repr(needed)), count=1
            ),
            "needed.json": json.dumps(needed),
        },
    )
    history.git("checkout", "-q", "main")
    return Commits(history, released, copies, broken, native)


def bisect(commits: Commits, *options: str) -> Finished:
    wanted = ("bisect", "arrow-l1-hit", "--metric", "copies.unwrap", "--size", "8MB", "--good", "0.10.0")
    return cli(*wanted, *options, COLUMNS="120")


def test_the_commit_that_copies_is_found_with_its_line(commits: Commits) -> None:
    before = commits.history.git("status", "--porcelain", "--branch")
    found = bisect(commits, "--bad", "main", "--repo", str(commits.history.folder))
    assert found.status == 0, found.stderr
    answer, tried = found.stdout.split("\n\n")
    first, figures, line, source = answer.splitlines()
    assert first.startswith(f"the first bad commit is {commits.copies[:12]}")
    assert first.endswith("Copy the payload")
    assert (
        figures.strip()
        == "copies.unwrap of arrow-l1-hit: 0.00x before it, 1.00x since; bad is more than 0.50x"
    )
    assert line.strip() == "new: unwrap serializers/wrapper.py:133: 1.00x"
    assert source.strip() == _COPY
    assert [row.split()[1] for row in tried.splitlines()[1:]] == ["good", "bad", "bad"]
    assert commits.history.git("status", "--porcelain", "--branch") == before
    assert not list(commits.history.folder.glob(".git/BISECT*"))


def test_what_cant_be_measured_is_skipped_and_not_blamed_alone(commits: Commits) -> None:
    found = bisect(commits, "--bad", "broken", "--repo", commits.url)
    assert found.status == 3, found.stderr
    assert "went over 0.50x in one of 2 commits" in found.stdout
    assert commits.broken[:12] in found.stdout
    assert "No module named 'nowhere'" in found.stdout


def test_ends_that_are_not_better_and_worse_are_refused(commits: Commits) -> None:
    mild = bisect(commits, "--bad", commits.copies, "--limit", "2x", "--repo", commits.url)
    assert (mild.status, mild.stdout) == (2, "")
    assert "--bad is good: its copies.unwrap is 1.00x, and the limit 2.00x" in mild.stderr
    none = bisect(commits, "--bad", "nowhere", "--repo", commits.url)
    assert (none.status, none.stdout) == (2, "")
    assert "--bad nowhere: the repository has no such revision" in none.stderr


def test_a_run_names_the_commit_and_not_the_repository(commits: Commits, tmp_path: Path) -> None:
    out = tmp_path / "run.json"
    spec = f"{commits.url}@{commits.copies[:10]}"
    ran = cli(
        "run",
        "arrow-l1-hit",
        "--instrument",
        "memray",
        "--size",
        "8MB",
        "--cachekit",
        spec,
        "--json",
        str(out),
    )
    assert ran.status in (0, 1), ran.stderr
    target = json.loads(out.read_text())["target"]
    assert target["cachekit_state"] == f"commit {commits.copies[:12]}, its Python files over release 0.10.0"
    assert target["cachekit"] == "0.10.0"
    assert target["spec"] == f"cachekit-py@{commits.copies[:12]}"
    assert str(commits.history.folder.parent) not in out.read_text() + ran.stdout


def test_one_whose_native_part_differs_is_built(commits: Commits) -> None:
    options = ("--instrument", "memray", "--size", "8MB", "--json", "-")
    ran = cli("run", "arrow-l1-hit", *options, "--cachekit", f"{commits.url}@native")
    assert ran.status == 0, ran.stderr
    target = json.loads(ran.stdout)["target"]
    assert target["cachekit_state"] == f"commit {commits.native[:12]}, built"
    result = ran.result("arrow-l1-hit")
    assert result["metrics"]["copies.unwrap"] == pytest.approx(1.0, abs=0.01)


def test_a_checkout_is_measured_as_it_is(commits: Commits) -> None:
    (commits.history.folder / "src/cachekit/mine.py").write_text("x = 1\n")
    try:
        target = resolve(str(commits.history.folder))
    finally:
        (commits.history.folder / "src/cachekit/mine.py").unlink()
    assert target.versions["cachekit_state"].endswith(", its Python files over release 0.10.0")
    (own,) = target.python.parents[1].glob("lib/python*/site-packages/cachekit/mine.py")
    assert own.read_text() == "x = 1\n"
