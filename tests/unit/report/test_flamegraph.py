"""memray's flame graph, parsed back: its stages, its sizes, and the lines that it shows."""

import linecache
from pathlib import Path
from typing import Any

import pytest

from cachekit_memprobe.flames import Flame, Flames
from cachekit_memprobe.report.flamegraph import flame_graph
from cachekit_memprobe.report.private import flames_without_source
from tests.flame_page import Node, labels, root_of
from tests.golden.pictures import HOSTILE
from tests.golden.reports import L1_HIT, report_of

UNWRAP = ("unwrap", "cachekit/serializers/wrapper.py", 126)
HANDLER = ("deserialize_data", "cachekit/cache_handler.py", 692)
OWN = ("load", "own.py", 3)
FLAMES = Flames(
    (
        Flame("unwrap", (HANDLER, UNWRAP), 3_000, 1),
        Flame("materialize", (HANDLER, OWN), 2_000, 4),
        Flame("other", (), 10, 2),
    ),
    {
        "cachekit/serializers/wrapper.py:126": "payload = bytes(mv[header_end:])",
        "own.py:3": "frame = table.to_pandas()",
    },
)


def drawn(flames: Flames) -> Node:
    return root_of(flame_graph(flames, L1_HIT, report_of(L1_HIT)))


def test_the_stages_are_the_root_frames() -> None:
    root = drawn(FLAMES)
    assert (root.size_bytes, root.allocations) == (5_010, 7)
    assert [(one.label, one.size_bytes, one.allocations) for one in root.children] == [
        ("unwrap", 3_000, 1),
        ("materialize", 2_000, 4),
        ("other", 10, 2),
    ]


def test_below_them_are_the_stacks_with_the_lines_that_are_known() -> None:
    (handler,) = drawn(FLAMES).children[0].children
    assert handler.label == "deserialize_data at cachekit/cache_handler.py:692"
    (unwrap,) = handler.children
    assert (unwrap.label, unwrap.function, unwrap.file, unwrap.line) == (
        "payload = bytes(mv[header_end:])",
        *UNWRAP,
    )


def test_no_file_of_this_machine_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text("# of this machine\n" * 5)
    unknown = drawn(Flames(FLAMES.flames, {}))
    assert "load at own.py:3" in labels(unknown)
    assert not [label for label in labels(unknown) if "this machine" in label]


def test_it_says_what_it_is_of() -> None:
    page = flame_graph(FLAMES, L1_HIT, report_of(L1_HIT))
    assert "arrow-l1-hit, cachekit 0.9.1: the heap of the read at its peak" in page


def test_linecache_is_left_as_it_was() -> None:
    linecache.getline(__file__, 1)
    before = {**linecache.cache}
    drawn(FLAMES)
    assert before == linecache.cache


@pytest.mark.parametrize("line", [0, 2**31 - 1])
def test_a_line_that_no_file_has(line: int) -> None:
    root = drawn(Flames((Flame("unwrap", (("f", "x.py", line),), 5, 1),), {}))
    assert labels(root) == ["<root>", "unwrap", f"f at x.py:{line}"]


def test_what_is_the_users_own_can_be_left_out() -> None:
    shown = labels(drawn(flames_without_source(FLAMES)))
    assert "payload = bytes(mv[header_end:])" in shown
    assert "load at own.py:3" in shown
    assert not [label for label in shown if "to_pandas" in label]


def test_names_from_outside_are_no_markup() -> None:
    hostile: Any = Flames((Flame(HOSTILE, ((HOSTILE, HOSTILE, 3),), 5, 1),), {f"{HOSTILE}:3": HOSTILE})
    page = flame_graph(hostile, L1_HIT, report_of(L1_HIT))
    assert "<script>alert(1)" not in page
    assert "<img src=x" not in page
    assert "\u202e" not in page
