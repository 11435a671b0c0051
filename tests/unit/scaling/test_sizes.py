from dataclasses import replace

import pytest

from cachekit_memprobe.child.task import Read
from cachekit_memprobe.result import Result
from cachekit_memprobe.scaling import scaling_of
from cachekit_memprobe.sweep import Variant
from tests.golden.reports import L1_HIT, MB
from tests.golden.sweeps import sized

GB = 1000 * MB


def test_a_line_and_its_prediction() -> None:
    [scaling] = scaling_of([sized(64), sized(128), sized(256)], [GB])
    assert (scaling.scenario, scaling.sizes_bytes) == ("arrow-l1-hit", (64 * MB, 128 * MB, 256 * MB))
    lines = {line.metric: line for line in scaling.lines}
    assert list(lines) == ["copies.total", "peak.heap", "rss.peak", "rss.total"]
    assert lines["rss.peak"].slope == pytest.approx(1)
    assert lines["rss.peak"].intercept_bytes == pytest.approx(300_000)
    assert lines["rss.total"].slope == pytest.approx(2)
    assert all(line.is_line for line in lines.values())
    [prediction] = scaling.predictions
    assert prediction.growth is not None
    assert prediction.process is not None
    assert prediction.growth.size_bytes == pytest.approx(GB + 300_000)
    assert prediction.process.size_bytes == pytest.approx(2 * GB + 300_000 + 131 * MB)
    assert scaling.notes == ()
    [caution] = prediction.cautions
    assert caution.startswith("this is 3.9 times the largest size that was measured")


def test_within_what_was_measured_there_is_no_caution() -> None:
    [scaling] = scaling_of([sized(64), sized(128), sized(256)], [200 * MB, 256 * MB])
    assert [prediction.cautions for prediction in scaling.predictions] == [(), ()]


def of_a_file(payload_mb: int, share: float, compression: str = "none") -> Result:
    """A row takes 50 bytes."""
    result = sized(payload_mb)
    assert result.payload is not None
    scenario = replace(
        result.scenario,
        value=replace(result.scenario.value, kind="file", file="a.csv", share=share),
        caching=replace(result.scenario.caching, compression=compression),
    )
    payload = replace(result.payload, rows=payload_mb * MB // 50)
    return replace(result, scenario=scenario, payload=payload)


def test_rows_are_predicted_by_the_size_of_those_that_were_measured() -> None:
    group = [of_a_file(64, 0.5), of_a_file(128, 1), of_a_file(256, 2)]
    [scaling] = scaling_of(group, [], [20_000_000])
    [prediction] = scaling.predictions
    assert (prediction.rows, prediction.logical_bytes) == (20_000_000, GB)
    assert prediction.growth is not None
    assert prediction.growth.size_bytes == pytest.approx(GB + 300_000)
    assert [note.partition(";")[0] for note in scaling.notes] == [
        "sizes above 100% repeat the rows of the file"
    ]


def test_repeated_rows_that_are_compressed_are_told() -> None:
    group = [of_a_file(64, 1, "zstd"), of_a_file(128, 2, "zstd"), of_a_file(256, 4, "zstd")]
    assert any("compress better" in note for note in scaling_of(group)[0].notes)
    assert scaling_of([of_a_file(32, 0.5), of_a_file(64, 1)])[0].notes == (
        "two sizes always fit exactly, so there is no error to give; measure a third size",
    )


def test_without_rows_none_are_predicted() -> None:
    assert scaling_of([sized(64), sized(128)], [], [5000])[0].predictions == ()


def test_an_interval_is_never_narrower_than_the_noise_of_one_measurement() -> None:
    [scaling] = scaling_of([sized(64), sized(128), sized(256)], [GB])
    growth = scaling.predictions[0].growth
    assert growth is not None
    assert growth.margin_bytes == 1 << 20


def test_results_as_they_are_have_no_line() -> None:
    assert scaling_of([L1_HIT], [GB]) == ()


def test_each_combination_of_a_matrix_has_its_own() -> None:
    results = [
        sized(size, slope=slope, variant=Variant("arrow-l1-hit", axes={"tier": tier}))
        for tier, slope in (("l1", 1.0), ("l2", 2.0))
        for size in (64, 128, 256)
    ]
    scalings = scaling_of(results)
    assert [scaling.scenario for scaling in scalings] == ["arrow-l1-hit@tier=l1", "arrow-l1-hit@tier=l2"]
    assert [round(scaling.lines[2].slope, 6) for scaling in scalings] == [1, 2]


def test_points_that_are_no_line_predict_nothing() -> None:
    """A read that copies twice from 256 MB on: any line through it would be wrong at 1 GB."""
    [scaling] = scaling_of([sized(64), sized(128), sized(256, slope=2)], [GB])
    assert not any(line.is_line for line in scaling.lines)
    assert scaling.predictions[0].growth is None
    assert scaling.predictions[0].cautions == ("the measured RSS peaks don't fit a straight line",)
    assert scaling.notes == (
        "no straight fit: copies.total, peak.heap, rss.peak, rss.total; one size is 0.57 payloads away from "
        "it, so the slope says little, and other sizes can't be predicted",
    )


@pytest.mark.parametrize(("step", "is_line"), [(0.01, True), (0.08, False)])
def test_a_small_step_is_still_a_line(step: float, is_line: bool) -> None:
    [scaling] = scaling_of([sized(64), sized(128), sized(256, slope=1 + step)])
    assert scaling.lines[1].is_line == is_line


def test_noise_of_the_resident_set_is_no_bend_but_that_of_the_heap_is() -> None:
    small = [sized(4, fixed_kb=0), sized(8, fixed_kb=700), sized(16, fixed_kb=0)]
    lines = {line.metric: line for line in scaling_of(small)[0].lines}
    assert lines["rss.peak"].largest_residual > 0.02
    assert lines["rss.peak"].is_line
    assert not lines["copies.total"].is_line


def test_two_sizes_have_no_error() -> None:
    [scaling] = scaling_of([sized(64), sized(128)], [GB])
    assert {line.slope_error for line in scaling.lines} == {None}
    assert scaling.predictions[0].growth is not None
    assert scaling.predictions[0].growth.margin_bytes is None
    assert scaling.notes == (
        "two sizes always fit exactly, so there is no error to give; measure a third size",
    )


def test_sizes_that_could_not_be_measured_are_counted() -> None:
    gone = replace(sized(256), verdict="unmeasured", metrics={}, payload=None)
    [scaling] = scaling_of([sized(64), gone], [GB])
    assert scaling.lines == ()
    assert scaling.notes == ("1 of 2 sizes could be measured", "a fit needs two sizes or more")
    assert scaling.predictions[0].cautions == ("the RSS peak was measured at fewer than two sizes",)


def test_without_the_rss_instrument_there_is_a_line_but_no_prediction() -> None:
    heap_only = [
        replace(result, metrics={"peak.heap": result.metrics["peak.heap"]})
        for result in (sized(64), sized(128), sized(256))
    ]
    [scaling] = scaling_of(heap_only, [GB])
    assert [line.metric for line in scaling.lines] == ["peak.heap"]
    assert scaling.predictions[0].growth is None


def test_where_a_read_changes_its_way_the_prediction_says_so() -> None:
    mapped = [
        replace(result, scenario=replace(result.scenario, read=Read("l2", "map")))
        for result in (sized(64), sized(128), sized(256))
    ]
    [scaling] = scaling_of(mapped, [512 << 20, GB])
    assert [len(prediction.cautions) for prediction in scaling.predictions] == [1, 2]
    assert scaling.predictions[1].cautions[0] == (
        "cachekit doesn't map files over 512 MiB: it would read this one by get, which takes more heap"
    )


def test_what_the_byte_storage_refuses_is_said() -> None:
    default = [
        replace(
            result,
            scenario=replace(result.scenario, caching=replace(result.scenario.caching, serializer="default")),
        )
        for result in (sized(64), sized(128), sized(256))
    ]
    [caution, _] = scaling_of(default, [GB])[0].predictions[0].cautions
    assert caution.endswith("the default serializer would refuse this value")
