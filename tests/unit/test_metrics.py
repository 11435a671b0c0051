"""The vocabulary of metrics."""

import pytest

from cachekit_memprobe import metrics
from cachekit_memprobe.child.stages import STAGES


class TestMetrics:
    def test_no_name_stands_for_two_things(self) -> None:
        assert len(set(metrics.NAMES)) == len(metrics.NAMES)

    def test_a_stage_metric_has_one_name_for_each_stage(self) -> None:
        metric = metrics.metric_of("copies.unwrap")
        assert metric.per_stage
        assert metrics.expand(metric) == tuple(f"copies.{stage}" for stage in STAGES)

    def test_any_other_metric_has_its_own_name_only(self) -> None:
        metric = metrics.metric_of("rss.peak")
        assert not metric.per_stage
        assert metrics.expand(metric) == ("rss.peak",)

    def test_every_name_leads_back_to_its_metric(self) -> None:
        for metric in metrics.METRICS:
            assert {metrics.metric_of(name) for name in metrics.expand(metric)} == {metric}

    def test_the_total_is_not_taken_for_a_stage(self) -> None:
        assert metrics.metric_of("copies.total").name == "copies.total"

    @pytest.mark.parametrize("name", ["copies", "copies.<stage>", "copies.nowhere", "rss", "Rss.peak", ""])
    def test_a_name_outside_the_vocabulary_is_an_error(self, name: str) -> None:
        with pytest.raises(KeyError):
            metrics.metric_of(name)

    def test_every_metric_has_an_instrument_and_words_for_a_reader(self) -> None:
        for metric in metrics.METRICS:
            assert metric.instrument in metrics.INSTRUMENTS or metric.name == "frame.size"
            assert metric.label
            assert metric.meaning

    def test_a_metric_of_no_instrument_needs_none(self) -> None:
        assert metrics.metric_of("frame.size").instruments == ()

    def test_every_instrument_has_a_metric(self) -> None:
        assert {metric.instrument for metric in metrics.METRICS} >= set(metrics.INSTRUMENTS)
