"""Run folders of schema 1, in which an observation was its probe's own dictionary.

Each function takes a document as it was saved, and returns it as it is saved today; what is wrong with it is
found when that is validated.
"""

import re
from typing import Any

from cachekit_memprobe.child.seen import SCHEMA_VERSION

_MADE = re.compile(r"(\d+) bytes of (\S+)")
_MADE_IN = re.compile(r"what (\w+) made")
_ORIGINS = {
    "the frame in L1": "l1_frame",
    "the object in the cache": "cached_object",
    "the file map": "file_map",
}


def run(document: Any) -> Any:
    """Each process was a fresh one."""
    try:
        return {**document, "options": {**document["options"], "isolation": "fresh"}}
    except (KeyError, TypeError):
        return document


def measurement(document: Any) -> Any:
    """A limit's condition was called ``where``."""
    try:
        limits = document["scenario"]["budget"]
        changed = [{**limit, "when": limit.get("where", "")} for limit in limits]
        return {**document, "scenario": {**document["scenario"], "budget": changed}}
    except (AttributeError, KeyError, TypeError):
        return document


def observation(document: Any) -> Any:
    """An observation with its record.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: it lacks what it has to have.
    """
    instrument, data = document["instrument"], document["data"]
    upgrade = _UPGRADES.get(instrument, lambda data: data)
    seen = upgrade(data)
    if instrument == "memray":
        seen["capture"] = document["capture"]
    return {"schema_version": SCHEMA_VERSION, "instrument": instrument, "seen": seen}


def _tracemalloc(data: Any) -> Any:
    return {
        "release": data["release"],
        "stage_calls": data["stage_calls"],
        "peak_bytes": data["peak"],
        "late_peak_bytes": data["late_peak"],
        "arrow_pool_peak_bytes": data["arrow_pool_peak"],
        "stage_peaks": data["stages"],
    }


def _memray(data: Any) -> Any:
    return {**data, "journal": [_note(entry) for entry in data["journal"]]}


def _note(entry: Any) -> Any:
    return {
        "event": entry["event"],
        "place": _place(entry) if entry["event"] == "move" else None,
        "spans": entry.get("maps", []),
        "size_bytes": entry.get("size_bytes", 0),
    }


def _aliasing(data: Any) -> Any:
    return {
        "release": data["release"],
        "stage_calls": data["stage_calls"],
        "blocks": [_block(block) for block in data["blocks"]],
        "views": {stage: _origin(words) for stage, words in data.get("views", {}).items()},
        "kept": [_kept(entry) for entry in data["kept"]],
    }


def _block(block: Any) -> Any:
    return {
        "place": _place(block),
        "statement": block.get("statement", [block["line"], block["line"]]),
        "size_bytes": block["size_bytes"],
        "kind": block["kind"],
        "origin": _origin(block["of"]) if block["of"] else None,
    }


def _kept(entry: Any) -> Any:
    place = _place(entry) if entry["file"] else None
    return {"name": entry["name"], "size_bytes": entry["size_bytes"], "place": place}


def _place(entry: Any) -> Any:
    return {
        "function": "",
        **{key: entry[key] for key in ("stage", "function", "file", "line") if key in entry},
    }


def _origin(words: str) -> Any:
    """What was said of it to a reader, in the parts that it was made of."""
    if made := _MADE.fullmatch(words):
        return {"kind": "made", "size_bytes": int(made[1]), "type_name": made[2]}
    if made_in := _MADE_IN.fullmatch(words):
        return {"kind": "made", "size_bytes": 0, "made_in": made_in[1]}
    return {"kind": _ORIGINS[words], "size_bytes": 0}


def _retention(data: Any) -> Any:
    """What unwrap took out of a frame was called ``payload``."""
    kept = {key: data[key] for key in ("release", "result", "after")}
    renamed = {"payload": "body"}
    handed = [{**item, "what": renamed.get(item["what"], item["what"])} for item in data["handed"]]
    return {**kept, "handed": handed, "part": data["slice"]}


_UPGRADES = {"tracemalloc": _tracemalloc, "memray": _memray, "aliasing": _aliasing, "retention": _retention}
