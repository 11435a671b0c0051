"""Names of the stage map found in the cachekit that is installed, and lines in source."""

from importlib.metadata import version
from pathlib import Path

import pytest

from cachekit_memprobe.child import resolve
from cachekit_memprobe.child.assigned import parse_assignment
from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.resolve import Watched, return_lines, statement_lines, watch_list
from cachekit_memprobe.child.stages import (
    DECODE,
    DECOMPRESS,
    MATERIALIZE,
    STATS,
    UNWRAP,
    Function,
    functions_of,
)

RELEASE = version("cachekit")
BACKEND = "file"


def source_of(watched: Watched, line: int) -> str:
    return Path(watched.file).read_text().splitlines()[line - 1].strip()


def watch(*, compressed: bool = False, required: tuple[str, ...] = ()) -> list[Watched]:
    return list(watch_list(RELEASE, backend=BACKEND, compressed=compressed, required=required).values())


class TestTheInstalledRelease:
    def test_has_every_function_of_its_map(self) -> None:
        assert len(watch()) == len(functions_of(RELEASE, BACKEND))

    def test_is_watched_where_the_functions_begin(self) -> None:
        for entry in watch():
            first = source_of(entry, entry.line)
            name = entry.function.rpartition(".")[2]
            assert first.startswith("@") or f"def {name}(" in first

    @pytest.mark.parametrize("wrapper", ["sync_wrapper", "async_wrapper"])
    def test_has_the_wrappers_which_are_closures(self, wrapper: str) -> None:
        assert {entry.stage for entry in watch() if entry.function == wrapper} == {STATS}

    @pytest.mark.parametrize("compressed", [True, False])
    def test_has_a_line_that_materializes_and_one_that_decompresses_what_is_compressed(
        self, compressed: bool
    ) -> None:
        (read,) = (entry for entry in watch(compressed=compressed) if "_read_verified_ipc" in entry.function)
        sources = [(stage, source_of(read, line)) for line, stage in read.sites.items()]
        assert [stage for stage, source in sources if "to_pandas(" in source] == [MATERIALIZE]
        assert [stage for stage, source in sources if "read_all(" in source] == [DECOMPRESS] * compressed
        assert read.stage == DECODE


class TestAFunctionThatIsMissing:
    @pytest.fixture(autouse=True)
    def renamed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        entries = (
            Function(UNWRAP, "serializers.wrapper:SerializationWrapper.unpack"),
            Function(UNWRAP, "serializers.nowhere:unwrap"),
            Function(UNWRAP, "serializers.wrapper:SerializationWrapper.unwrap.<locals>.inner"),
        )
        monkeypatch.setattr(resolve, "functions_of", lambda release, backend: entries)

    def test_is_named_if_the_read_needs_it(self) -> None:
        with pytest.raises(CouldNotMeasure) as caught:
            watch(required=(UNWRAP,))
        for name in ("SerializationWrapper.unpack", "serializers.nowhere:unwrap", "no inner function inner"):
            assert name in str(caught.value)

    def test_may_be_assigned_by_the_user(self) -> None:
        assigned = (Function(UNWRAP, "serializers.wrapper:SerializationWrapper.unwrap"),)
        found = watch_list(RELEASE, backend=BACKEND, compressed=False, required=(UNWRAP,), assigned=assigned)
        assert [entry.function for entry in found.values()] == ["SerializationWrapper.unwrap"]

    def test_is_named_if_the_user_assigned_it(self) -> None:
        assigned = (Function(UNWRAP, "serializers.wrapper:nowhere"),)
        with pytest.raises(CouldNotMeasure, match=r"wrapper:nowhere .* give them with --stage"):
            watch_list(RELEASE, backend=BACKEND, compressed=False, required=(), assigned=assigned)

    def test_is_no_matter_if_the_read_does_not(self) -> None:
        assert watch(required=(DECODE,)) == []


def test_an_assigned_function_has_the_sites_of_its_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the function that materializes has another name."""
    kept = tuple(
        entry for entry in functions_of(RELEASE, BACKEND) if not entry.name.endswith("_verified_ipc")
    )
    monkeypatch.setattr(resolve, "functions_of", lambda release, backend: kept)
    with pytest.raises(CouldNotMeasure, match="materialize: no call of the map"):
        watch(required=(MATERIALIZE,))
    assigned = (parse_assignment("decode=serializers.arrow_serializer:ArrowSerializer._read_verified_ipc"),)
    required = (DECODE, MATERIALIZE)
    found = watch_list(RELEASE, backend=BACKEND, compressed=True, required=required, assigned=assigned)
    (read,) = (entry for entry in found.values() if "_read_verified_ipc" in entry.function)
    assert {MATERIALIZE, DECOMPRESS} <= set(read.sites.values())


def test_a_stage_that_only_a_call_marks_is_required_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolve, "_site_lines", lambda code, sites, compressed: ({}, {}))
    with pytest.raises(CouldNotMeasure, match="materialize: no call of the map"):
        watch(required=(MATERIALIZE,))


SOURCE = """
def read(data):
    if data:
        return (
            data
        )
    first = 1; second = 2
    with open(data) as file:
        return file
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "module.py"
    path.write_text(SOURCE)
    return str(path)


def test_return_statements_are_found_with_all_their_lines(file: str) -> None:
    assert return_lines(file) == {4, 5, 6, 9}


@pytest.mark.parametrize(
    ("line", "statement"), [(5, (4, 6)), (4, (4, 6)), (7, (7, 7)), (3, (3, 3)), (8, (8, 8)), (99, (99, 99))]
)
def test_a_line_belongs_to_a_simple_statement_or_to_itself(
    line: int, statement: tuple[int, int], file: str
) -> None:
    assert statement_lines(file, line) == statement


def test_a_line_without_source_belongs_to_itself() -> None:
    assert statement_lines("<string>", 3) == (3, 3)
