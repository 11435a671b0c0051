"""What README and docs/ say is so: links, names, codes, commands."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from click.testing import CliRunner

from cachekit_memprobe import errors
from cachekit_memprobe.child.stages import ROWS, STAGES
from cachekit_memprobe.cli import COMMANDS, main
from cachekit_memprobe.findings import RULES
from cachekit_memprobe.metrics import INSTRUMENTS, METRICS, NAMES
from cachekit_memprobe.report.comparison.json import comparison_json
from cachekit_memprobe.report.json import to_json
from cachekit_memprobe.result import Result, SiteKind
from tests.golden import reports
from tests.golden.comparisons import COMPARISONS

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md"))
)
FREE_KEYS = ("target", "metrics", "metrics_bytes", "spread", "repeats_bytes", "axes", "followed")
"""Objects of the JSON report whose keys are data."""


def read(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def prose(document: str) -> str:
    """Without fenced blocks, whose text is printed by programs."""
    return re.sub(r"^```.*?^```", "", read(document), flags=re.DOTALL | re.MULTILINE)


def block(document: str, marker: str) -> str:
    """The fenced block below ``<!-- marker -->``."""
    match = re.search(rf"^<!-- {marker} -->\n```sh\n(.*?)^```$", read(document), re.DOTALL | re.MULTILINE)
    assert match is not None, marker
    return match[1]


def anchors(document: str) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(document: str) -> Iterator[str]:
    for link in re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", prose(document)):
        if not re.match(r"https?://|mailto:", link):
            yield link


@pytest.mark.parametrize("document", DOCUMENTS)
def test_two_versions_of_a_text_were_put_together(document: str) -> None:
    assert not re.findall(r"^(?:<{7}|={7}|>{7})(?: .*)?$", read(document), re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_internal_links_lead_somewhere(document: str) -> None:
    for link in links(document):
        path, _, anchor = link.partition("#")
        target = (ROOT / document).parent / path if path else ROOT / document
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.resolve().relative_to(ROOT).as_posix()), link


@pytest.mark.parametrize("document", DOCUMENTS)
def test_metrics_that_are_named_exist(document: str) -> None:
    families = "|".join(sorted({name.partition(".")[0] for name in NAMES}))
    known = {*NAMES, *(metric.name for metric in METRICS)}
    # A name of the vocabulary is all that stands in its backticks; METRIC=LIMIT may follow.
    for name in re.findall(rf"`(?:--budget )?((?:{families})\.[a-z_<>]+)(?:[=`])", prose(document)):
        assert name in known, name


@pytest.mark.parametrize("document", DOCUMENTS)
def test_finding_codes_that_are_named_exist(document: str) -> None:
    known = {rule.CODE for rule in RULES}
    for code in re.findall(r"\bMEM\d+\b", read(document)):
        assert code in known, code


def test_every_metric_is_described_under_its_instrument() -> None:
    sections = read("docs/measuring.md").split("<!-- metrics -->")[1].split("<!-- metrics end -->")[0]
    described: dict[str, str] = {}
    for section in re.split(r"^### ", sections, flags=re.MULTILINE)[1:]:
        heading, _, text = section.partition("\n")
        for name in re.findall(r"`([^`]+)`", heading):
            assert name not in described, name
            described[name] = "".join(re.findall(r"\A\s*(\w+)", text))
    assert described == {metric.name: metric.instrument for metric in METRICS}


@pytest.mark.parametrize("document", ["docs/measuring.md", "docs/architecture.md"])
def test_every_instrument_is_described(document: str) -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", read(document), re.MULTILINE)) >= set(INSTRUMENTS)


def test_the_table_of_exit_codes_is_complete() -> None:
    table = read("README.md").split("| exit code | meaning |")[1].split("\n\n")[0]
    codes = {value for name, value in vars(errors).items() if name.startswith("EXIT_")}
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)} == codes


def test_the_commands_stand_behind_their_markers() -> None:
    install = r"python3 -m venv \.venv && \.venv/bin/pip install -q "
    assert re.fullmatch(
        install + r"\. && \.venv/bin/cachekit-memprobe run\n", block("README.md", "main-command")
    )
    assert re.fullmatch(
        install + r"-e '\.\[dev\]' && \.venv/bin/pytest -n 2 --dist loadfile\n",
        block("README.md", "test-command"),
    )


def test_every_kind_of_a_site_is_explained() -> None:
    table = read("README.md").split("| kind |")[1].split("\n\n")[0]
    kinds = re.findall(r"^\| `(\w+)", table, re.MULTILINE)
    assert sorted(kinds) == sorted([*get_args(SiteKind), "view"])


def test_every_stage_is_explained_in_the_words_of_the_map() -> None:
    table = read("README.md").split("| stage | what it is |\n|---|---|\n")[1].split("\n\n")[0]
    assert table.splitlines() == [f"| `{row.name}` | {row.meaning} |" for row in ROWS]


def keys_of(document: Any) -> Iterator[str]:
    """The keys of a JSON document, at any depth, that aren't data."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield key
            if key not in FREE_KEYS:
                yield from keys_of(value)
    elif isinstance(document, list):
        for entry in document:
            yield from keys_of(entry)


@pytest.mark.parametrize(
    "document", ["README.md", "docs/json.md", "cachekit_memprobe/report/html/report.html.jinja"]
)
def test_what_is_traced_of_a_stage_is_said_to_be_above_what_was_there(document: str) -> None:
    assert "tracemalloc's peak while the read was in" in read(document)
    assert "exceeded what was there on entry" in read(document)


def test_every_key_of_the_json_report_is_described() -> None:
    described = set(re.findall(r"`([a-z_0-9]+)`", read("docs/json.md")))
    results = [value for value in vars(reports).values() if isinstance(value, Result)]
    document = json.loads(to_json(reports.report_of(*results)))
    assert set(keys_of(document)) <= described


def test_every_key_of_a_comparison_is_described() -> None:
    described = set(re.findall(r"`([a-z_0-9]+)`", read("docs/comparing.md")))
    document = json.loads(comparison_json(COMPARISONS["compared-back"]))
    assert set(keys_of(document)) <= described


def test_every_module_has_its_layer_in_the_architecture() -> None:
    package = ROOT / "cachekit_memprobe"
    modules = {path.stem for path in package.iterdir() if path.suffix == ".py" or path.is_dir()}
    described = set(re.findall(r"`(\w+)`", read("docs/architecture.md")))
    assert modules - {"__init__", "__pycache__", "py"} <= described


def test_every_dependency_has_its_reason() -> None:
    project = read("pyproject.toml").split("\ndependencies = [")[1].split("\n]")[0]
    required = set(re.findall(r'^\s+"([A-Za-z0-9_-]+)', project, re.MULTILINE))
    rows = re.findall(r"^\| ([^|]+) \|", read("docs/dependencies.md"), re.MULTILINE)
    explained = {name.partition("[")[0] for row in rows for name in row.split(", ")} - {"package", "---"}
    assert explained == required


def test_documents_name_only_stages_that_exist() -> None:
    named = re.findall(r"\b(?:copies|verbatim|live)\.([a-z_0-9]+)`", prose("README.md"))
    assert set(named) <= {*STAGES, "total"}


@pytest.mark.parametrize("command", ["", *COMMANDS, "runs prune", "runs export"])
def test_the_help_of_every_command_stands_in_its_document(command: str) -> None:
    # Made anew by: cog -r README.md docs/cli.md
    words = [*command.split(), "--help"]
    shown = CliRunner().invoke(main, words, prog_name="cachekit-memprobe", terminal_width=80)
    block = f"```console\n$ {' '.join(['cachekit-memprobe', *words])}\n{shown.output.rstrip()}\n```\n"
    assert block in read("docs/cli.md")
