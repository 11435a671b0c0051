import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cachekit_memprobe.errors import ScenarioError, UsageError
from cachekit_memprobe.scenario import bundled_names, names_of, schema, select, selection

WriteFile = Callable[..., Path]


def names(patterns: list[str]) -> list[str]:
    return [scenario.name for scenario in select(patterns)]


def test_no_pattern_selects_every_bundled_scenario_that_needs_nothing() -> None:
    assert names([]) == [
        name for name in bundled_names() if name not in ("arrow-polars-l1-hit", "memcached-l2-hit")
    ]


def test_no_pattern_leaves_out_what_needs_something(
    tmp_path: Path, smallest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plain.toml").write_text(smallest)
    (tmp_path / "served.toml").write_text(f'needs = ["redis"]\n{smallest}')
    monkeypatch.setattr(schema, "NEEDS", ("redis",))
    monkeypatch.setattr(selection, "FOLDER", tmp_path)
    assert names([]) == ["plain"]
    assert names(["served"]) == ["served"]
    assert names(["*"]) == ["plain", "served"]


@pytest.mark.parametrize(
    ("patterns", "selected"),
    [
        (["arrow-l1-hit"], ["arrow-l1-hit"]),
        (["json-l1-hit", "arrow-l1-hit"], ["json-l1-hit", "arrow-l1-hit"]),
        (["arrow-l1-hit-z*"], ["arrow-l1-hit-zstd"]),
        (["?rrow-file-[gm]??", "?rrow-file-[gm]???"], ["arrow-file-get", "arrow-file-mmap"]),
        (["arrow-file-mmap", "arrow-file-????", "arrow-file-???"], ["arrow-file-mmap", "arrow-file-get"]),
    ],
)
def test_names_and_globs(patterns: list[str], selected: list[str]) -> None:
    assert names(patterns) == selected


def test_files(write: WriteFile, smallest: str) -> None:
    write(smallest, "one.toml")
    write(smallest, "sub/two.toml")
    write(smallest, "sub/three")
    selected = select(["one.toml", "sub/two.toml", "./sub/three", "json-l1-hit"])
    assert [(scenario.name, scenario.source) for scenario in selected] == [
        ("one", "one.toml"),
        ("two", "sub/two.toml"),
        ("three", "sub/three"),
        ("json-l1-hit", "bundled:json-l1-hit"),
    ]


def test_a_file_in_several_spellings_is_measured_once(write: WriteFile, smallest: str) -> None:
    path = write(smallest, "one.toml")
    Path("sub").mkdir()
    Path("sub/one.toml").symlink_to(path.resolve())
    assert names(["one.toml", "./one.toml", str(path.resolve()), "sub/one.toml"]) == ["one"]


def test_a_bundled_scenario_and_its_file_are_one() -> None:
    root = Path(__file__).parents[3] / "scenarios"
    for folder in (root, selection.FOLDER):
        assert names(["json-l1-hit", str(folder / "json-l1-hit.toml")]) == ["json-l1-hit"]


@pytest.mark.parametrize(
    ("patterns", "one", "other"),
    [
        (["a/x.toml", "b/x.toml"], "a/x.toml", "b/x.toml"),
        (["a/x.toml", "a/x"], "a/x.toml", "a/x"),
        (["json-l1-hit.toml", "json-*"], "json-l1-hit.toml", "json-l1-hit.toml"),
    ],
)
def test_two_files_of_one_name_are_refused(
    write: WriteFile, smallest: str, patterns: list[str], one: str, other: str
) -> None:
    for name in ("a/x.toml", "b/x.toml", "a/x", "json-l1-hit.toml"):
        write(smallest, name)
    with pytest.raises(UsageError) as caught:
        select(patterns)
    message = str(caught.value)
    assert message.startswith(f"two scenarios are called {Path(one).stem}, {one} and ")
    assert f"{other}, and results are kept by name; rename one of the files" in message


@pytest.mark.parametrize(
    ("pattern", "remedy"),
    [
        ("arow-l1-hit", "did you mean arrow-l1-hit, arrow-l1-hit-lz4 or "),
        ("ARROW-L1-HIT", "did you mean arrow-l1-hit? "),
        ("mmap", "did you mean arrow-file-mmap or arrow-strings-file-mmap? "),
        ("redis", "did you mean redis-l2-backfill, redis-l2-hit or another of the 4 with 'redis' in them? "),
        ("zzz*", "cachekit-memprobe list has their names "),
        ("", "cachekit-memprobe list has their names "),
    ],
)
def test_a_pattern_without_a_match_gets_close_matches(pattern: str, remedy: str) -> None:
    with pytest.raises(UsageError) as caught:
        select(["arrow-l1-hit", pattern])
    assert str(caught.value).startswith(f"no bundled scenario matches {pattern!r}; {remedy}")
    assert str(caught.value).endswith("(to name a file or a folder, write PATH.toml or ./PATH)")


def test_a_missing_file_is_no_bundled_scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ScenarioError) as caught:
        select(["none.toml"])
    assert str(caught.value).startswith("none.toml: expected a file that can be read")
    assert "a bundled scenario is named without .toml" in str(caught.value)


@pytest.mark.parametrize(
    ("pattern", "remedy"),
    [
        ("json-l1-hit.toml", "json-l1-hit"),
        ("none/json-l1-hit", "json-l1-hit"),
        ("ordres.toml", "orders.toml"),
        ("./ordres.toml", "orders.toml"),
        ("cheks/orders.toml", "checks"),
        ("checks/order.toml", "checks/orders.toml"),
    ],
)
def test_a_path_that_is_nearly_right(write: WriteFile, smallest: str, pattern: str, remedy: str) -> None:
    write(smallest, "orders.toml")
    write(smallest, "checks/orders.toml")
    write(smallest, "checks/notes.md")
    with pytest.raises(UsageError) as caught:
        select([pattern])
    assert str(caught.value) == f"there is no {pattern}; did you mean {remedy}?"


def test_a_name_of_a_file_that_is_here(write: WriteFile, smallest: str) -> None:
    write(smallest, "orders.toml")
    write(smallest, "checks/orders.toml")
    for meant, remedy in (("orders", "orders.toml"), ("order", "orders.toml"), ("chekcs", "checks")):
        with pytest.raises(UsageError, match=f"matches '{meant}'; did you mean {remedy}\\?"):
            select([meant])


@pytest.mark.parametrize("folder", ["checks", "./checks", "checks/"])
def test_a_folder_stands_for_every_scenario_in_it(write: WriteFile, smallest: str, folder: str) -> None:
    for name in ("checks/b.toml", "checks/a.toml", "checks/.hidden.toml", "checks/inner/c.toml"):
        write(smallest, name)
    write("[project]\n", "checks/pyproject.toml")
    write("[budget]\n", "checks/memprobe.toml")
    write("no TOML", "checks/README.md")
    assert names([folder]) == ["a", "b"]
    assert names_of(folder) == ("a", "b")


def test_a_folder_of_the_name_of_a_bundled_scenario_is_not_meant(write: WriteFile, smallest: str) -> None:
    write(smallest, "json-l1-hit/a.toml")
    assert names(["json-l1-hit"]) == ["json-l1-hit"]
    assert names_of("json-l1-hit") == ("json-l1-hit",)
    assert names(["./json-l1-hit"]) == ["a"]


def test_what_is_wrong_with_the_files_of_a_folder_is_told_of_all_of_them(
    write: WriteFile, smallest: str
) -> None:
    write(smallest, "checks/a.toml")
    write(smallest + "\n[bugdet]\n", "checks/b.toml")
    write("no TOML", "checks/c.toml")
    with pytest.raises(ScenarioError) as caught:
        select(["checks"])
    first, second = str(caught.value).splitlines()
    assert first.startswith("checks/b.toml: [bugdet]: ")
    assert second.startswith("checks/c.toml: expected TOML")


def test_a_folder_without_scenarios(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"has no scenario file \(\*.toml\) in it; name one that has"):
        select([f"{tmp_path}{os.sep}"])


@pytest.mark.parametrize(
    ("pattern", "named"), [("arrow-*", "arrow-*"), ("checks/a.toml", "a"), ("./a", "./a"), ("none", "none")]
)
def test_what_is_no_folder_has_one_name(pattern: str, named: str) -> None:
    assert names_of(pattern) == (named,)
