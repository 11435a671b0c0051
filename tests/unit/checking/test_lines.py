import copy
import json
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cachekit_memprobe.checking.lines import Path, Text

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

NASTY = '''# rss.peak = "line 99"
"rss.peak" = "line 2"
[tool.other]
text = """
[tool.cachekit-memprobe.budget."*"]
rss.peak = "line 99"
"""
literal = \'\'\'rss.peak = "line 99"\'\'\'
[tool.cachekit-memprobe] # [tool]
scenarios = ["line 10", # "line 99"
  # "line 99"
  "line 12", "line 12"]

  [tool.cachekit-memprobe.budget."*"]
  rss.peak = "line 15" # rss.peak = "line 99"
  "rss.anon" = \'line 16\'
  copies . total = "line 17"
  held."after" = { hard = "line 18", soft = "line 18", message = "# hard = \\"line 99\\"" }
  peak.heap = [
    { hard = "line 20", when = "line 20" },
    "line 21",
  ]

[tool.zebra]
stripes = true
[tool.cachekit-memprobe.budget.'a.b-*']
rss."peak" = "line 27"
[[tool.cachekit-memprobe.budget.orders."held.first"]]
hard = "line 29"
[[tool.cachekit-memprobe.budget.orders."held.first"]]
hard = "line 31"
soft = """line 32"""
[tool]
after.all = "line 34"
"\\u00e9t\\u00e9" = "line 35"
'''


def leaves(node: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from leaves(value, (*path, key))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from leaves(value, (*path, number))
    elif isinstance(node, str) and node.startswith("line "):
        yield path, node


@pytest.mark.parametrize("text", [NASTY, NASTY.replace("\n", "\r\n"), NASTY.rstrip("\n")])
def test_the_line_of_every_value_is_the_true_one(text: str) -> None:
    located = Text(text)
    found = {path: located.line(path) for path, _ in leaves(tomllib.loads(text))}
    assert found == {path: int(marker[5:]) for path, marker in leaves(tomllib.loads(text))}
    assert len(found) == 18


def test_the_line_of_a_table_is_its_heading_and_else_that_of_its_first_value() -> None:
    located = Text(NASTY)
    above = ("tool", "cachekit-memprobe")
    assert located.line(above) == 9
    assert located.line((*above, "budget", "*")) == 14
    assert located.line((*above, "budget", "a.b-*")) == 26
    assert located.line((*above, "budget", "*", "held.after")) == 14
    assert located.line((*above, "budget", "*", "rss")) == 15
    assert located.line((*above, "budget", "*", "held", "after")) == 18
    assert located.line((*above, "scenarios")) == 10
    assert located.line(("tool", "zebra")) == 24


def test_the_line_of_a_key_that_is_missing_is_that_of_its_table() -> None:
    located = Text(NASTY)
    assert located.line(("tool", "zebra", "missing", "too")) == 24
    assert Text("").line(("tool",)) == 1
    assert Text("\n\n[a]\n").line(("a", "b")) == 3
    assert Text("a = {}\n[b]\n[[c]]\n\n[[c]]").line(("c", 1)) == 5
    assert Text("\na = { b = {} }").line(("a", "b")) == 2


def test_one_string_is_replaced_and_nothing_else() -> None:
    path: Path = ("tool", "cachekit-memprobe", "budget", "*", "rss.anon")
    changed = Text(NASTY).with_string(path, "2x")
    assert changed.text == NASTY.replace("'line 16'", "'2x'")
    path = ("tool", "cachekit-memprobe", "budget", "*", "peak", "heap", 1)
    assert Text(NASTY).with_string(path, "2x").text == NASTY.replace('"line 21"', '"2x"')


@pytest.mark.parametrize("path", [("a",), ("b",), ("c",), ("d",)])
def test_what_is_no_plain_string_is_not_replaced(path: Path) -> None:
    text = 'a = 1\nb = ["x"]\nc = "\\u0031x"\n'
    with pytest.raises(KeyError):
        Text(text).with_string(path, "2x")


keys = st.text("ab.- \"'#=[]é", min_size=1, max_size=4)
values = st.sampled_from(["x", "line", "# no", "a = 1", "[a]", "'", '"', "1.2x", "\n", "\\"])
tables = st.recursive(
    values | st.booleans() | st.integers(0, 9),
    lambda inner: st.dictionaries(keys, inner, min_size=1, max_size=3) | st.lists(inner, max_size=3),
    max_leaves=8,
)


def written(document: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[str]:
    """TOML, with tables as headings, inline, and by dots."""
    for key, value in document.items():
        if not isinstance(value, dict):
            line = f"{quoted(key)} = {inline(value)}"
            yield f"{line} # {' '.join(line.split())}"
        elif len(value) == 1 and not isinstance(next(iter(value.values())), dict):
            ((inner, one),) = value.items()
            yield f"{quoted(key)} . {quoted(inner)}={inline(one)}"
    for key, value in document.items():
        if isinstance(value, dict) and (len(value) > 1 or isinstance(next(iter(value.values())), dict)):
            yield f"[ {'.'.join(map(quoted, (*path, key)))} ]"
            yield from written(value, (*path, key))


def quoted(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False)


def inline(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{quoted(key)} = {inline(one)}' for key, one in value.items())} }}"
    if isinstance(value, list):
        return f"[\n{', '.join(map(inline, value))}\n]"
    return json.dumps(value, ensure_ascii=False)


def positions(node: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from positions(value, (*path, key))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from positions(value, (*path, number))
    else:
        yield path, node


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(keys, tables, min_size=1, max_size=4))
def test_one_value_is_replaced_wherever_it_stands(document: dict[str, Any]) -> None:
    text = "\n".join(written(document))
    assert tomllib.loads(text) == document
    for path, value in positions(document):
        if (
            not isinstance(value, str)
            or value == "2x"
            or json.dumps(value, ensure_ascii=False) != f'"{value}"'
        ):
            continue
        changed = copy.deepcopy(document)
        node: Any = changed
        for part in path[:-1]:
            node = node[part]
        node[path[-1]] = "2.5x"
        after = Text(text).with_string(path, "2.5x").text
        assert tomllib.loads(after) == changed
        # One place, and in the line that it is said to be in.
        begin = next(at for at, (one, other) in enumerate(zip(text, after, strict=False)) if one != other)
        assert text.count("\n", 0, begin) + 1 == Text(text).line(path)
