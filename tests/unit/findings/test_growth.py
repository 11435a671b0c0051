import pytest

from cachekit_memprobe.findings import growth
from cachekit_memprobe.model import Payload
from tests.unit.findings.made import evidence


def test_a_slope_with_its_margin_and_its_kind() -> None:
    values = {"growth.per_read": 1.0, "growth.margin": 0.0004, "growth.anon": 1.0, "growth.file": 0.001}
    (finding,) = growth.find(evidence(values=values))
    assert finding.message == (
        "each further read adds 1.00x (300.0 MB) ± 0.00x of resident memory that stays after its value "
        "was dropped: 1.00x anonymous"
    )


def test_a_slope_through_two_points_has_no_margin() -> None:
    (finding,) = growth.find(
        evidence(values={"growth.per_read": 1.0, "growth.anon": 0.4, "growth.file": 0.6})
    )
    assert finding.message == (
        "each further read adds 1.00x (300.0 MB) of resident memory that stays after its value was dropped: "
        "0.40x anonymous, 0.60x file-backed"
    )


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"growth.per_read": 0.05},
        {"growth.per_read": -1.0, "growth.margin": 0.0},
        {"growth.per_read": 0.2, "growth.margin": 0.2},
        {"growth.per_read": 0.2, "growth.margin": 0.3},
    ],
)
def test_what_is_small_or_within_its_margin_is_no_growth(values: dict[str, float]) -> None:
    assert list(growth.find(evidence(values=values))) == []


def test_as_deployed_two_points_are_not_enough() -> None:
    values = {"growth.per_read": 0.25}
    assert list(growth.find(evidence(values=values, as_deployed=True))) == []
    assert len(list(growth.find(evidence(values={**values, "growth.margin": 0.01}, as_deployed=True)))) == 1


def test_of_a_small_value_an_arena_more_is_no_growth() -> None:
    small = Payload(8 << 20, 8 << 20)
    assert list(growth.find(evidence(values={"growth.per_read": 0.127}, payload=small))) == []
    assert len(list(growth.find(evidence(values={"growth.per_read": 0.3}, payload=small)))) == 1
