"""``run`` of one's own data, at several sizes and over a matrix: from options to scenarios."""

import json
from pathlib import Path

import pytest

from cachekit_memprobe.child.task import Read
from cachekit_memprobe.model import Limit
from cachekit_memprobe.scenario import load_scenario
from cachekit_memprobe.servers import OwnServers
from cachekit_memprobe.sweep import Sweep
from tests.golden.sweeps import BENT, MATRIX, SIZES
from tests.unit.cli.conftest import Invoke, Tool

MB = 1_000_000


@pytest.fixture
def prices(invoke: Invoke) -> Path:
    path = Path("prices.csv")
    path.write_text("a,b\n1,2\n")
    return path


@pytest.mark.usefixtures("prices")
class TestOwnData:
    def test_a_file_is_a_scenario(self, invoke: Invoke, tool: Tool) -> None:
        assert invoke("run", "--payload", "prices.csv").exit_code == 0
        [scenario] = tool.scenarios
        assert (scenario.name, scenario.value.kind) == ("prices", "file")
        assert scenario.value.file == str(Path.cwd() / "prices.csv")
        assert (scenario.caching.serializer, scenario.read) == (
            "arrow",
            Read("l1", "memory", asynchronous=True),
        )
        assert (scenario.budget, tool.sweep) == ((), Sweep())

    def test_options_say_how_it_is_cached(self, invoke: Invoke, tool: Tool) -> None:
        words = "run --payload prices.csv --serializer arrow --tier l2 --route get --backend redis"
        invoke(*words.split(), "--compression", "zstd", "--encryption", "on")
        [scenario] = tool.scenarios
        caching = scenario.caching
        assert (caching.serializer, caching.backend, caching.compression) == ("arrow", "redis", "zstd")
        assert (caching.encryption, caching.l1, scenario.read) == (True, False, Read("l2", "get"))

    def test_a_budget_applies(self, invoke: Invoke, tool: Tool) -> None:
        invoke("run", "--payload", "prices.csv", "--budget", "rss.peak=1.5x")
        assert tool.scenarios[0].budget == (Limit("rss.peak", 1.5, None, "error"),)

    def test_it_can_be_varied(self, invoke: Invoke, tool: Tool) -> None:
        invoke("run", "--payload", "prices.csv", "--matrix", "tier=l1,l2")
        assert [scenario.name for scenario in tool.scenarios] == ["prices@tier=l1", "prices@tier=l2"]

    def test_the_scenario_is_saved_and_runs_as_the_same(self, invoke: Invoke, tool: Tool) -> None:
        Path("kept").mkdir()
        words = "run --payload prices.csv --tier l2 --budget rss.peak=1.5x --save-scenario kept/mine.toml"
        assert invoke(*words.split()).exit_code == 0
        [first] = tool.scenarios
        assert invoke("run", "kept/mine.toml").exit_code == 0
        [again] = tool.scenarios
        assert (again.caching, again.read, again.budget) == (first.caching, first.read, first.budget)
        assert again.value.file.endswith("kept/../prices.csv")

    def test_a_saved_scenario_is_never_overwritten(self, invoke: Invoke, tool: Tool) -> None:
        Path("mine.toml").write_text("mine")
        result = invoke("run", "--payload", "prices.csv", "--save-scenario", "mine.toml")
        assert (result.exit_code, tool.resolved) == (2, [])
        assert "mine.toml exists and is not overwritten; give --save-scenario another name" in result.stderr
        assert Path("mine.toml").read_text() == "mine"

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (
                "--payload prices.csv arrow-l1-hit",
                "--payload makes a scenario of its own; leave out arrow-l1-hit",
            ),
            ("--payload missing.csv", "missing.csv: expected a file that can be read"),
            ("--payload prices.csv --serializer orjson", '--serializer: expected one of "arrow", "auto"'),
            ("--payload prices.csv --serializer pickle", "'pickle' is not one of"),
            ("--payload prices.csv --backend none", "'none' is not one of"),
            ("--payload prices.csv --size 1MB", "--size: prices caches the data of a file"),
            ("--payload prices.csv --save-scenario mine", "has to end in .toml; call it mine.toml"),
            ("--save-scenario x.toml", "--save-scenario saves the scenario of --payload"),
            (
                "--tier l2",
                "--tier is for the data of --payload; to change tier in a scenario, write",
            ),
            ("arrow-l1-hit --encryption on", "write --matrix encryption=on"),
        ],
    )
    def test_what_can_not_be_used_is_refused_before_anything_slow(
        self, invoke: Invoke, tool: Tool, arguments: str, message: str
    ) -> None:
        result = invoke("run", *arguments.split())
        assert result.exit_code == 2
        assert message in result.stderr
        assert tool.resolved == []
        assert [path.name for path in Path().iterdir()] == ["prices.csv"]


def test_several_sizes_and_a_prediction(invoke: Invoke, tool: Tool) -> None:
    words = "run arrow-l1-hit --size 64MB,128MB --predict 1GB --predict 2GB,4GB"
    assert invoke(*words.split()).exit_code == 0
    assert [scenario.value.logical_bytes for scenario in tool.scenarios] == [64 * MB, 128 * MB]
    assert tool.sweep == Sweep(sizes=("64MB", "128MB"), predict_bytes=(1000 * MB, 2000 * MB, 4000 * MB))


def test_a_matrix(invoke: Invoke, tool: Tool) -> None:
    words = "run arrow-l1-hit --matrix compression=none,lz4 --matrix encryption=on,off"
    assert invoke(*words.split()).exit_code == 0
    assert len(tool.scenarios) == 4
    assert {scenario.budget for scenario in tool.scenarios} == {()}
    assert tool.sweep == Sweep(
        axes={"compression": ("none", "lz4"), "encryption": ("on", "off")}, without_budget=("arrow-l1-hit",)
    )


def test_a_matrix_with_a_budget_for_its_combinations(invoke: Invoke, tool: Tool) -> None:
    invoke("run", "arrow-l1-hit", "--matrix", "compression=none,lz4", "--budget", "rss.peak=3x")
    assert {scenario.budget for scenario in tool.scenarios} == {(Limit("rss.peak", 3.0, None, "error"),)}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--size 1MB,1MB", "has a size twice"),
        ("--size 1MB,", "'' is not a size"),
        ("--predict 1GB", "--predict needs several sizes"),
        ("--size 1MB --predict 1GB", "--predict needs several sizes"),
        ("--size 1MB,2MB --predict big", "'big' is not a size"),
        ("--matrix tier", "'tier' is not AXIS=VALUE,VALUE"),
        ("--matrix tiers=l1", "did you mean tier?"),
        ("--matrix tier=l1,l3", "tier: 'l3' is not one of l1, l2"),
        ("--matrix tier=l1 --matrix tier=l2", "tier is given twice; list its values in one"),
        (
            "arrow-l1-hit --matrix serializer=orjson",
            "no combination of --matrix is a read that cachekit can do",
        ),
        ("--redis-url nonsense", "that is not the URL of a Redis server"),
        ("--memcached-servers nonsense", "'nonsense' is not host:port"),
    ],
)
def test_a_sweep_that_can_not_be_run_is_refused_before_anything_slow(
    invoke: Invoke, tool: Tool, arguments: str, message: str
) -> None:
    result = invoke("run", *arguments.split())
    assert result.exit_code == 2
    assert message in result.stderr
    assert (result.stdout, tool.resolved) == ("", [])


def test_the_users_own_servers(invoke: Invoke, tool: Tool) -> None:
    invoke("run", "--redis-url", "redis://localhost:1/2", "--memcached-servers", "a:1,b:2")
    assert tool.own_servers == OwnServers("redis://localhost:1/2", (("a", 1), ("b", 2)))


EXTRAPOLATED = (
    "times the largest size that was measured; the prediction and its interval take for granted that memory "
    "goes on growing in a straight line"
)


def test_predictions_are_told_quietly_too(invoke: Invoke, tool: Tool) -> None:
    tool.report = SIZES
    lines = invoke("run", "-q").stdout.splitlines()
    assert lines == [
        "arrow-l1-hit@64MB: PASS  copies 1.00x  heap 1.00x  rss 1.00x",
        "arrow-l1-hit@128MB: PASS  copies 1.00x  heap 1.00x  rss 1.00x",
        "arrow-l1-hit@256MB: PASS  copies 1.00x  heap 1.00x  rss 1.00x",
        "arrow-l1-hit at 1.0 GB: RSS peak 1.00x 1.0 GB ± 7.4 MB, whole process 2.13x 2.1 GB ± 7.4 MB; "
        f"this is 3.9 {EXTRAPOLATED}",
        "arrow-l1-hit at 2.0 GB: RSS peak 1.00x 2.0 GB ± 16.0 MB, whole process 2.07x 4.1 GB ± 16.0 MB; "
        f"this is 7.8 {EXTRAPOLATED}",
    ]
    tool.report = BENT
    assert invoke("run", "-q").stdout.splitlines()[-1] == (
        "arrow-l1-hit at 1.0 GB: no prediction, because the measured RSS peaks don't fit a straight line"
    )


def test_json_carries_axes_lines_and_predictions(invoke: Invoke, tool: Tool) -> None:
    tool.report = SIZES
    document = json.loads(invoke("run", "--json", "-").stdout)
    assert document["results"][0]["variant"]["size"] == "64MB"
    [scaling] = document["scaling"]
    assert [line["metric"] for line in scaling["lines"]] == [
        "copies.total",
        "peak.heap",
        "rss.peak",
        "rss.total",
    ]
    assert [entry["logical_bytes"] for entry in scaling["predictions"]] == [1000 * MB, 2000 * MB]
    tool.report = MATRIX
    document = json.loads(invoke("run", "--json", "-").stdout)
    assert document["results"][0]["variant"]["axes"] == {"compression": "none", "tier": "l1"}
    assert document["sweep"]["skipped"][0]["axes"] == {"compression": "none", "tier": "reference"}


def test_a_file_of_ones_own_needs_no_more_than_its_name_to_be_shown(invoke: Invoke, prices: Path) -> None:
    Path("mine.toml").write_text(
        'summary = "Prices"\n[value]\nkind = "file"\nfile = "prices.csv"\n'
        '[cache]\nserializer = "arrow"\nl1 = true\n[read]\ntier = "l1"\nroute = "memory"\n'
    )
    assert load_scenario(Path("mine.toml")).value.file == str(Path.cwd() / "prices.csv")
    assert "value       file prices.csv, 8 B on disk" in invoke("show", "mine.toml").stdout


def test_skipped_combinations_are_told_quietly_too(invoke: Invoke, tool: Tool) -> None:
    tool.report = MATRIX
    lines = [line for line in invoke("run", "-q").stdout.splitlines() if ": skipped, " in line]
    reason = '[cache] backend has to be one of "none", "local" because [read] tier is "reference"'
    assert lines == [
        f"arrow-l1-hit@compression={compression},tier=reference: skipped, {reason}"
        for compression in ("none", "zstd")
    ]


def test_a_limit_that_is_asked_for_has_to_be_judged(invoke: Invoke, tool: Tool) -> None:
    words = ("run", "arrow-l1-hit", "--budget", "rss.peak=0.1x", "--instrument", "memray", "-q")
    result = invoke(*words)
    assert (result.exit_code, tool.resolved) == (2, [])
    assert "--budget rss.peak: it is measured by rss" in result.stderr
    assert "add --instrument rss" in result.stderr


def test_a_limit_on_what_quick_leaves_out_is_refused_too(invoke: Invoke, tool: Tool) -> None:
    result = invoke("run", "arrow-l1-hit", "--quick", "--budget", "held.after=0.1x")
    assert (result.exit_code, tool.resolved) == (2, [])


def test_of_two_payloads_none_is_dropped_silently(invoke: Invoke, tool: Tool) -> None:
    result = invoke("run", "--payload", "a.parquet", "--payload", "b.parquet")
    assert (result.exit_code, tool.resolved) == (2, [])
    assert "2 files are given; run each by itself" in result.stderr


class TestSortingAndWorkers:
    def test_are_part_of_the_run(self, invoke: Invoke, tool: Tool) -> None:
        words = "run arrow-l1-hit --matrix tier=l1,l2 --sort held.result --workers 50"
        assert invoke(*words.split()).exit_code == 0
        assert tool.sweep is not None
        assert (tool.sweep.sort, tool.sweep.workers) == ("held.result", 50)

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ("--sort rss.total", "give --matrix as well"),
            ("--matrix tier=l1,l2 --sort rss.totl", "did you mean rss.total"),
            ("--matrix tier=l1,l2 --sort held.result --quick", "it is measured by retention"),
            ("--workers 50 --instrument memray", "it is measured by rss"),
            ("--workers 0", "0 is not in the range"),
        ],
    )
    def test_that_would_say_nothing_are_a_usage_error(
        self, invoke: Invoke, tool: Tool, words: str, message: str
    ) -> None:
        result = invoke("run", "arrow-l1-hit", *words.split())
        assert result.exit_code == 2
        assert message in " ".join(result.stderr.split())
        assert tool.scenarios == ()
