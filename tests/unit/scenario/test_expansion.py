from dataclasses import replace
from pathlib import Path

import pytest

from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.model import Limit, Scenario
from cachekit_memprobe.scenario import (
    expand,
    load_bundled,
    parse_axis,
    parse_sizes,
    payload_scenario,
    with_overrides,
)
from cachekit_memprobe.scenario.payload import HowCached
from cachekit_memprobe.scenario.sizes import Asked, Size, parse_asked
from cachekit_memprobe.sweep import Sweep, Variant

L1_HIT = load_bundled("arrow-l1-hit")
TIERS = parse_axis("tier=l1,l2")
MB = 1_000_000
PEAK = Limit("rss.peak", 1.0, None, "error")
HEAP = Limit("peak.heap", None, 5, "warn")
BASE = replace(L1_HIT, budget=(PEAK, HEAP))


def test_sizes_are_read_as_they_are_written() -> None:
    assert parse_sizes("64MB, 1.5 MiB,7000000") == (
        Size("64MB", 64 * MB),
        Size("1.5MiB", 3 << 19),
        Size("7000000", 7 * MB),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("64MB,", "'' is not a size"),
        ("big", "'big' is not a size"),
        ("64MB,0", "'0' is not a positive size"),
        ("64MB,64", "'64' is too small: .* write 1MB or more"),
        ("64MB,64000kB", "'64MB,64000kB' has a size twice"),
        ("50%,50.0%", "'50%,50.0%' has a size twice"),
        ("half%", "'half%' is not a percentage; write it like 50% or 200%"),
        ("0%", "'0%' is not a percentage"),
        ("nan%", "'nan%' is not a percentage"),
        ("1e999%", "'1e999%' is not a percentage"),
    ],
)
def test_what_are_no_sizes_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_sizes(text)


def test_without_options_scenarios_stay_as_they_are() -> None:
    assert expand([L1_HIT]) == ((L1_HIT,), Sweep())


def test_one_size_changes_a_scenario_and_keeps_its_name() -> None:
    (scenario,), sweep = expand([L1_HIT], sizes=parse_sizes("300MB"))
    assert (scenario.name, scenario.value.logical_bytes) == ("arrow-l1-hit", 300 * MB)
    assert (scenario.variant, sweep) == (None, Sweep())


def test_several_sizes_make_a_scenario_of_each_with_the_same_budget() -> None:
    limit = Limit("rss.peak", 9.0, None, "error")
    scenarios, sweep = expand(
        [L1_HIT], sizes=parse_sizes("64MB,128MB"), limits=(limit,), predict=Asked((1000 * MB,))
    )
    assert [scenario.name for scenario in scenarios] == ["arrow-l1-hit@64MB", "arrow-l1-hit@128MB"]
    assert [scenario.value.logical_bytes for scenario in scenarios] == [64 * MB, 128 * MB]
    assert scenarios[0].variant == Variant("arrow-l1-hit", size="64MB")
    for scenario in scenarios:
        assert {entry.metric for entry in scenario.budget} == {entry.metric for entry in L1_HIT.budget}
        assert limit in scenario.budget
    assert sweep == Sweep(sizes=("64MB", "128MB"), predict_bytes=(1000 * MB,))


def test_sizes_and_a_matrix_multiply() -> None:
    scenarios, sweep = expand([L1_HIT], sizes=parse_sizes("8MB,16MB"), axes=[TIERS])
    assert [scenario.name for scenario in scenarios] == [
        "arrow-l1-hit@tier=l1@8MB",
        "arrow-l1-hit@tier=l1@16MB",
        "arrow-l1-hit@tier=l2@8MB",
        "arrow-l1-hit@tier=l2@16MB",
    ]
    assert scenarios[3].variant == Variant(
        "arrow-l1-hit", "16MB", {"tier": "l2"}, {"route": "get", "l1": "off"}
    )
    assert scenarios[3].value.logical_bytes == 16 * MB
    assert sweep == Sweep(
        sizes=("8MB", "16MB"), axes={"tier": ("l1", "l2")}, without_budget=("arrow-l1-hit",)
    )


def test_limits_of_the_command_line_are_a_budget_for_variants_too() -> None:
    limit = Limit("rss.peak", 9.0, None, "error")
    scenarios, sweep = expand([L1_HIT], axes=[TIERS], limits=(limit,))
    assert {scenario.budget for scenario in scenarios} == {(limit,)}
    assert sweep.without_budget == ()


def test_what_is_skipped_is_told() -> None:
    scenarios, sweep = expand([L1_HIT], axes=[parse_axis("serializer=arrow,orjson")])
    assert [scenario.name for scenario in scenarios] == ["arrow-l1-hit@serializer=arrow"]
    assert [entry.axes for entry in sweep.skipped] == [{"serializer": "orjson"}]


def test_a_matrix_without_a_possible_combination_is_a_usage_error() -> None:
    with pytest.raises(UsageError) as caught:
        expand([L1_HIT], axes=[parse_axis("serializer=orjson"), parse_axis("encryption=on")])
    first, second = str(caught.value).split("\n")
    assert first == "no combination of --matrix is a read that cachekit can do:"
    assert second.startswith("  arrow-l1-hit with serializer=orjson encryption=on: [value] kind has to be ")


def test_more_scenarios_than_anyone_waits_for_are_a_usage_error() -> None:
    seeds = parse_axis(f"seed={','.join(map(str, range(400)))}")
    scenario = load_bundled("arrow-l1-hit")
    with pytest.raises(UsageError, match=r"make 1,200 scenarios, which would take hours; .* 1,000 at most"):
        expand([scenario], sizes=parse_sizes("16MB,32MB,64MB"), axes=[seeds])


def test_a_prediction_needs_several_sizes() -> None:
    for sizes in ((), parse_sizes("64MB")):
        with pytest.raises(UsageError, match="--predict needs several sizes"):
            expand([L1_HIT], sizes=sizes, predict=Asked((MB,)))


@pytest.fixture
def own(tmp_path: Path) -> Scenario:
    (tmp_path / "a.csv").write_text("a\n1\n")
    return payload_scenario(tmp_path / "a.csv", HowCached())


class TestTheDataOfAFile:
    def test_has_no_size_in_bytes_and_no_other_kind(self, own: Scenario) -> None:
        for sizes in ("64MB", "64MB,128MB", "50%,64MB"):
            with pytest.raises(UsageError, match=r"--size: a caches the data of a file.*50%,100%,200%"):
                expand([own], sizes=parse_sizes(sizes))
        with pytest.raises(UsageError, match="--matrix kind: a caches the data of a file"):
            expand([own], axes=[parse_axis("kind=text,bytes")])

    def test_has_shares_of_its_rows(self, own: Scenario) -> None:
        scenarios, sweep = expand([own], sizes=parse_sizes("50%,200%"), predict=parse_asked(["5000,2GB"]))
        assert [(scenario.name, scenario.value.share) for scenario in scenarios] == [
            ("a@50%", 0.5),
            ("a@200%", 2.0),
        ]
        assert sweep == Sweep(sizes=("50%", "200%"), predict_bytes=(2000 * MB,), predict_rows=(5000,))

    def test_of_one_share_keeps_its_name(self, own: Scenario) -> None:
        (scenario,), sweep = expand([own], sizes=parse_sizes("200%"))
        assert (scenario.name, scenario.value.share, sweep) == ("a", 2.0, Sweep())


class TestAShareOfAValueThatIsMade:
    def test_is_one_of_its_size(self) -> None:
        scenarios, _ = expand([L1_HIT], sizes=parse_sizes("50%,200%"))
        own_bytes = L1_HIT.value.logical_bytes
        assert [scenario.value.logical_bytes for scenario in scenarios] == [own_bytes // 2, own_bytes * 2]
        assert {scenario.value.share for scenario in scenarios} == {1.0}

    def test_that_is_too_small_is_a_usage_error(self) -> None:
        with pytest.raises(UsageError, match=r"--size 1%: the limits of arrow-l1-hit hold from 8\.0 MB on"):
            expand([L1_HIT], sizes=parse_sizes("1%"))

    def test_has_no_rows_to_predict_for(self) -> None:
        sizes = parse_sizes("50%,200%")
        _, sweep = expand([L1_HIT], sizes=sizes, predict=parse_asked(["2000000000"]))
        assert sweep.predict_bytes == (2000 * MB,)
        with pytest.raises(UsageError, match=r"'5000' is too small: .* rows are for the data of a file"):
            expand([L1_HIT], sizes=sizes, predict=parse_asked(["5000"]))


def test_sizes_and_rows_are_asked_for_together() -> None:
    assert parse_asked(["2GB, 5000000", "7"]) == Asked((2000 * MB,), (5_000_000, 7))
    assert not parse_asked([])


@pytest.mark.parametrize("text", ["0", "50%", "5kB", "rows", "-3", ""])
def test_what_can_not_be_predicted_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a|is too small|is nothing to predict"):
        parse_asked([text])


def test_nothing_to_override() -> None:
    assert with_overrides(BASE) == BASE


def test_another_size_changes_the_size_alone() -> None:
    changed = with_overrides(BASE, size_bytes=300_000_000)
    assert changed == replace(BASE, value=replace(BASE.value, logical_bytes=300_000_000))
    assert BASE.value.logical_bytes == 64 * 1024**2


def test_the_smallest_size() -> None:
    assert with_overrides(BASE, size_bytes=1).value.logical_bytes == 1


@pytest.mark.parametrize("size_bytes", [0, -1])
def test_a_size_is_positive(size_bytes: int) -> None:
    with pytest.raises(ValueError, match="not a positive size"):
        with_overrides(BASE, size_bytes=size_bytes)


@pytest.mark.parametrize(
    ("limits", "budget"),
    [
        ([replace(PEAK, payloads=3.0)], (replace(PEAK, payloads=3.0), HEAP)),
        ([Limit("rss.peak", None, 7, "warn")], (Limit("rss.peak", None, 7, "warn"), HEAP)),
        ([replace(PEAK, metric="rss.anon")], (PEAK, HEAP, replace(PEAK, metric="rss.anon"))),
        ([replace(PEAK, payloads=3.0), replace(PEAK, payloads=2.0)], (replace(PEAK, payloads=2.0), HEAP)),
    ],
)
def test_a_limit_replaces_that_of_its_metric(limits: list[Limit], budget: tuple[Limit, ...]) -> None:
    assert with_overrides(BASE, limits=limits) == replace(BASE, budget=budget)


def test_a_limit_replaces_those_for_every_kind_of_target() -> None:
    objects = Limit("rss.peak", 4.4, None, "error", "pandas<3")
    given = Limit("rss.peak", 2.0, None, "error")
    scenario = replace(BASE, budget=(objects, *BASE.budget))
    overridden = with_overrides(scenario, limits=[given]).budget
    assert [limit for limit in overridden if limit.metric == "rss.peak"] == [given]
    assert objects in with_overrides(scenario, size_bytes=1).budget


class TestASizeForWhichTheLimitsDoNotHold:
    @pytest.mark.parametrize(
        ("name", "size", "smallest"),
        [
            ("arrow-l1-hit", "1MB", "8.0 MB"),
            ("arrow-l1-hit", "7.9MB", "8.0 MB"),
            ("arrow-l1-hit", "64MB,4MB", "8.0 MB"),
            ("arrow-single-batch-l1-hit", "7MB", "7.0 MiB"),
        ],
    )
    def test_is_refused_with_the_smallest(self, name: str, size: str, smallest: str) -> None:
        with pytest.raises(UsageError, match=f"the limits of {name} hold from {smallest} on.*init"):
            expand([load_bundled(name)], sizes=parse_sizes(size))

    @pytest.mark.parametrize(
        ("name", "size"),
        [("arrow-l1-hit", "8MB"), ("arrow-single-batch-l1-hit", "7MiB"), ("json-l1-hit", "8MiB")],
    )
    def test_is_none_from_there_on(self, name: str, size: str) -> None:
        (scenario,), _ = expand([load_bundled(name)], sizes=parse_sizes(size))
        assert scenario.budget

    def test_is_no_matter_without_the_limits(self) -> None:
        """In a matrix, and in a file of the user's, whose limits are the user's to choose."""
        own = replace(load_bundled("arrow-l1-hit"), source="mine.toml")
        unlimited = replace(load_bundled("arrow-l1-hit"), budget=())
        expand([own, unlimited], sizes=parse_sizes("1MB"))
        expand([load_bundled("arrow-l1-hit")], sizes=parse_sizes("1MB"), axes=[parse_axis("tier=l1,l2")])
