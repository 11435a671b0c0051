from pathlib import Path

import pytest

from cachekit_memprobe.checking import ConfigurationError, find, read
from cachekit_memprobe.errors import ScenarioError

IN_PYPROJECT = '[project]\nname = "shop"\n\n[tool.cachekit-memprobe]\nscenarios = ["arrow-l1-hit"]\n'
OWN = 'scenarios = ["bytes-file-get"]\n'


def test_both_files_say_the_same_in_their_own_way(project_folder: Path) -> None:
    (project_folder / "pyproject.toml").write_text(IN_PYPROJECT)
    found = find(project_folder)
    assert (found.file, found.table) == ("pyproject.toml", {"scenarios": ["arrow-l1-hit"]})
    assert found.where(("scenarios", 0)) == "pyproject.toml:5: tool.cachekit-memprobe.scenarios[0]"
    (project_folder / "pyproject.toml").unlink()
    (project_folder / "memprobe.toml").write_text(OWN)
    found = find(project_folder)
    assert (found.file, found.table) == ("memprobe.toml", {"scenarios": ["bytes-file-get"]})
    assert found.where(("scenarios",)) == "memprobe.toml:1: scenarios"


def test_the_nearest_folder_that_has_one_counts(project_folder: Path) -> None:
    (project_folder / "pyproject.toml").write_text(IN_PYPROJECT)
    inner = project_folder / "services" / "orders"
    inner.mkdir(parents=True)
    (inner / "pyproject.toml").write_text('[project]\nname = "orders"\n')
    assert find(inner).path == project_folder / "pyproject.toml"
    (inner.parent / "memprobe.toml").write_text(OWN)
    found = find(inner)
    assert found.path == inner.parent / "memprobe.toml"
    # Paths are relative to the repository, as a review shows them.
    assert found.file == "services/memprobe.toml"


def test_it_is_not_looked_for_outside_of_the_repository(project_folder: Path) -> None:
    (project_folder / "pyproject.toml").write_text(IN_PYPROJECT)
    other = project_folder / "vendored"
    (other / ".git").mkdir(parents=True)
    with pytest.raises(ConfigurationError, match=r"there is no configuration: neither \[tool.cachekit-mem"):
        find(other)


def test_two_configurations_in_one_folder_are_refused(project_folder: Path) -> None:
    (project_folder / "pyproject.toml").write_text(IN_PYPROJECT)
    (project_folder / "memprobe.toml").write_text("# nothing yet\n")
    assert find(project_folder).file == "pyproject.toml"
    (project_folder / "memprobe.toml").write_text(OWN)
    with pytest.raises(ConfigurationError) as refused:
        find(project_folder)
    assert str(refused.value) == (
        "both pyproject.toml and memprobe.toml configure cachekit-memprobe; move all of it to one of them"
    )


def test_a_scenario_of_that_name_is_told_from_a_configuration(project_folder: Path) -> None:
    (project_folder / "memprobe.toml").write_text('summary = "A read"\n[value]\nkind = "bytes"\n')
    with pytest.raises(ConfigurationError) as refused:
        find(project_folder)
    assert str(refused.value) == (
        "memprobe.toml is a scenario, where the configuration of cachekit-memprobe check is expected; rename "
        'it to memprobe-scenario.toml, and name it there: scenarios = ["memprobe-scenario.toml"]'
    )


def test_a_file_that_is_named(project_folder: Path) -> None:
    (project_folder / "ci").mkdir()
    (project_folder / "ci" / "nightly.toml").write_text(OWN)
    found = read(Path("ci/nightly.toml"))
    assert (found.file, found.folder) == ("ci/nightly.toml", project_folder / "ci")
    (project_folder / "ci" / "pyproject.toml").write_text('[project]\nname = "shop"\n')
    with pytest.raises(
        ConfigurationError, match=r"ci/pyproject.toml has no table \[tool.cachekit-memprobe\]"
    ):
        read(Path("ci/pyproject.toml"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("scenarios = [", r"^memprobe.toml: expected TOML, found: "),
        ("a = " + "[" * 40 + "]" * 40, r"^memprobe.toml: expected at most 16 arrays or tables"),
    ],
)
def test_what_is_no_toml_is_refused(project_folder: Path, text: str, message: str) -> None:
    (project_folder / "memprobe.toml").write_text(text)
    with pytest.raises(ScenarioError, match=message):
        find(project_folder)


def test_a_table_that_is_none_is_refused(project_folder: Path) -> None:
    (project_folder / "pyproject.toml").write_text('[tool]\ncachekit-memprobe = "1x"\n')
    with pytest.raises(ConfigurationError, match=r"^pyproject.toml: expected a table"):
        find(project_folder)
    (project_folder / "pyproject.toml").write_bytes(b'a = "\xff"')
    with pytest.raises(ScenarioError, match="expected UTF-8"):
        find(project_folder)
