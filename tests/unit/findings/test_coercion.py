import pytest

from cachekit_memprobe.findings import coercion, findings_of
from tests.unit.findings.made import at, evidence, line, stage

AUTO_BYTES = line("auto_serializer.py:813", 1.0, "verbatim", source="        data = bytes(data)")
AUTO_COPY = line(
    "auto_serializer.py:1086",
    1.0,
    "verbatim",
    survived=1.0,
    source="arr = np.frombuffer(raw_bytes, dtype=_dtype_from_untrusted(dtype_str)).copy()",
)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("payload = bytes(mv[header_end:])  # single copy of the raw payload", "bytes(mv[header_end:])"),
        ("return self.decode(bytearray(data), tag)", "bytearray(data)"),
        ("data = view.tobytes()", ".tobytes()"),
        ("arr = np.frombuffer(data).reshape(shape).copy()", ".copy()"),
        (".copy()", ".copy()"),
        ("data = bytes(head + body)", "bytes(head + body)"),
        ("data = bytes(8 * part)", "bytes(8 * part)"),
        ("key = bytes(the_longest_name_of_a_view[its_start : its_end])", "bytes(...)"),
    ],
)
def test_a_call_that_copies_a_buffer(source: str, words: str) -> None:
    assert coercion.coercion_in(source) == words


@pytest.mark.parametrize(
    "source",
    [
        "",
        "json_data = data[8:]",
        "pad = bytes(16)",
        "pad = bytearray(2 << 20)",
        "pad = bytes(size - 8)",
        "pad = bytearray(8 * len(data) + 1)",
        "head = bytes([67, 75])",
        "head = bytes((67, size))",
        "text = str(data, 'utf-8')",
        "data = bytes(text, 'utf-8')",
        "data = bytes()",
        "shutil.copy(source, target)",
        "frame = frame.copy(deep=False)",
        "copied = copy(data)",
        "nbytes = data.bytes(data)",
        "size = data.nbytes",
    ],
)
def test_any_other_line(source: str) -> None:
    assert coercion.coercion_in(source) == ""


def test_a_view_that_is_coerced_on_its_way_should_be_passed_on() -> None:
    (finding,) = coercion.find(evidence(stage("decode", AUTO_BYTES)))
    assert finding.place == at("decode", "auto_serializer.py:813")
    assert finding.message == (
        "decode copies 1.00x (300.0 MB) per read, byte for byte, at "
        "cachekit/serializers/auto_serializer.py:813: bytes(data) makes an object that is dropped before the "
        "read returns; pass the view on"
    )


def test_a_result_that_is_made_to_stand_alone_is_a_decision() -> None:
    (finding,) = coercion.find(evidence(stage("decode", AUTO_COPY)))
    assert finding.place == at("decode", "auto_serializer.py:1086")
    assert finding.message.endswith(
        ": .copy() makes an object that the result keeps; a view in its place would save the copy, but keep "
        "alive the memory behind it"
    )


@pytest.mark.parametrize(
    "site",
    [
        line("auto_serializer.py:813", 1.0, "transformed", source="data = bytes(data)"),
        line("auto_serializer.py:813", 1.0, "unproven", source="data = bytes(data)"),
        line("auto_serializer.py:813", 0.04, "verbatim", source="data = bytes(data)"),
        line("auto_serializer.py:813", 1.0, "verbatim", source="data = data[8:]"),
        line("auto_serializer.py:813", 1.0, "verbatim"),
    ],
)
def test_without_proof_size_or_source_there_is_none(site: object) -> None:
    assert list(coercion.find(evidence(stage("decode", site)))) == []  # type: ignore[arg-type]


def test_a_line_has_the_more_specific_finding_only() -> None:
    plain = line("orjson_serializer.py:196", 1.0, "verbatim", source="json_data = data[8:]")
    found = findings_of(evidence(stage("decode", AUTO_BYTES, AUTO_COPY, plain)))
    places = [(finding.place, finding.code) for finding in found]
    assert sorted((place.line, code) for place, code in places if place and place.line) == [
        (196, "MEM001"),
        (813, "MEM006"),
        (1086, "MEM006"),
    ]


def test_several_readers_copy_once_each() -> None:
    copied = line("auto_serializer.py:813", 8.0, "verbatim", source="data = bytes(data)")
    (finding,) = coercion.find(evidence(stage("decode", copied), readers=8))
    assert finding.message.startswith(
        "decode copies 8.00x (2.4 GB) per read of 8 readers, byte for byte, at "
    )


def test_of_several_on_a_line_all_are_named() -> None:
    source = "return json.loads(bytes(mv[4:9])), np.array(mv[9:]).data.tobytes()"
    assert coercion.coercion_in(source) == ".tobytes() or bytes(mv[4:9])"


def test_what_a_backfill_keeps_may_be_l1s() -> None:
    copied = line("l1_cache.py:9", 1.0, "verbatim", source="value = bytes(value)", survived=1.0)
    (finding,) = coercion.find(evidence(stage("l1_put", copied), tier="l2", backfill=True))
    assert "makes an object that L1 or the result keeps" in finding.message
