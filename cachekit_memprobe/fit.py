"""A least-squares line through measured points: its slope, and what it says about other places."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_Matrix = tuple[tuple[float, float], tuple[float, float]]

# Student's t, two-sided 95 %, by degrees of freedom: NIST/SEMATECH e-Handbook, section 1.3.6.7.2.
_T_95 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262, 10: 2.228}
_T_95_BEYOND = 2.228
"""That of the last entry: with more points the interval comes out a little too wide."""


@dataclass(frozen=True)
class Fit:
    """A line ``slope * x + intercept``.

    Attributes:
        residuals: of each point, in the order of the points.
        covariance: of slope and intercept; ``None`` for two points.
    """

    slope: float
    intercept: float
    residuals: tuple[float, ...]
    covariance: _Matrix | None

    @property
    def slope_error(self) -> float | None:
        return self._error(0)

    @property
    def intercept_error(self) -> float | None:
        return self._error(1)

    def at(self, x: float) -> float:
        return self.slope * x + self.intercept

    def margin_at(self, x: float) -> float | None:
        """Half the width of the 95 % interval in which another measurement at ``x`` would lie."""
        if self.covariance is None:
            return None
        scatter = sum(residual**2 for residual in self.residuals) / self._freedom
        (of_slope, of_both), (_, of_intercept) = self.covariance
        variance = scatter + of_slope * x * x + 2 * of_both * x + of_intercept
        # The covariance of points that lie exactly on a line may round to less than nothing.
        return self._quantile * math.sqrt(max(0.0, variance))

    @property
    def slope_margin(self) -> float | None:
        """Half the width of the 95 % confidence interval of the slope."""
        return None if self.slope_error is None else self._quantile * self.slope_error

    @property
    def _freedom(self) -> int:
        return len(self.residuals) - 2

    @property
    def _quantile(self) -> float:
        return _T_95.get(self._freedom, _T_95_BEYOND)

    def _error(self, index: int) -> float | None:
        if self.covariance is None:
            return None
        return math.sqrt(max(0.0, self.covariance[index][index]))


_APART = 1e-6
"""Of the larger one: by which two places differ, through whose points a line can be told from others."""


def can_be_fitted(places: Iterable[float]) -> bool:
    """Whether there is a line through points at these places: two of them have to differ."""
    sizes = sorted(map(float, places))
    return len(sizes) > 1 and sizes[-1] - sizes[0] > _APART * max(abs(sizes[0]), abs(sizes[-1]))


def fit_line(points: Sequence[tuple[float, float]]) -> Fit:
    """Fit a line by least squares.

    Args:
        points: x and y of at least two points, of which two differ in x, see :func:`can_be_fitted`.
    """
    # Most commands fit nothing, and should not wait for it.
    import numpy as np

    x, y = (np.array(column, dtype=float) for column in zip(*points, strict=True))
    covariance: _Matrix | None = None
    if len(points) > 2:
        (slope, intercept), matrix = np.polyfit(x, y, 1, cov=True)
        covariance = ((float(matrix[0, 0]), float(matrix[0, 1])), (float(matrix[1, 0]), float(matrix[1, 1])))
    else:
        slope, intercept = np.polyfit(x, y, 1)
    residuals = tuple(float(residual) for residual in y - (slope * x + intercept))
    return Fit(float(slope), float(intercept), residuals, covariance)
