from pathlib import Path

import pytest

from cachekit_memprobe.child.stages import DECODE, L1_PUT, UNWRAP
from cachekit_memprobe.doctor.planting import plant
from cachekit_memprobe.errors import CouldNotMeasure

WRAPPER = """\
class SerializationWrapper:
    def unwrap(self, frame):
        \'\'\'Take the body out.

        It is a view.
        \'\'\'
        if True:
            return memoryview(frame)[3:]
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A cachekit of which only the unwrapping is there, and a library."""
    folder = tmp_path / "site" / "cachekit"
    (folder / "serializers" / "__pycache__").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "serializers" / "__init__.py").write_text("")
    (folder / "serializers" / "wrapper.py").write_text(WRAPPER)
    (folder / "serializers" / "wrapper.py").chmod(0o444)
    (folder / "_rust.so").write_bytes(b"\x7fELF")
    return folder


def test_the_first_function_of_the_stage_copies_what_it_is_given(package: Path, tmp_path: Path) -> None:
    planted = plant(package, "0.10.0", UNWRAP, tmp_path / "planted")
    assert (planted.file, planted.line) == ("cachekit/serializers/wrapper.py", 7)
    edited = (planted.folder / planted.file).read_text()
    assert edited.splitlines()[planted.line - 1] == "        frame = bytes(memoryview(frame))"
    module: dict[str, object] = {}
    exec(edited, module)
    wrapper = module["SerializationWrapper"]
    assert isinstance(wrapper, type)
    assert not planted.passed.exists()
    given = b"CK3body"
    body = wrapper().unwrap(given)
    assert body == b"body"
    assert planted.passed.exists()


def test_nothing_is_written_where_cachekit_is_installed(package: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in package.rglob("*") if path.is_file()}
    planted = plant(package, "0.10.0", UNWRAP, tmp_path / "planted")
    assert {path: path.read_bytes() for path in package.rglob("*") if path.is_file()} == before
    assert not (planted.folder / "cachekit" / "serializers" / "__pycache__").exists()
    # A library isn't copied to where nothing may be executed, maybe.
    assert (planted.folder / "cachekit" / "_rust.so").readlink() == package / "_rust.so"


@pytest.mark.parametrize(("release", "stage"), [("0.10.0", DECODE), ("0.10.0", L1_PUT), ("0.24.1", UNWRAP)])
def test_a_function_that_is_not_there_is_no_canary(
    package: Path, tmp_path: Path, release: str, stage: str
) -> None:
    with pytest.raises(CouldNotMeasure, match=f"no function of the stage {stage} to plant a copy in"):
        plant(package, release, stage, tmp_path / "planted")
