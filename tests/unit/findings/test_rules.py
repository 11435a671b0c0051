"""What holds for all rules: codes, pages, and that each has evidence for and against it."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from cachekit_memprobe import pages
from cachekit_memprobe.child.seen import Cycle, Handed, Kept, Made
from cachekit_memprobe.child.task import Need
from cachekit_memprobe.findings import RULES, Beside, Evidence, Rule, findings_of
from cachekit_memprobe.model import Payload
from tests.golden.reports import MAP_SITE
from tests.unit.findings.made import FRAME, NOTHING, at, block, evidence, line, retained, size, stage

PAGES = Path(__file__).parents[3] / "docs" / "findings"
CODES = sorted(rule.CODE for rule in RULES)
SECTIONS = ["What it means", "How to see it", "What a fix looks like", "What it is not"]

COPY = line("wrapper.py:126", 1.0, "verbatim", source="payload = bytes(mv[header_end:])")
SLICE = line("orjson_serializer.py:196", 1.0, "verbatim", source="json_data = data[8:]")
TO_PANDAS = line("arrow_serializer.py:496", 1.0, survived=1.0)
KEPT = Kept("cachekit.x._KEPT", size(1.0))
IN_A_FILE = replace(NOTHING, anon_bytes=size(1.0), open_files=1)
RETAINED = retained(Handed("frame", size(1.0)), result=IN_A_FILE)

TRIGGERS: dict[str, Evidence] = {
    "MEM001": evidence(stage("decode", SLICE)),
    "MEM002": evidence(values={"peak.tracemalloc": 1.0, "peak.tracemalloc_late": 0.0}),
    "MEM003": evidence(stage("materialize", TO_PANDAS, live=1.0, traced=0.0)),
    "MEM004": evidence(kept=[KEPT]),
    "MEM005": evidence(stage("backend_map", MAP_SITE)),
    "MEM006": evidence(stage("unwrap", COPY)),
    "MEM007": evidence(stage("decode", line("orjson_serializer.py:204", 13.0, survived=1.0))),
    "MEM008": evidence(
        stage("unwrap", COPY),
        stage("decode", SLICE),
        blocks=[
            block("unwrap", "wrapper.py:126", "verbatim", of=FRAME),
            block("decode", "orjson_serializer.py:196", "verbatim", of=FRAME),
        ],
    ),
    "MEM009": evidence(values={"rss.settled": 1.1, "held.after": 0.0}),
    "MEM010": evidence(stage("stats", line("wrapper.py:732", 5.74))),
    "MEM011": evidence(values={"held.frame": 1.0}, retained=RETAINED),
    "MEM012": evidence(values={"held.mapping": 1.0}, retained=RETAINED),
    "MEM013": evidence(values={"growth.per_read": 1.0}),
    "MEM014": evidence(
        stage("backend_get", line("backend.py:104", 2.0, "received", survived=1.0)),
        values={"rss.settled": 1.0},
        backend="redis",
    ),
    "MEM015": evidence(stage("l1_get"), stage("stats"), tier="reference"),
    "MEM024": evidence(
        each_read=[[stage("unwrap")], [stage("unwrap", line("wrapper.py:140", 1.0, "verbatim"))]]
    ),
    "MEM022": evidence(
        stage("unwrap", line("wrapper.py:140", 1.0, "unproven", source="n = len(bytes(mv[7:]))"))
    ),
    "MEM023": evidence(
        stage("backend_get", replace(line("client.py:3", 1.0, "received"), recycled_bytes=size(4.0)))
    ),
    "MEM016": evidence(payload=Payload(999_999, 1_000_500)),
    "MEM020": evidence(values={"rss.shared": 1.0}),
    "MEM019": evidence(values={"growth.uncollected": 1.0}, cycles=[Cycle(("list",), size(1.0))]),
    "MEM017": evidence(needs=[Need("l1_size", 13_107_200, 2401 << 20)]),
    "MEM018": evidence(payload=Payload(10_000_000, 61_600_000)),
    "MEM021": evidence(
        values={"aftermath.peak": 1.0}, beside=Beside(lines=[Made(at("unwrap", "wrapper.py:139"), size(1.0))])
    ),
}

CLEAN = evidence(
    stage("l1_get", traced=0.0),
    stage("unwrap", traced=0.0),
    stage("materialize", TO_PANDAS, live=1.0, traced=1.0),
    stage("stats", line("wrapper.py:1941", 0.002), live=0.001, traced=0.0),
    stage("other", calls=0),
    values={
        "copies.total": 1.0,
        "copies.stats": 0.002,
        "peak.heap": 1.0,
        "peak.tracemalloc": 1.0,
        "peak.tracemalloc_late": 1.0,
        "rss.peak": 1.0,
        "rss.settled": 0.01,
        "rss.shared": 0.0,
        "growth.per_read": 0.0002,
        "growth.margin": 0.00001,
        "growth.uncollected": 0.0001,
        "held.result": 1.0,
        "held.frame": 0.0,
        "held.mapping": 0.0,
        "held.after": 0.0,
        "held.first": 0.001,
        "growth.total": 0.001,
        "aftermath.peak": 0.001,
    },
    beside=Beside(
        lines=[Made(at("unwrap", "wrapper.py:139"), size(0.001))],
        dropped=[Made(at("other", "wrapper.py:140"), size(0.001))],
        started=[at("unwrap", "wrapper.py:139")],
    ),
    blocks=[block("materialize", "arrow_serializer.py:496", "transformed")],
    retained=retained(result=IN_A_FILE),
)
"""A read that copies once, into the result, where tracemalloc sees it."""


def test_no_code_stands_for_two_rules() -> None:
    assert len(set(CODES)) == len(CODES)


def test_every_rule_has_evidence_that_triggers_it() -> None:
    assert sorted(TRIGGERS) == CODES


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.CODE))
def test_a_rule_finds_its_own_and_nothing_in_a_clean_read(rule: Rule) -> None:
    assert [finding.code for finding in rule.find(TRIGGERS[rule.CODE])] == [rule.CODE]
    assert list(rule.find(CLEAN)) == []


def test_a_clean_read_has_no_finding() -> None:
    assert findings_of(CLEAN) == ()


@pytest.mark.parametrize("code", CODES)
def test_no_more_specific_rule_takes_a_finding_away_altogether(code: str) -> None:
    assert code in {finding.code for finding in findings_of(TRIGGERS[code])}


@pytest.mark.parametrize("code", CODES)
def test_nothing_was_measured_nothing_is_found(code: str) -> None:
    (rule,) = (rule for rule in RULES if code == rule.CODE)
    assert list(rule.find(evidence())) == []


def test_a_rule_supersedes_only_rules_that_there_are() -> None:
    superseded = {code for rule in RULES for code in getattr(rule, "SUPERSEDES", ())}
    assert superseded <= set(CODES)


def test_every_code_has_a_page_and_every_page_a_rule() -> None:
    assert list(pages.titles()) == CODES
    assert {path.stem for path in PAGES.glob("*.md")} == {*CODES, "README"}


@pytest.mark.parametrize("code", CODES)
def test_a_page_is_complete(code: str) -> None:
    text = (PAGES / f"{code}.md").read_text(encoding="utf-8")
    assert re.match(rf"# {code}: [a-z].*[^.]\n", text)
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == SECTIONS
    sections = re.split(r"^## .*$", text, flags=re.MULTILINE)[1:]
    assert all(section.strip() for section in sections)
    assert re.search(r"^```sh\n(.*\n)*?cachekit-memprobe run .*\n```$", sections[1], re.MULTILINE)


def test_the_index_lists_every_code_with_its_title() -> None:
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(\w+)\]\((\w+)\.md\) \| ([^|]*) \| [^|]+ \|$", index, re.MULTILINE)
    assert rows == [(code, code, title) for code, title in pages.titles().items()]
