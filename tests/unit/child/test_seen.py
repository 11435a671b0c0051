"""What the instruments saw survives its way as JSON, and nothing else passes for it."""

import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from typing import Any

import pytest

from cachekit_memprobe.child.seen import (
    KINDS,
    AliasingSeen,
    BareSeen,
    Block,
    FirstSeen,
    Handed,
    Held,
    Kept,
    Made,
    MemraySeen,
    Note,
    Origin,
    ReadFigures,
    RetentionSeen,
    RssSample,
    RssSeen,
    Seen,
    TracemallocSeen,
)
from cachekit_memprobe.child.stages import OUTSIDE, Place
from cachekit_memprobe.validation import Invalid, from_json, to_json

PLACE = Place("unwrap", "SerializationWrapper.unwrap", "cachekit/serializers/wrapper.py", 126)
CALLS = {"stats": 1, "unwrap": 2}
HELD = Held(1, 2, 3, 4)
JOURNAL = (
    Note("open"),
    Note("move", PLACE),
    Note("pause"),
    Note("maps", spans=((1, 2), (140_163_933_977_472, 140_163_933_981_568))),
    Note("map", size_bytes=7),
    Note("move", OUTSIDE),
    Note("close"),
)
MEMRAY = MemraySeen(
    "0.9.1", CALLS, JOURNAL, 40_042, 20_000, "/venv/lib", "1.20.0", {"cachekit/a.py:1": "größe()"}, "c.bin"
)
SEEN: tuple[Seen, ...] = (
    RssSeen("0.9.1", pinned=False, reads=(ReadFigures(1, 2, 3, 4, 5, -6, 7, -8), ReadFigures(*range(8)))),
    RssSeen("0.9.1"),
    TracemallocSeen("0.9.1", CALLS, 1, 2, 3, {"unwrap": 4}),
    TracemallocSeen("0.9.1", {}, 0, None, None, None),
    MEMRAY,
    replace(
        MEMRAY, journal=(Note("return"),), started=(PLACE,), lasting=("a task",), dropped=(Made(PLACE, 7),)
    ),
    AliasingSeen(
        "0.24.1",
        CALLS,
        blocks=(
            Block(PLACE, (126, 127), 10, "verbatim", Origin("l1_frame", 10)),
            Block(PLACE, (126, 126), 10, "received"),
            Block(PLACE, (1, 1), 10, "verbatim", Origin("made", 12, "bytearray")),
        ),
        views={"decode": Origin("made", 0, made_in="decrypt"), "unwrap": Origin("file_map", 0)},
        kept=(Kept("cachekit.x._KEPT", 10, PLACE), Kept("cachekit.y.Z.w", 11)),
    ),
    RetentionSeen("0.24.1", HELD, (Handed("frame", 5), Handed("body", 6)), Held(-1, 0, 0, 0), HELD),
    RetentionSeen("0.24.1", HELD, (), HELD, None),
    RetentionSeen(
        "0.24.1", HELD, (), HELD, None, HELD, FirstSeen("0.24.1", HELD, (Kept("cachekit.x.y", 1),))
    ),
    FirstSeen("0.24.1", HELD),
    BareSeen("0.24.1"),
)
KIND_OF = {kind: name for name, kind in KINDS.items()}


def named(seen: Seen) -> str:
    return KIND_OF[type(seen)]


def document_of(seen: Seen) -> Any:
    """As it crosses the channel."""
    return json.loads(json.dumps(asdict(seen)))


@pytest.mark.parametrize("seen", SEEN, ids=named)
def test_a_record_is_the_same_on_the_other_side_of_the_channel(seen: Seen) -> None:
    assert from_json(type(seen), json.dumps(asdict(seen))) == seen


@pytest.mark.parametrize("seen", SEEN, ids=named)
def test_a_record_is_the_same_once_it_was_saved(seen: Seen) -> None:
    assert from_json(type(seen), json.dumps(to_json(seen, type(seen)))) == seen


def test_every_instruments_record_was_tried() -> None:
    assert {named(seen) for seen in SEEN} == set(KINDS)


@pytest.mark.parametrize("seen", SEEN, ids=named)
def test_a_key_that_is_missing_or_renamed_is_named(seen: Seen) -> None:
    for change in (dict.pop, _renamed):
        document = document_of(seen)
        change(document, "release")
        with pytest.raises(Invalid, match=r"^release: ") as caught:
            from_json(type(seen), json.dumps(document))
        assert caught.value.key == "release"


def _renamed(document: dict[str, Any], key: str) -> None:
    document[f"{key}_of_cachekit"] = document.pop(key)


def _of(kind: type[Seen]) -> Seen:
    return next(seen for seen in SEEN if type(seen) is kind)


Change = Callable[[Any], object]


@pytest.mark.parametrize(
    ("kind", "change", "key"),
    [
        (RssSeen, lambda seen: seen["reads"][1].pop("samples"), "reads.1.samples"),
        (RssSeen, lambda seen: seen["reads"][0].update(peak_bytes="1"), "reads.0.peak_bytes"),
        (RssSeen, lambda seen: seen["reads"][0].update(peak_bytes=1.5), "reads.0.peak_bytes"),
        (RssSeen, lambda seen: seen.update(pinned=1), "pinned"),
        (RssSeen, lambda seen: seen.update(reads={}), "reads"),
        (TracemallocSeen, lambda seen: seen.pop("late_peak_bytes"), "late_peak_bytes"),
        (TracemallocSeen, lambda seen: seen.update(peak_bytes="1"), "peak_bytes"),
        (TracemallocSeen, lambda seen: seen["stage_calls"].update(stats="1"), "stage_calls.stats"),
        (TracemallocSeen, lambda seen: seen["stage_peaks"].update(unwrap=None), "stage_peaks.unwrap"),
        (MemraySeen, lambda seen: seen["journal"][0].update(event="pauze"), "journal.0.event"),
        (MemraySeen, lambda seen: seen["journal"][1]["place"].pop("stage"), "journal.1.place.stage"),
        (MemraySeen, lambda seen: seen["journal"][1]["place"].update(stage="x"), "journal.1.place.stage"),
        (AliasingSeen, lambda seen: seen["kept"][0]["place"].update(stage=""), "kept.0.place.stage"),
        (MemraySeen, lambda seen: seen["journal"][3]["spans"][0].append(3), "journal.3.spans.0"),
        (MemraySeen, lambda seen: seen.update(herald_bytes="40042"), "herald_bytes"),
        (AliasingSeen, lambda seen: seen["blocks"][0].update(kind="copied"), "blocks.0.kind"),
        (AliasingSeen, lambda seen: seen["blocks"][0]["origin"].pop("kind"), "blocks.0.origin.kind"),
        (AliasingSeen, lambda seen: seen["blocks"][1]["place"].update(line="9"), "blocks.1.place.line"),
        (
            AliasingSeen,
            lambda seen: seen["views"]["decode"].update(size_bytes="0"),
            "views.decode.size_bytes",
        ),
        (AliasingSeen, lambda seen: seen["kept"][1].pop("name"), "kept.1.name"),
        (RetentionSeen, lambda seen: seen["after"].update(pool_bytes="0"), "after.pool_bytes"),
        (RetentionSeen, lambda seen: seen["handed"][1].pop("what"), "handed.1.what"),
        (RetentionSeen, lambda seen: seen.pop("part"), "part"),
    ],
)
def test_what_is_wrong_in_a_record_is_named(kind: type[Seen], change: Change, key: str) -> None:
    document = document_of(_of(kind))
    change(document)
    with pytest.raises(Invalid) as caught:
        from_json(kind, json.dumps(document))
    assert caught.value.key == key
    assert str(caught.value) == f"{key}: {caught.value.problem}"


def _numbers(value: Any, key: str) -> Iterator[tuple[dict[str, Any] | list[Any], Any, str]]:
    """Every number of a document: what it stands in, its place there, and its whole key."""
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, part in entries:
        if isinstance(part, int) and not isinstance(part, bool):
            yield value, name, f"{key}{name}"
        yield from _numbers(part, f"{key}{name}.")


MAY_BE_NEGATIVE = re.compile(
    r"reads\.\d\.((settled_(anon_|file_|shared_)?|peak_|anon_|file_|shared_|dropped_)bytes)"
    r"|uncollected_bytes|(second\.)?journal\.\d\.alive_bytes|(result|after|part|set_up|first\.after)\..*"
)


@pytest.mark.parametrize("seen", SEEN, ids=named)
def test_a_number_that_makes_no_sense_is_named(seen: Seen) -> None:
    """Whole numbers have no NaN and no infinity: of those the types say it."""
    document = document_of(seen)
    for owner, place, key in list(_numbers(document, "")):
        true_one = owner[place]
        wrong = [10**30, math.nan, math.inf, -math.inf, -(10**30)]
        wrong += [] if MAY_BE_NEGATIVE.fullmatch(key) else [-1]
        for number in wrong:
            owner[place] = number
            with pytest.raises(Invalid) as caught:
                from_json(type(seen), json.dumps(document))
            assert caught.value.key == key
        owner[place] = true_one


def test_a_difference_may_be_negative() -> None:
    document = document_of(_of(RssSeen))
    document["reads"][0].update(dropped_bytes=-1, settled_shared_bytes=-2)
    document["reads"][0]["course"] = [
        {"elapsed_us": 7, "anon_bytes": -4, "file_bytes": -5, "shared_bytes": -6},
    ]
    document["uncollected_bytes"] = -3
    seen = from_json(RssSeen, json.dumps(document))
    assert (seen.reads[0].dropped_bytes, seen.reads[0].settled_shared_bytes) == (-1, -2)
    assert seen.uncollected_bytes == -3
    assert seen.reads[0].course == (RssSample(7, -4, -5, -6),)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("text", ["", "no JSON", "[]", "7", '{"release": "0.9.1"'])
def test_what_is_no_record_at_all_is_refused_as_a_whole(kind: type[Seen], text: str) -> None:
    with pytest.raises(Invalid, match=r"^the whole: ") as caught:
        from_json(kind, text)
    assert caught.value.key == ""


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        (Origin("l1_frame", 1), "the frame in L1"),
        (Origin("cached_object", 1), "the object in the cache"),
        (Origin("file_map", 1), "the file map"),
        (Origin("made", 1_048_576, "bytearray"), "1048576 bytes of bytearray"),
        (Origin("made", 0, made_in="decrypt"), "what decrypt made"),
    ],
)
def test_an_origin_is_told_in_words(origin: Origin, words: str) -> None:
    assert origin.words == words
