"""What a child is told arrives as it was meant, whatever is set of it."""

import json
from dataclasses import asdict, fields, is_dataclass
from typing import Any

import pytest

from cachekit_memprobe.child.task import (
    READ,
    Caching,
    Call,
    Found,
    Link,
    Need,
    Read,
    Sized,
    Stored,
    Task,
    Value,
    decode_task,
    encode_task,
)
from cachekit_memprobe.validation import from_json

STORED = Stored(
    keys={"measured": "ns:k", "measured-2": "ns:l"},
    digests={"measured": "0a", "measured-2": "0b"},
    exact_digests={"measured": "1a", "measured-2": ""},
    frame_bytes={"measured": 10, "measured-2": 11},
    form="table",
    logical_bytes=9,
    rows=2,
    record_batches=3,
    needs=(Need("l1_size", 1, 2, "x"), Need("async")),
    found=Found("l2", "map", True, "zstd", ("a note",)),
)
CALL = Call(
    "shop.orders:load", ("eu", 1), {"day": [1.5]}, "shop:prepare", "/home/someone", ("/src",), "file", True
)
LINK = Link(
    "memprobe-1", "cache-1:1,cache-2:2", "/scratch/journal", "https://h", "ck_live", "5ec4e7", "me pw"
)
TASK = Task(
    operation=READ,
    value=Value("file", 9, 3, 4, file="/home/someone/größe.csv", holds="1 row", share=0.5, call=CALL),
    caching=Caching("arrow", "zstd", "redis", encryption=True, l1=True, return_format="arrow"),
    read=Read("l2", "get", asynchronous=True, backfill=True, readers=8, keys=2),
    workspace="/scratch/x",
    instrument="rss",
    stored=STORED,
    reads=3,
    pinned=False,
    capture="/runs/memray.bin",
    memory_bytes=7,
    stages=("unwrap=m:f",),
    link=LINK,
    ttl_s=60,
)
PLAIN = Task(
    READ, Value("bytes", 1, 1, 0), Caching("auto", "none", "file", False, False), Read("l1", "memory"), ""
)


def parts(record: Any) -> dict[str, Any]:
    """The fields of a record and of the records in it, by dotted name."""
    found: dict[str, Any] = {}
    for entry in fields(record):
        part = getattr(record, entry.name)
        inner = parts(part) if is_dataclass(part) else {"": part}
        found.update({f"{entry.name}.{name}".rstrip("."): value for name, value in inner.items()})
    return found


@pytest.mark.parametrize("task", [TASK, PLAIN], ids=["everything", "nothing"])
def test_a_task_is_read_as_it_was_written(task: Task) -> None:
    assert decode_task(encode_task(task)) == task


def test_every_field_was_set_to_something_else_than_its_default() -> None:
    plain = parts(PLAIN)
    same = [name for name, value in parts(TASK).items() if name in plain and plain[name] == value]
    assert same == ["operation"]


def test_a_task_is_one_line() -> None:
    assert "\n" not in encode_task(TASK)


@pytest.mark.parametrize(
    "change",
    [
        lambda task: task.update(wire_version=3),
        lambda task: task["read"].update(hurry=True),
        lambda task: task["value"].pop("seed"),
        lambda task: task.pop("workspace"),
    ],
)
def test_a_task_of_another_version_is_refused(change: Any) -> None:
    document = json.loads(encode_task(TASK))
    change(document)
    with pytest.raises(TypeError):
        decode_task(json.dumps(document))


def test_a_key_is_not_shown() -> None:
    assert "5ec4e7" not in repr(TASK)
    assert "ck_live_key" not in repr(TASK)


@pytest.mark.parametrize(
    ("read", "names"),
    [
        (Read("l1", "memory"), ("measured",)),
        (Read("l1", "memory", readers=8), ("measured",)),
        (Read("l1", "memory", readers=3, keys=3), ("measured", "measured-2", "measured-3")),
    ],
)
def test_each_value_of_a_read_has_a_name(read: Read, names: tuple[str, ...]) -> None:
    assert read.names == names


@pytest.mark.parametrize("answer", [STORED, Sized(7, "7 rows")], ids=lambda record: type(record).__name__)
def test_what_a_store_answers_is_the_same_on_the_other_side(answer: Stored | Sized) -> None:
    assert from_json(type(answer), json.dumps(asdict(answer))) == answer
