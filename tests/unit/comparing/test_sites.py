from dataclasses import replace

from cachekit_memprobe.comparing.sites import site_changes
from cachekit_memprobe.model import Payload
from cachekit_memprobe.result import Result, SiteUsage, StageUsage
from tests.golden.reports import L1_HIT, MATERIALIZE_SITE, UNWRAP_SITE, place, stage

METRICS = {"copies.total": 1.0, "verbatim.total": 1.0}


def result(*sites: SiteUsage, metrics: dict[str, float] = METRICS) -> Result:
    return replace(L1_HIT, metrics=metrics, stages=(stage("unwrap", *sites),))


def at(where: str, site: SiteUsage = UNWRAP_SITE) -> SiteUsage:
    return replace(site, place=place("unwrap", where, site.place.function))


def kinds(base: Result, new: Result) -> list[str]:
    return [change.kind for change in site_changes(base, new)]


def test_the_same_line_is_no_change() -> None:
    assert kinds(result(UNWRAP_SITE), result(UNWRAP_SITE)) == []


def test_a_line_that_went_elsewhere_has_moved() -> None:
    (moved,) = site_changes(result(UNWRAP_SITE), result(at("cachekit/elsewhere.py:3")))
    assert moved.kind == "moved"
    assert moved.new is not None
    assert moved.new.place.file == "cachekit/elsewhere.py"


def test_another_text_is_another_line() -> None:
    other = replace(UNWRAP_SITE, source="payload = bytes(view)")
    assert kinds(result(UNWRAP_SITE), result(other)) == ["gone", "new"]


def test_blanks_make_no_difference() -> None:
    indented = replace(UNWRAP_SITE, source=f"    {UNWRAP_SITE.source}   ")
    assert kinds(result(UNWRAP_SITE), result(indented)) == []


def test_a_function_may_be_renamed() -> None:
    renamed = replace(UNWRAP_SITE, place=replace(UNWRAP_SITE.place, function="unwrap_v2", line=300))
    assert kinds(result(UNWRAP_SITE), result(renamed)) == ["moved"]


def test_lines_without_a_text_are_matched_by_their_function_only() -> None:
    native = replace(UNWRAP_SITE, source="", place=place("unwrap", ":0", "Arrow's mimalloc pool"))
    other = replace(native, place=place("unwrap", "x.py:4", "g"))
    assert kinds(result(native), result(native)) == []
    assert kinds(result(native), result(other)) == ["gone", "new"]


def test_a_line_that_takes_less_has_changed() -> None:
    less = replace(UNWRAP_SITE, copies_bytes=UNWRAP_SITE.copies_bytes // 2)
    assert kinds(result(UNWRAP_SITE), result(less)) == ["changed"]


def test_the_same_text_twice_is_two_lines() -> None:
    first, second = at("cachekit/w.py:10"), at("cachekit/w.py:20")
    assert kinds(result(first, second), result(first, second)) == []
    assert kinds(result(first, second), result(first)) == ["gone"]


def test_of_two_lines_of_one_text_the_one_at_its_place_has_stayed() -> None:
    first, second = at("cachekit/w.py:10"), at("cachekit/w.py:20")
    for both, one in (([first, second], second), ([first, second], first)):
        (gone,) = site_changes(result(*both), result(one))
        assert (gone.kind, gone.base) == ("gone", both[0] if one is second else both[1])
        (new,) = site_changes(result(one), result(*both))
        assert new.kind == "new"


def test_what_nobody_looked_for_on_one_side_is_no_change() -> None:
    unexamined = replace(UNWRAP_SITE, verbatim_bytes=None, kind="unproven")
    new = result(unexamined, metrics={"copies.total": 1.0})
    assert kinds(result(UNWRAP_SITE), new) == []


def test_without_memray_on_one_side_no_line_is_gone() -> None:
    nothing = replace(MATERIALIZE_SITE, copies_bytes=0)
    assert kinds(result(MATERIALIZE_SITE), result(nothing, metrics={"verbatim.total": 0.0})) == []
    assert kinds(result(MATERIALIZE_SITE), result(metrics={"verbatim.total": 0.0})) == []


MIB = 1 << 20


def in_stages(*stages: StageUsage, payload_bytes: int = 300_000_000) -> Result:
    return replace(L1_HIT, metrics=METRICS, stages=stages, payload=Payload(payload_bytes, payload_bytes))


def allocated(
    site: SiteUsage, copies_bytes: int, *, arenas: int = 0, small_bytes: int = 0, allocations: int = 1
) -> SiteUsage:
    return replace(
        site,
        copies_bytes=copies_bytes,
        allocations=allocations,
        verbatim_bytes=0,
        kind="transformed",
        arenas=arenas,
        small_bytes=small_bytes,
    )


def test_a_line_is_matched_in_its_stage_first() -> None:
    """Of several readers, a little of the line is counted to another stage, by chance on one side only."""
    line = allocated(MATERIALIZE_SITE, 8 * MIB)
    little = allocated(MATERIALIZE_SITE, 736, small_bytes=736)
    base = in_stages(stage("materialize", line))
    new = in_stages(stage("decode", little), stage("materialize", line))
    assert kinds(base, new) == kinds(new, base) == []


def test_a_line_may_have_gone_to_another_stage() -> None:
    line = allocated(MATERIALIZE_SITE, 8 * MIB)
    assert kinds(in_stages(stage("materialize", line)), in_stages(stage("decode", line))) == ["moved"]


def test_some_arenas_more_or_less_are_no_change() -> None:
    before = allocated(MATERIALIZE_SITE, 244_633_226, arenas=232, allocations=261)
    after = allocated(MATERIALIZE_SITE, 246_861_450, arenas=234, allocations=264)
    sizes = {"payload_bytes": 33_554_305}
    base, new = in_stages(stage("decode", before), **sizes), in_stages(stage("decode", after), **sizes)
    assert kinds(base, new) == kinds(new, base) == []
    more = allocated(MATERIALIZE_SITE, 252 * MIB, arenas=240)
    assert kinds(base, in_stages(stage("decode", more), **sizes)) == ["changed"]


def test_one_arena_is_neither_new_nor_gone() -> None:
    arena = in_stages(stage("other", allocated(MATERIALIZE_SITE, MIB, arenas=1)), payload_bytes=16 * MIB)
    nothing = in_stages(stage("other"), payload_bytes=16 * MIB)
    assert kinds(arena, nothing) == kinds(nothing, arena) == []


def test_two_mebibytes_of_one_line_are_seen_beside_many_arenas() -> None:
    objects = allocated(MATERIALIZE_SITE, 244_633_226, arenas=232)
    buffer = replace(allocated(UNWRAP_SITE, 16 * MIB), kind="unproven")
    larger = replace(buffer, copies_bytes=18 * MIB)
    base, new = in_stages(stage("decode", objects, buffer)), in_stages(stage("decode", objects, larger))
    assert kinds(base, new) == ["changed"]


def test_what_any_read_takes_is_no_change_between_two_sizes() -> None:
    """The key takes 256 KiB, of whichever payload."""
    key = allocated(UNWRAP_SITE, 262_144)
    base = in_stages(stage("stats", key), payload_bytes=16 * MIB)
    assert kinds(base, in_stages(stage("stats", key), payload_bytes=32 * MIB)) == []
    whole = allocated(UNWRAP_SITE, 16 * MIB)
    base = in_stages(stage("stats", whole), payload_bytes=16 * MIB)
    assert kinds(base, in_stages(stage("stats", whole), payload_bytes=32 * MIB)) == ["changed"]


def test_what_has_moved_is_still_the_same_memory() -> None:
    elsewhere = replace(at("cachekit/elsewhere.py:3"), kind="mixed")
    assert kinds(result(UNWRAP_SITE), result(elsewhere)) == ["changed"]


def test_arenas_may_be_charged_to_another_line_of_the_stage() -> None:
    """Of interop's read, 4 to 9 arenas were, from one read to the next."""
    first, second, third = (replace(MATERIALIZE_SITE, source=text) for text in ("a()", "b()", "c()"))
    lines = [
        allocated(one, count * MIB, arenas=count) for one, count in ((first, 20), (second, 12), (third, 4))
    ]
    moved = [allocated(one, count * MIB, arenas=count) for one, count in ((first, 17), (second, 19))]
    base, new = in_stages(stage("decode", *lines)), in_stages(stage("decode", *moved))
    assert kinds(base, new) == kinds(new, base) == []
    copy = replace(allocated(UNWRAP_SITE, 8 * MIB), source="d()")
    assert kinds(base, in_stages(stage("decode", *moved, copy))) == ["new"]
