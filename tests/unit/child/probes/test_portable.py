"""What an instrument saw names no folder of the machine."""

from dataclasses import replace

from cachekit_memprobe.child.probes import portable
from cachekit_memprobe.child.seen import AliasingSeen, Block, Kept, MemraySeen, Note, Origin
from cachekit_memprobe.child.stages import OUTSIDE, Place

PREFIX = "/home/someone/venv/lib/"
FILE = "cachekit/serializers/wrapper.py"
INSIDE, RELATIVE = Place("unwrap", "f", PREFIX + FILE, 126), Place("unwrap", "f", FILE, 126)
ELSEWHERE = Place("other", "g", "/usr/lib/python3/json/decoder.py", 9)


def test_a_place_is_told_from_where_the_package_lies() -> None:
    assert portable(INSIDE, PREFIX) == RELATIVE
    assert portable(ELSEWHERE, PREFIX).file == "json/decoder.py"
    assert portable(replace(ELSEWHERE, file="/srv/x/site-packages/pandas/a.py"), PREFIX).file == "pandas/a.py"
    assert portable(replace(ELSEWHERE, file="/srv/someone/a.py"), PREFIX).file == "a.py"
    assert portable(OUTSIDE, PREFIX) == OUTSIDE


def test_so_are_all_places_in_a_record() -> None:
    def seen(place: Place) -> AliasingSeen:
        block = Block(place, (126, 126), 9, "verbatim", Origin("l1_frame", 9))
        kept = (Kept("cachekit.x._KEPT", 9, place), Kept("cachekit.y", 9))
        return AliasingSeen("0.9.1", {"unwrap": 1}, (block,), {"decode": Origin("file_map", 0)}, kept)

    assert portable(seen(INSIDE), PREFIX) == seen(RELATIVE)


def test_but_not_the_folder_by_which_a_capture_is_read() -> None:
    def seen(place: Place) -> MemraySeen:
        journal = (Note("open"), Note("move", place), Note("maps", spans=((1, 2),)), Note("close"))
        return MemraySeen("0.9.1", {}, journal, 1, 2, PREFIX, "1.20.0", {}, "/runs/memray.bin")

    assert portable(seen(INSIDE), PREFIX) == seen(RELATIVE)
