import re
from dataclasses import replace

from cachekit_memprobe.report.words import worker_lines
from cachekit_memprobe.result import Footprint, Report
from tests.golden.reports import L1_HIT, MB, UNMEASURED, report_of
from tests.golden.sweeps import MATRIX
from tests.unit.report.test_terminal import printed

RESULT = replace(
    L1_HIT,
    footprint=Footprint(
        resting_bytes=400 * MB,
        reading_bytes=700 * MB,
        resting_shared_bytes=60 * MB,
        reading_shared_bytes=100 * MB,
    ),
)


def asked(report: Report, workers: int) -> Report:
    return replace(report, run=replace(report.run, sweep=replace(report.run.sweep, workers=workers)))


def test_each_scenario_has_what_is_shared_what_is_not_and_the_sums() -> None:
    text = printed(asked(report_of(RESULT), 50), 80)
    row = next(line for line in text.splitlines() if line.startswith("arrow-l1-hit  "))
    assert " ".join(row.split()) == "arrow-l1-hit 100.0 MB 400.0 MB 700.0 MB 20.1 GB 35.1 GB"
    assert "taken for granted" in text


def test_a_combination_is_one_line_without_the_scenario_that_all_are_of() -> None:
    combinations = tuple(
        replace(one, footprint=RESULT.footprint, payload=L1_HIT.payload) for one in MATRIX.results
    )
    text = printed(asked(replace(MATRIX, results=combinations), 50), 80)
    assert "arrow-l1-hit@  " in text
    rows = [line for line in text.splitlines() if line.startswith("compression=zstd,tier=l1  ")]
    assert [" ".join(row.split()) for row in rows] == [
        "compression=zstd,tier=l1 100.0 MB 400.0 MB 700.0 MB 20.1 GB 35.1 GB"
    ]


def test_a_name_that_has_no_room_is_broken_between_its_parts() -> None:
    long = replace(RESULT, scenario=replace(L1_HIT.scenario, name="arrow-l1-hit@compression=lz4,tier=l1"))
    text = printed(asked(report_of(long, RESULT), 50), 80)
    assert re.search(r"^arrow-l1-hit@ +100\.0 MB .*\ncompression=lz4,tier=l1\n", text, re.MULTILINE)


def test_for_a_log_it_is_a_line() -> None:
    assert worker_lines(asked(report_of(RESULT, UNMEASURED), 50)) == [
        "arrow-l1-hit: 50 workers need 20.1 GB between reads, 35.1 GB with all reading at once"
    ]
    assert worker_lines(report_of(RESULT)) == []


def test_without_the_resident_set_nothing_is_said() -> None:
    text = " ".join(printed(asked(report_of(L1_HIT), 50), 80).split())
    assert "nothing can be said of several workers" in text


def test_nobody_who_has_not_asked_is_told() -> None:
    assert "workers" not in printed(report_of(RESULT), 80)
