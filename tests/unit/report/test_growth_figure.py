from dataclasses import replace

import pytest

from cachekit_memprobe.report.words import figure_lines
from tests.golden.reports import L1_HIT, OPTIONS


@pytest.mark.parametrize(
    ("growth", "shown"),
    [
        ({"growth.per_read": 0.25}, "growth per read 0.25x"),
        ({"growth.per_read": 0.25, "growth.margin": 0.0134}, "growth per read 0.25x ± 0.01x"),
        ({"growth.per_read": -0.0001, "growth.margin": 0.0}, "growth per read 0.00x ± 0.00x"),
    ],
)
def test_growth_is_shown_with_its_error_if_there_is_one(growth: dict[str, float], shown: str) -> None:
    (line,) = figure_lines(replace(L1_HIT, metrics={"rss.peak": 2.0, **growth}), OPTIONS)
    assert line.phrases[-1] == shown
