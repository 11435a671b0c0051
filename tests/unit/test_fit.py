import math

import numpy as np
import pytest

from cachekit_memprobe.fit import can_be_fitted, fit_line

MB = 1_000_000


def test_points_on_a_line_give_it_back() -> None:
    fit = fit_line([(x * MB, 2 * x * MB + 5000) for x in (64, 128, 256)])
    assert fit.slope == pytest.approx(2, abs=1e-9)
    assert fit.intercept == pytest.approx(5000, abs=1)
    assert fit.slope_error == pytest.approx(0, abs=1e-9)
    assert fit.at(1000 * MB) == pytest.approx(2000 * MB + 5000)
    assert fit.margin_at(1000 * MB) == pytest.approx(0, abs=1000)
    assert max(map(abs, fit.residuals)) < 1


def test_errors_are_those_of_the_textbook() -> None:
    """Draper and Smith's example of a straight line, by the formulas for its variances."""
    x, y = [1.0, 2.0, 3.0, 4.0, 5.0], [2.1, 3.9, 6.2, 7.8, 10.1]
    fit = fit_line(list(zip(x, y, strict=True)))
    mean = sum(x) / 5
    spread = sum((value - mean) ** 2 for value in x)
    scatter = sum(residual**2 for residual in fit.residuals) / 3
    assert fit.slope == pytest.approx(1.99)
    assert fit.slope_error == pytest.approx(math.sqrt(scatter / spread))
    assert fit.slope_margin == pytest.approx(3.182 * math.sqrt(scatter / spread))
    assert fit.intercept_error == pytest.approx(math.sqrt(scatter * (1 / 5 + mean**2 / spread)))
    at_ten = scatter * (1 + 1 / 5 + (10 - mean) ** 2 / spread)
    assert fit.margin_at(10) == pytest.approx(3.182 * math.sqrt(at_ten))


def test_noise_widens_the_interval_and_the_truth_lies_in_it_as_often_as_it_should() -> None:
    rng = np.random.default_rng(1)
    inside = 0
    for _ in range(200):
        noise = rng.normal(0, 0.3 * MB, 5)
        sizes = (32, 64, 128, 192, 256)
        fit = fit_line([(x * MB, x * MB + error) for x, error in zip(sizes, noise, strict=True)])
        margin = fit.margin_at(1000 * MB)
        assert margin is not None
        measured = 1000 * MB + rng.normal(0, 0.3 * MB)
        inside += abs(fit.at(1000 * MB) - measured) <= margin
    assert 180 <= inside <= 199


@pytest.mark.parametrize("count", [3, 4, 10])
def test_noise_alone_is_within_the_margin_of_the_slope_as_often_as_it_should(count: int) -> None:
    rng = np.random.default_rng(1)
    beyond = 0
    for _ in range(1000):
        fit = fit_line(list(enumerate(rng.normal(0, 1, count))))
        assert fit.slope_margin is not None
        beyond += abs(fit.slope) > fit.slope_margin
    assert 30 <= beyond <= 70


def test_two_points_have_no_error() -> None:
    fit = fit_line([(64 * MB, 65 * MB), (128 * MB, 129 * MB)])
    assert fit.slope == pytest.approx(1)
    assert (fit.slope_error, fit.slope_margin, fit.intercept_error) == (None, None, None)
    assert fit.margin_at(256 * MB) is None


def test_many_points_use_the_last_quantile() -> None:
    fit = fit_line([(x * MB, x * MB + (x % 3) * 1000) for x in range(1, 20)])
    assert fit.margin_at(MB) == pytest.approx(
        2.228 * math.sqrt(sum(residual**2 for residual in fit.residuals) / 17 * leverage(19, 1))
    )


def leverage(count: int, x: float) -> float:
    mean = sum(range(1, count + 1)) / count
    return 1 + 1 / count + (x - mean) ** 2 / sum((value - mean) ** 2 for value in range(1, count + 1))


@pytest.mark.parametrize(
    ("places", "possible"),
    [
        ([], False),
        ([5], False),
        ([5, 5], False),
        ([0, 1], True),
        ([10**15, 10**15 + 1, 10**15 + 2], False),
        ([64 * MB, 64 * MB + 1000], True),
    ],
)
def test_a_line_needs_two_places(places: list[int], possible: bool) -> None:
    assert can_be_fitted(places) is possible
