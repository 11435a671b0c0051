"""Captures with anything in them: each is read, or refused by a sentence."""

from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachekit_memprobe.attribution import Captures, reading_captures
from cachekit_memprobe.errors import CouldNotMeasure
from tests.fuzz.effort import effort
from tests.unit.attribution.recorder import MIB, Recorder, memray_seen

pytestmark = pytest.mark.process

Damage = Callable[[bytes], bytes]


@pytest.fixture
def captures() -> Iterator[Captures]:
    with reading_captures(timeout_s=10) as captures:
        yield captures


@pytest.fixture(scope="module", params=["plain", "compressed"])
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    recorder = Recorder(
        tmp_path_factory.mktemp("capture"), native=False, compressed=request.param == "compressed"
    )
    with recorder.recording(), recorder.stage("decode"):
        kept = [bytearray(size) for size in (3 * MIB, MIB // 2, 40_000)]
        kept.clear()
    return recorder


@st.composite
def damages(draw: st.DrawFn) -> Sequence[Damage]:
    return draw(st.lists(st.one_of(_changed(), _cut(), _filled(), _repeated()), min_size=1, max_size=4))


def _place() -> st.SearchStrategy[float]:
    """In the file; its beginning is worth most."""
    return st.one_of(st.floats(0, 1), st.floats(0, 0.05))


def _changed() -> st.SearchStrategy[Damage]:
    def damage(place: float, new: bytes) -> Damage:
        return lambda data: data[: (at := int(place * len(data)))] + new + data[at + len(new) :]

    return st.builds(damage, _place(), st.binary(min_size=1, max_size=16))


def _cut() -> st.SearchStrategy[Damage]:
    def damage(place: float, count: int) -> Damage:
        return lambda data: data[: (at := int(place * len(data)))] + data[at + count :]

    return st.builds(damage, _place(), st.one_of(st.integers(1, 64), st.just(1 << 40)))


def _filled() -> st.SearchStrategy[Damage]:
    def damage(place: float, byte: int, count: int) -> Damage:
        return lambda data: data[: (at := int(place * len(data)))] + bytes([byte]) * count + data[at:]

    return st.builds(damage, _place(), st.integers(0, 255), st.integers(1, 4096))


def _repeated() -> st.SearchStrategy[Damage]:
    def damage(place: float, count: int, times: int) -> Damage:
        def changed(data: bytes) -> bytes:
            at = int(place * len(data))
            return data[:at] + data[at : at + count] * times + data[at + count :]

        return changed

    return st.builds(damage, _place(), st.integers(1, 512), st.integers(2, 40))


@given(damage=damages())
@effort(short=25, long=1000)
def test_a_damaged_capture_is_read_or_refused(
    damage: Sequence[Damage], recorded: Recorder, captures: Captures
) -> None:
    data = recorded.capture.read_bytes()
    for one in damage:
        data = one(data)
    _read_or_refused(recorded, data, captures)


@given(data=st.binary(max_size=400))
@effort(short=10, long=200)
def test_a_file_of_anything_is_refused(data: bytes, recorded: Recorder, captures: Captures) -> None:
    _read_or_refused(recorded, data, captures)


def _read_or_refused(recorded: Recorder, data: bytes, captures: Captures) -> None:
    damaged = recorded.folder / "damaged.bin"
    damaged.write_bytes(data)
    seen = memray_seen(recorded.journal.entries, package_folder=str(recorded.folder))
    refusals = []
    try:
        captures.read(damaged, seen)
    except CouldNotMeasure as refusal:
        refusals.append(str(refusal))
    assert "longer than" not in "".join(refusals), "it hangs"
