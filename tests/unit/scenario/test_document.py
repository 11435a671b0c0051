"""What a scenario file may consist of before anything is parsed, and what the worst within that costs."""

import json
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from cachekit_memprobe.errors import ScenarioError
from cachekit_memprobe.scenario.document import DEEPEST, LARGEST_FILE_BYTES, MOST_PARTS, parsed

MOST_ADDRESSES_BYTES = 1 << 30
MOST_GROWTH_BYTES = 100 << 20

LOAD = r"""
import json, resource, sys
from pathlib import Path
from cachekit_memprobe.scenario import load_scenario
from cachekit_memprobe.errors import ScenarioError
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]),) * 2)
def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before, told = peak_bytes(), {}
for path in map(Path, sys.argv[2:]):
    try:
        load_scenario(path)
    except ScenarioError as error:
        told[path.stem] = str(error).split("\n")
print(json.dumps([peak_bytes() - before, told]))
"""


def filled(head: str, line: str, tail: str = "") -> str:
    """As many lines as a file may have, each with a number of its own."""
    text = head
    for number in count():
        more = line.format(number)
        if len(text) + len(more) + len(tail) > LARGEST_FILE_BYTES:
            return text + tail
        text += more
    raise AssertionError


WORST = {
    "one-key": ".".join("a" * (LARGEST_FILE_BYTES // 2 - 2)) + "=1",
    "keys-with-dots": filled("", f"k{{}}{'.a' * (MOST_PARTS - 1)}=1\n"),
    "headers-with-dots": filled("", f"[k{{}}{'.a' * (MOST_PARTS - 1)}]\n"),
    "wrong-keys": filled("", "k{}=1\n"),
    "wrong-tables": filled("", "[k{}]\n"),
    "wrong-metrics": filled("[budget]\n", "copies.unwra{}=1\n"),
    "wrong-limits": filled("[budget]\nrss.peak=[", "1,", "]"),
    "wrong-variables": filled("[env]\n", "k{}=1\n"),
    "large-variable": f"[env]\na=0x{'f' * (LARGEST_FILE_BYTES - 12)}",
    "wrong-needs": filled("needs=[", "'a',", "]"),
    "brackets": "[" * LARGEST_FILE_BYTES,
    "braces": filled("", "{{a="),
    "long-specifier": filled('releases="', "<{},", '"'),
    "long-condition": filled('[budget]\nrss.peak={limit="1x",when="pandas', "<{},", '"}'),
    "half-a-string": filled('"""', '\\"""'),
}


def test_the_worst_within_the_limits_takes_little_memory_and_few_lines(tmp_path: Path) -> None:
    for name, text in WORST.items():
        assert len(text) <= LARGEST_FILE_BYTES
        (tmp_path / f"{name}.toml").write_text(text)
    paths = [str(tmp_path / f"{name}.toml") for name in WORST]
    command = [sys.executable, "-c", LOAD, str(MOST_ADDRESSES_BYTES), *paths]
    grown_bytes, told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert told.keys() == WORST.keys()
    assert grown_bytes < MOST_GROWTH_BYTES
    assert max(map(len, told.values())) == 21
    assert told["wrong-keys"][-1].startswith(f"{tmp_path}/wrong-keys.toml: and ")
    assert told["wrong-keys"][-1].endswith(" more")


@pytest.mark.parametrize(
    "text",
    [
        f"a{'.a' * (MOST_PARTS - 1)} = 1",
        f"{'a.' * (MOST_PARTS - 1)}'b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q' = 1",
        f"a = {'[' * DEEPEST}{']' * DEEPEST}",
        f"a = {'{a=' * DEEPEST}1{'}' * DEEPEST}",
        f"a = '{'.' * 100}'  # {'.' * 100}[[[[[[[[[[[[[[[[[[",
        f'a = "\\"{"." * 100}"',
        f"a = '\\'\nb = [{'0.5, ' * 100}]",
        f"a = '''\n'{'.' * 100}\n'[[[[[[[[[[[[[[[[[['''''",
        f'a = """\n\\"""{"." * 100}"""""',
        "a = 1.5\n" + "".join(f"b{number} = 2.5\n" for number in range(100)),
    ],
)
def test_what_is_within_the_limits_is_parsed(text: str) -> None:
    assert "a" in parsed(text, "x.toml")


PARTS = "16 parts of a key with dots, found a key of more"
NESTED = "16 arrays or tables in one another, found more"


@pytest.mark.parametrize(
    ("text", "most"),
    [
        (f"a{'.a' * MOST_PARTS} = 1", PARTS),
        (f"[a{'.a' * MOST_PARTS}]", PARTS),
        (f"a = {{ a{'.a' * MOST_PARTS} = 1 }}", PARTS),
        ("a" + ' . "a"' * MOST_PARTS + " = 1", PARTS),
        (f"b = '' # '\na{'. a' * MOST_PARTS} = 1", PARTS),
        (f"b = '''a''''\na{'.a' * MOST_PARTS} = 1", PARTS),
        (f"a = {'[' * (DEEPEST + 1)}", NESTED),
        (f"a = {'[{a=' * DEEPEST}", NESTED),
    ],
)
def test_what_is_beyond_is_refused(text: str, most: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parsed(text, "x.toml")
    assert str(caught.value) == f"x.toml: expected at most {most}; is this a scenario file?"


def test_a_text_that_is_going_to_be_written_has_the_same_limit() -> None:
    with pytest.raises(ScenarioError, match=r"at most 64.0 KiB"):
        parsed("#" * (LARGEST_FILE_BYTES + 1), "x.toml")
