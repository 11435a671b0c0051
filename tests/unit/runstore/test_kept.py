"""A result is used again only if it is the one that would be computed."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cachekit_memprobe import pipeline
from cachekit_memprobe.child.seen import ReadFigures, RssSeen
from cachekit_memprobe.model import Observations, RunOptions
from cachekit_memprobe.result import Result
from cachekit_memprobe.runstore import KeptResults, RunFolder, kept
from tests.golden.reports import L1_HIT, SCENARIO, UNMEASURED
from tests.unit.runstore.made import measured, run_of, saved

NAME = L1_HIT.scenario.name
SEALED = f"scenarios/{NAME}/result.sealed"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run folder with a kept result."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path = saved(tmp_path / "run").path
    KeptResults(path).keep([L1_HIT])
    return path


def test_it_is_the_same_again(folder: Path) -> None:
    assert KeptResults(folder).of(NAME) == L1_HIT


def test_of_a_run_that_was_moved_too(folder: Path) -> None:
    assert KeptResults(folder.rename(folder.with_name("elsewhere"))).of(NAME) == L1_HIT


def test_a_negative_figure_is_none_to_stumble_over(folder: Path) -> None:
    shrinking = replace(
        L1_HIT, metrics={"growth.per_read": -0.25}, repeats={"growth.per_read": (-0.25, -0.5)}
    )
    KeptResults(folder).keep([shrinking])
    assert KeptResults(folder).of(NAME) == shrinking


def test_one_that_was_not_judged_is_not_kept(folder: Path) -> None:
    (folder / SEALED).unlink()
    KeptResults(folder).keep([replace(UNMEASURED, scenario=L1_HIT.scenario)])
    assert not (folder / SEALED).exists()


def edited(folder: Path) -> None:
    text = (folder / SEALED).read_text()
    assert '"verdict":"fail"' in text
    (folder / SEALED).write_text(text.replace('"verdict":"fail"', '"verdict":"pass"'))


def of_other_files(folder: Path) -> None:
    sums = folder / f"scenarios/{NAME}/SHA256SUMS"
    sums.write_text(sums.read_text().replace("a", "b"))


def of_another_run(folder: Path) -> None:
    (folder / "SHA256SUMS").write_text("")


def without_checksums(folder: Path) -> None:
    (folder / f"scenarios/{NAME}/SHA256SUMS").unlink()


def without_seal(folder: Path) -> None:
    (folder / SEALED).write_bytes((folder / SEALED).read_bytes().partition(b"\n")[2])


def of_another_user(folder: Path) -> None:
    (folder.parent / "state/cachekit-memprobe/seal.key").unlink()


def with_no_key(folder: Path) -> None:
    (folder.parent / "state/cachekit-memprobe/seal.key").write_bytes(b"")


def no_text(folder: Path) -> None:
    (folder / SEALED).write_bytes(b"\xff\n\xff")


@pytest.mark.parametrize(
    "spoil",
    [
        edited,
        of_other_files,
        of_another_run,
        without_checksums,
        without_seal,
        of_another_user,
        with_no_key,
        no_text,
    ],
)
def test_nothing_else_is_used(spoil: Callable[[Path], None], folder: Path) -> None:
    spoil(folder)
    assert KeptResults(folder).of(NAME) is None


def test_nor_what_another_state_of_the_tool_has_made(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = folder.parent / "package"
    package.mkdir()
    (package / "changed.py").write_text("")
    monkeypatch.setattr(kept, "_PACKAGE", package)
    assert KeptResults(folder).of(NAME) is None


def test_without_a_place_for_the_key_nothing_is_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", __file__)
    (folder / SEALED).unlink()
    KeptResults(folder).keep([L1_HIT])
    assert not (folder / SEALED).exists()


class TestExplaining:
    @pytest.fixture
    def run(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
        run = RunFolder.create(tmp_path / "run")
        run.save_run(replace(run_of(SCENARIO), options=RunOptions(("rss",))))
        reads = (ReadFigures(390_000_000, 390_000_000, 0, 9, 100_000_000, 0, 0, 0),) * 3
        run.save_measurement(measured(seen=Observations(rss=(RssSeen("0.9.1", reads=reads),))))
        return run

    def test_a_report_is_made_of_what_is_kept(self, run: RunFolder) -> None:
        [result] = pipeline.explain(run).results
        assert result.verdict == "pass"
        KeptResults(run.path).keep([marked(result)])
        assert pipeline.explain(run).results == (marked(result),)

    def test_but_not_of_a_scenario_that_was_changed(self, run: RunFolder) -> None:
        [result] = pipeline.explain(run).results
        KeptResults(run.path).keep([marked(result)])
        (run.path / f"scenarios/{NAME}/measurement.json").write_text("{}")
        [changed] = pipeline.explain(run).results
        assert (changed.verdict, changed.metrics) == ("unmeasured", {})


def marked(result: Result) -> Result:
    """One that attribution would not come to."""
    return replace(result, metrics={**result.metrics, "rss.peak": 17.0})
