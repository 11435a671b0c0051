"""Any bytes in a scenario file are a scenario, or an error of a few lines; nothing else, and soon."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st

from cachekit_memprobe.cli import main
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.metrics import NAMES
from cachekit_memprobe.model import Scenario
from cachekit_memprobe.scenario import (
    expand,
    load_scenario,
    parse_axis,
    parse_sizes,
    scenario_text,
    select,
)
from cachekit_memprobe.scenario.document import LARGEST_FILE_BYTES
from cachekit_memprobe.scenario.schema import TABLES, ScenarioFile
from cachekit_memprobe.scenario.selection import FOLDER
from tests.fuzz.effort import effort
from tests.fuzz.patience import no_hang

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MOST_LINES = 25

OWN = """\
summary = "An array"
releases = ">=0.9.0"
[value]
kind = "file"
file = "data.npy"
[cache]
serializer = "auto"
l1 = true
[read]
tier = "l1"
route = "memory"
[env]
MALLOC_ARENA_MAX = "2"
[budget]
rss.peak = [{ limit = "1x", when = "pandas<3" }, { limit = "10MB", level = "warn" }]
"""
TEXTS = [*(path.read_text() for path in sorted(FOLDER.glob("*.toml"))), OWN]
DOCUMENTS = [tomllib.loads(text) for text in TEXTS]

NAMES_OF_KEYS = sorted(
    {
        *TABLES,
        *ScenarioFile.model_fields,
        *(key for table in TABLES.values() for key in table.model_fields),
        *(part for name in NAMES for part in name.split(".")),
        *("limit", "level", "when", "where"),
    }
)
ODD_WORDS = [
    *("", "\0", "\x1b[31m", "\n", "\x9b", "\u202e", "\x7f", "*" * 60, "a" * 300, "9" * 5000),
    *("~nosuchuser/x", "/dev/zero", "data.npy", "none.csv"),
    *("1e400x", "NaNx", "infx", "1_0x", "-1x", "1.35x", "9" * 400 + "MB", "0B", "64MiB"),
    *("==" + "9" * 5000, ">=0.10.0", "pandas<3", "pandas===x", "python>" + "9" * 4400),
]
words = st.one_of(
    st.sampled_from(ODD_WORDS),
    st.sampled_from(NAMES_OF_KEYS),
    st.text(max_size=12),
    st.sampled_from(
        [word for table in DOCUMENTS for word in (table["value"]["kind"], table["read"]["route"])]
    ),
)
scalars = st.one_of(
    words,
    st.booleans(),
    st.integers(),
    st.sampled_from([2**31, 2**63, 2**64, -1, 0, 10**300, 16**900]),
    st.floats(),
    st.just(date(2026, 1, 1)),
    st.just(datetime(2026, 1, 1)),
    st.just(time(1)),
)
keys = st.one_of(st.sampled_from(NAMES_OF_KEYS), words)
values = st.recursive(
    scalars, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4))
)


@st.composite
def changed_documents(draw: st.DrawFn) -> str:
    """A bundled scenario of which some keys have another value, another name, another place, or none."""
    document = deepcopy(draw(st.sampled_from(DOCUMENTS)))
    for _ in range(draw(st.integers(1, 4))):
        table = draw(
            st.sampled_from([document, *(part for part in document.values() if isinstance(part, dict))])
        )
        key = draw(st.sampled_from(sorted(table)) if table and draw(st.booleans()) else keys)
        change = draw(st.sampled_from(["set", "set", "set", "remove", "rename", "many"]))
        if change == "set":
            table[key] = draw(values)
        elif change == "many":
            table.update({f"{key}{number}": draw(scalars) for number in range(draw(st.integers(1, 40)))})
        else:
            found = table.pop(key, 1)
            if change == "rename":
                table[draw(keys)] = found
    return toml_of(document)


def toml_of(document: Mapping[str, Any]) -> str:
    return "\n".join(f"{quoted(key)} = {toml(value)}" for key, value in document.items()) + "\n"


def toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(key)} = {toml(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return hex(value) if value > 2**64 else str(value)
    return str(value)


def quoted(text: str) -> str:
    return json.dumps(text.encode("utf-8", "replace").decode(), ensure_ascii=False).replace("\x7f", "\\u007f")


TOKENS = [
    '"',
    '"""',
    "'",
    "'''",
    "#",
    "\n",
    "\r",
    "=",
    ".",
    "[",
    "]",
    "[[",
    "{",
    "}",
    ",",
    "\\",
    "\0",
    "\ufeff",
]


@st.composite
def changed_texts(draw: st.DrawFn) -> bytes:
    """The text of one, into which something is written, or of which something is cut or repeated."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(text)))
        end = min(len(text), begin + draw(st.integers(0, 40)))
        piece = draw(st.one_of(st.sampled_from(TOKENS), st.just(text[begin:end]), words))
        times = draw(st.sampled_from([1, 1, 1, 2, 17, 500, 4000]))
        text = text[:begin] + piece * times + text[end:]
    content = text.encode("utf-8", "surrogatepass")
    return content[: draw(st.integers(0, len(content)))] if draw(st.booleans()) else content


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a scenario lies, with the data that it may name."""
    made = tmp_path_factory.mktemp("scenarios")
    np.save(made / "data.npy", np.arange(3.0))
    return made


@effort(short=60, long=6000)
@given(text=changed_documents())
@example(text="env = {a = 0x" + "f" * 5000 + "}")
@example(text="a" + ".a" * 20000 + " = 1")
@example(text="\n".join(f"k{number} = 1" for number in range(5000)))
@example(text="[budget]\n" + "\n".join(f"copies.unwra{number} = 1" for number in range(2500)))
@example(text=OWN.replace(">=0.9.0", "==" + "9" * 5000))
@example(text=OWN.replace("pandas<3", "pandas<" + "9" * 5000))
@example(text=OWN.replace("data.npy", "~nosuchuser/data.npy"))
@example(text=OWN.replace("data.npy", "a\\u0000b"))
@example(text=OWN.replace("data.npy", "a/" * 3000))
def test_a_changed_document(text: str, folder: Path) -> None:
    is_read(text.encode(), folder)


@effort(short=60, long=6000)
@given(content=changed_texts())
def test_a_changed_text(content: bytes, folder: Path) -> None:
    is_read(content, folder)


@effort(short=30, long=2000)
@given(
    content=st.one_of(
        st.binary(max_size=200), st.text(alphabet="[]{}.=\"'#\n\\ax1,", max_size=200).map(str.encode)
    )
)
@example(content=b"")
@example(content=b"\xff\xfe")
@example(content=b"[" * 70_000)
def test_any_bytes(content: bytes, folder: Path) -> None:
    is_read(content, folder)


def is_read(content: bytes, folder: Path) -> None:
    """A scenario is shown, multiplied, and written so that it loads again; else there is an error."""
    path = folder / "a.toml"
    path.write_bytes(content)
    with no_hang():
        try:
            scenario = load_scenario(path)
        except UsageError as error:
            is_short(str(error))
            shown = CliRunner().invoke(main, ["show", str(path)])
            assert shown.exit_code == 2
            is_short(shown.stderr.rstrip("\n"))
            assert shown.stdout == ""
            return
        assert len(content) <= LARGEST_FILE_BYTES
        is_usable(scenario, folder)


def is_short(message: str) -> None:
    lines = message.split("\n")
    assert len(lines) <= MOST_LINES
    assert all(line.isprintable() and len(line) < 2500 for line in lines)
    assert "Traceback" not in message


def is_usable(scenario: Scenario, folder: Path) -> None:
    (selected,) = select((str(folder / "a.toml"),))
    assert selected == scenario
    shown = CliRunner().invoke(main, ["show", str(folder / "a.toml")])
    assert shown.exit_code == 0, shown.output
    assert all(line.isprintable() for line in shown.stdout.splitlines())
    written = folder / "b.toml"
    with refused_in_words():
        written.write_text(scenario_text(scenario, written), encoding="utf-8")
        again = load_scenario(written)
        assert replace(again, name=scenario.name, source=scenario.source, value=scenario.value) == scenario
        assert same_value(again, scenario)
    with refused_in_words():
        expand([scenario], sizes=parse_sizes("50%,200%"))
    with refused_in_words():
        expand([scenario], axes=[parse_axis("compression=none,zstd")])


def same_value(one: Scenario, other: Scenario) -> bool:
    return replace(one.value, file="") == replace(other.value, file="") and (
        one.value.file == other.value.file or Path(one.value.file).samefile(other.value.file)
    )


@contextmanager
def refused_in_words() -> Iterator[None]:
    """What the command line would print."""
    try:
        yield
    except UsageError as error:
        is_short(str(error))
