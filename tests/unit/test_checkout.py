"""What CI systems call a file of a project, and where a measured line is in a checkout."""

from pathlib import Path

import pytest

from cachekit_memprobe.checkout import Checkout, Spot
from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.model import Origin

ORIGIN = Origin("pyproject.toml", 12, "tool.cachekit-memprobe")
WRAPPER = "cachekit/serializers/wrapper.py"
COPY = "payload = bytes(mv[header_end:])"
PLACE = Place("unwrap", "unwrap", WRAPPER, 3)


def written(file: Path, *lines: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    return tmp_path / "repository"


def test_a_file_is_named_from_the_root_of_the_repository(repository: Path) -> None:
    folder = repository / "services" / "shop"
    folder.mkdir(parents=True)
    for place in (folder, repository):
        assert Checkout.around(place, {}).spot_of(ORIGIN) == Spot("pyproject.toml", 12)


def test_without_git_it_is_named_from_the_workspace_of_the_job(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    checkout = Checkout.around(folder, {"GITHUB_WORKSPACE": str(tmp_path)})
    assert checkout.spot_of(ORIGIN).file == "shop/pyproject.toml"
    elsewhere = Checkout.around(folder, {"GITHUB_WORKSPACE": str(tmp_path / "other")})
    assert elsewhere.spot_of(ORIGIN).file == "pyproject.toml"


def test_a_repository_below_the_workspace_is_the_root(repository: Path) -> None:
    checkout = Checkout.around(repository, {"GITHUB_WORKSPACE": str(repository.parent)})
    assert checkout.spot_of(ORIGIN).file == "pyproject.toml"


def test_a_submodule_belongs_to_the_workspace_that_is_a_repository(repository: Path) -> None:
    written(repository / "vendored" / ".git", "gitdir: elsewhere")
    checkout = Checkout.around(repository / "vendored", {"GITHUB_WORKSPACE": str(repository)})
    assert checkout.spot_of(ORIGIN).file == "vendored/pyproject.toml"


def test_a_package_is_found_beside_the_configuration_of_a_project_in_a_subfolder(repository: Path) -> None:
    written(repository / "packages/cachekit/src" / WRAPPER, "", "", COPY)
    checkout = Checkout.around(repository / "packages/cachekit", {})
    assert checkout.line_of(PLACE, COPY) == Spot(f"packages/cachekit/src/{WRAPPER}", 3)


@pytest.mark.parametrize("sources", ["src", "."])
def test_a_line_is_found_by_its_text_wherever_it_was_moved(repository: Path, sources: str) -> None:
    checkout = Checkout.around(repository, {})
    file = (Path(sources) / WRAPPER).as_posix()
    assert checkout.line_of(PLACE, COPY) is None
    written(repository / file, "", "", f"    {COPY}")
    assert checkout.line_of(PLACE, f"        {COPY}\n") == Spot(file, 3)
    written(repository / file, "", "", "", "", f"    {COPY}")
    assert checkout.line_of(PLACE, COPY) == Spot(file, 5)


def test_a_line_that_is_gone_or_stands_there_twice_has_no_place(repository: Path) -> None:
    checkout = Checkout.around(repository, {})
    written(repository / WRAPPER, COPY, COPY, "other")
    assert checkout.line_of(PLACE, COPY) is None
    assert checkout.line_of(PLACE, "") is None
    assert checkout.line_of(PLACE, "gone") is None


@pytest.mark.parametrize("file", ["../outside.py", "/etc/passwd", "", "a\0b", "src/../../outside.py"])
def test_a_file_outside_of_the_checkout_is_not_looked_at(repository: Path, file: str) -> None:
    written(repository.parent / "outside.py", COPY)
    assert Checkout.around(repository, {}).line_of(Place("unwrap", "f", file, 1), COPY) is None


def test_a_link_out_of_the_checkout_is_no_file_of_it(repository: Path) -> None:
    written(repository.parent / "outside.py", COPY)
    (repository / "inside.py").symlink_to(repository.parent / "outside.py")
    assert Checkout.around(repository, {}).line_of(Place("unwrap", "f", "inside.py", 1), COPY) is None
