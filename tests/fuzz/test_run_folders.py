"""Run folders that were damaged, or made to do harm: explained as far as they go, or refused in a sentence.

``corpus/runs`` has two small runs of cachekit 0.9.1: ``matrix`` without captures, which takes little time to
explain, and ``sizes`` with all instruments. The folders that stood in their captures were replaced. A third
one is of schema 1.
"""

import io
import json
import math
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, NoReturn, get_args

from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console

from cachekit_memprobe import pipeline
from cachekit_memprobe.cli.exits import exit_code
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.report.json import to_json
from cachekit_memprobe.report.terminal import render_report
from cachekit_memprobe.report.words import command_words, scenario_line, worker_lines
from cachekit_memprobe.result import Report
from cachekit_memprobe.runstore import RunFolder
from tests.fuzz.effort import effort

CORPUS = Path(__file__).with_name("corpus") / "runs"
RUNS = {
    "matrix": CORPUS / "matrix",
    "sizes": CORPUS / "sizes",
    "schema-1": Path(__file__).parents[1] / "unit/runstore/schema-1",
}
SUMS = "SHA256SUMS"

How = Literal["replace", "remove", "twice", "scale", "like", "truncate", "garble", "swap", "odd", "text"]
Odd = Literal["missing", "pipe", "folder", "zeros", "sparse", "outside", "loop", "empty", "locked"]
ODD = get_args(Odd)

HOSTILE: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 2**31, 2**53, 2**63 - 1, 2**63, -(2**63), 10**30, -(10**30), 10**400),
    *(0.0, -0.0, 1.5, -1.5, 1e-300, 1e308, -1e308, math.nan, math.inf, -math.inf),
    *("", "x", "0", "unwrap", "other", "map", "get", "..", "../..", "a/b", "/etc/passwd", "\0", "\n"),
    *("\ud800", "\x1b[31m", "\u202e", "pandas<3", "cachekit", "9" * 5000, "x" * 300, "f(" * 400, "-" * 5000),
    *([], {}, [[]], [1, 2, 3], [None], {"x": 1}, {"stage": "nowhere"}, [0] * 2000),
)


@dataclass(frozen=True)
class Damage:
    """One thing that is done to a folder.

    Attributes:
        file, place, other: numbers that choose a file, a place in it, and another file, whatever there is.
        value: what is put there.
    """

    how: How
    file: int
    place: int = 0
    value: Any = None
    other: int = 0


def deep(levels: int) -> Any:
    found: Any = 0
    for _ in range(levels):
        found = [found]
    return found


VALUES = st.one_of(
    st.sampled_from(HOSTILE),
    st.integers(),
    st.floats(),
    st.sampled_from([50, 190, 400]).map(deep),
    st.text(max_size=8),
)
NUMBERS = st.integers(0, 10_000)
IN_JSON: tuple[How, ...] = ("replace", "replace", "remove", "twice")
TYPED: tuple[How, ...] = ("scale", "like", "like")
DAMAGES = st.one_of(
    st.builds(Damage, st.sampled_from(IN_JSON), NUMBERS, NUMBERS, VALUES),
    st.builds(Damage, st.sampled_from(TYPED), NUMBERS, NUMBERS, st.none(), NUMBERS),
    st.builds(Damage, st.sampled_from(["truncate", "garble", "swap"]), NUMBERS, NUMBERS, st.none(), NUMBERS),
    st.builds(Damage, st.just("odd"), NUMBERS, value=st.sampled_from(ODD)),
    st.builds(
        Damage, st.just("text"), NUMBERS, value=st.sampled_from(["", "7", "[]", "[" * 10**5, '{"a":' * 10**4])
    ),
)
MANY = st.lists(DAMAGES, min_size=1, max_size=3)


def text_of(document: Any) -> str:
    return json.dumps(document, indent=1)


def places_in(document: Any) -> Iterator[tuple[Any, Any]]:
    """Every value of a document, as what it stands in and its key there."""
    keys = (
        document if isinstance(document, dict) else range(len(document) if isinstance(document, list) else 0)
    )
    for key in keys:
        yield document, key
        yield from places_in(document[key])


def change(document: Any, damage: Damage) -> str:
    """The text of a document with one of its values changed."""
    places = list(places_in(document))
    if not places:
        return text_of(damage.value)
    owner, key = places[damage.place % len(places)]
    if damage.how == "remove":
        del owner[key]
    elif damage.how == "scale" and isinstance(owner[key], (int, float)):
        owner[key] = owner[key] * -7 if damage.place % 2 else owner[key] * 10**6 + 1
    elif damage.how == "like":
        alike = [other[name] for other, name in places if type(other[name]) is type(owner[key])]
        owner[key] = alike[damage.other % len(alike)]
    elif damage.how == "twice" and isinstance(owner, dict):
        mark = "0b5e55ed"
        owner[mark] = damage.value
        return text_of(document).replace(f'"{mark}"', json.dumps(key))
    else:
        owner[key] = damage.value
    return text_of(document)


def make_odd(path: Path, odd: Odd) -> None:
    path.unlink()
    if odd == "pipe":
        os.mkfifo(path)
    elif odd == "folder":
        path.mkdir()
    elif odd in ("zeros", "outside", "loop"):
        targets = {"zeros": "/dev/zero", "outside": "/etc/hostname", "loop": path.name}
        path.symlink_to(targets[odd])
    elif odd == "sparse":
        with path.open("wb") as file:
            file.truncate(2 << 30)
    elif odd in ("empty", "locked"):
        path.touch(mode=0o600 if odd == "empty" else 0)


def files_in(folder: Path) -> list[Path]:
    """Those that can be damaged further: a sparse one has 2 GiB, and a locked one can't be read."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sorted(path for path in files if path.stat().st_size < 1 << 20 and os.access(path, os.R_OK))


def inflict(damage: Damage, folder: Path) -> str:
    """Damage a folder, and tell which file it was."""
    files = files_in(folder)
    if not files:
        return ""
    path, other = files[damage.file % len(files)], files[damage.other % len(files)]
    content = path.read_bytes()
    if damage.how == "odd":
        make_odd(path, damage.value)
    elif damage.how == "truncate":
        path.write_bytes(content[: damage.place % (len(content) + 1)])
    elif damage.how == "garble":
        at = damage.place % (len(content) + 1)
        path.write_bytes(content[:at] + bytes([damage.other % 256]) + content[at + 1 :])
    elif damage.how == "swap":
        swapped = other.read_bytes()
        other.write_bytes(content)
        path.write_bytes(swapped)
    elif damage.how == "text":
        path.write_text(damage.value)
    elif path.suffix == ".json":
        try:
            path.write_text(change(json.loads(content), damage))
        except (ValueError, RecursionError):
            path.write_bytes(content[::-1])
    return str(path.relative_to(folder))


def strict(text: str) -> Any:
    """A document of JSON as it is defined, which has no NaN."""

    def refuse(constant: str) -> NoReturn:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def shown(report: Report) -> Any:
    """All that is shown of a report; its JSON."""
    console = Console(width=80, file=io.StringIO())
    console.print(render_report(report, width=80))
    lines = [scenario_line(result, report) for result in report.results] + worker_lines(report)
    assert all(lines)
    command = command_words(report)
    assert command.isprintable()
    assert "cachekit-memprobe" in shlex.split(command)
    text = to_json(report)
    assert "this is a bug" not in text, text
    assert exit_code(report) in (0, 1, 3)
    return strict(text)


@cache
def whole(run: str) -> dict[str, Any]:
    """The results of the folder as it is, by scenario."""
    return {
        entry["scenario"]: entry for entry in shown(pipeline.explain(RunFolder.open(RUNS[run])))["results"]
    }


def explained(folder: Path) -> Any:
    """What is shown of a folder; ``None`` if it is refused."""
    try:
        report = pipeline.explain(RunFolder.open(folder))
    except UsageError:
        return None
    return shown(report)


def try_one(run: str, damages: list[Damage], *, sealed: bool) -> None:
    """Damage a copy of a run, with its checksums or without, and explain what is left of it."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "run")
        shutil.copytree(RUNS[run], folder, ignore=shutil.ignore_patterns("report.json", "result.sealed"))
        if not sealed:
            for sums in folder.rglob(SUMS):
                sums.unlink()
        touched = {inflict(damage, folder) for damage in damages}
        swapped = any(damage.how == "swap" for damage in damages)
        document = explained(folder)
    if document is None or "run.json" in touched:
        return
    for entry in document["results"]:
        before = whole(run)[entry["scenario"]]
        is_touched = swapped or any(f"/{entry['scenario']}/" in file for file in touched)
        if not is_touched:
            assert entry == before
        elif sealed and entry["verdict"] == "pass":
            assert entry["metrics"] == before["metrics"]


def test_the_corpus_is_explained() -> None:
    for run in ("matrix", "sizes"):
        assert {entry["verdict"] for entry in whole(run).values()} == {"pass"}


@effort(short=30, long=7000)
@given(damages=MANY, sealed=st.booleans())
@example(damages=[Damage("replace", 115, 0, None)], sealed=False)  # of a scenario only the name was left
@example(damages=[Damage("replace", 1875, 1626, "x")], sealed=False)  # a limit's condition was none
def test_a_damaged_run_is_explained_or_refused(damages: list[Damage], sealed: bool) -> None:
    try_one("matrix", damages, sealed=sealed)


@effort(short=12, long=1500)
@given(damages=MANY, sealed=st.booleans())
def test_a_damaged_run_with_captures_is_explained_or_refused(damages: list[Damage], sealed: bool) -> None:
    try_one("sizes", damages, sealed=sealed)


@effort(short=12, long=1500)
@given(damages=MANY)
def test_a_damaged_run_of_schema_1_is_explained_or_refused(damages: list[Damage]) -> None:
    try_one("schema-1", damages, sealed=False)
