"""The pytest plugin: its options, the marker ``memprobe`` and the fixture of that name.

pytest imports this module in every project that has cachekit-memprobe installed, so that it needs nothing but
pytest: what measures is in :mod:`cachekit_memprobe.testing`, and imported by the first test that measures.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from cachekit_memprobe.testing.fixture import Memprobe

_MARKER = "memprobe"
_MARKER_LINE = (
    f'{_MARKER}(budget={{"rss.peak": "1.4x"}}, instruments="all"): limits on the memory of the cache reads '
    "that the test measures with the memprobe fixture, and the instruments to measure with"
)
_WIDTH = "memprobe_width"

SETTINGS = {
    "instruments": "Instruments to measure with, with commas between, or all; default: rss,memray",
    "cachekit": "The cachekit to measure: installed, latest, a release, or a source tree; default: installed",
    "with": "Packages to install beside a release, with commas between, such as pytest,sqlalchemy",
    "html": "Folder in which the HTML report of each measured read is kept",
    "keep": "Whether the run folders are kept as those of cachekit-memprobe run are: true or false",
    "reads": "How many reads the rss instrument measures in one process; default: 5",
    "timeout": "Time limit for each measured process, in seconds; default: 300",
    "jobs": "How many processes measure at the same time; default: 2, and 1 in a worker of pytest-xdist",
}
"""Each is the key of a TOML table and, behind ``memprobe_``, an ini option."""

_PROBE = pytest.StashKey["Memprobe"]()
"""What the fixture of a test has measured."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the flags, and an ini option for each setting."""
    group = parser.getgroup("memprobe", "memory of cache reads (cachekit-memprobe)")
    group.addoption(
        "--memprobe-all",
        action="store_true",
        help="Measure with every instrument, which judges every limit and takes about three times as long.",
    )
    group.addoption("--memprobe-instruments", metavar="NAME[,NAME]", help=f"{SETTINGS['instruments']}.")
    group.addoption("--memprobe-cachekit", metavar="RELEASE", help=f"{SETTINGS['cachekit']}.")
    group.addoption("--memprobe-with", metavar="PACKAGE[,PACKAGE]", help=f"{SETTINGS['with']}.")
    group.addoption("--memprobe-html", metavar="DIR", help=f"{SETTINGS['html']}.")
    group.addoption(
        "--memprobe-keep",
        action="store_true",
        default=None,
        help="Keep the run folders as those of cachekit-memprobe run are kept.",
    )
    for name, meaning in SETTINGS.items():
        parser.addini(f"memprobe_{name}", f"{meaning} (cachekit-memprobe).", default=None)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and refuse flags that can't be used before any test is run."""
    config.addinivalue_line("markers", _MARKER_LINE)
    if any(config.getoption(f"memprobe_{name}") for name in ("instruments", "cachekit", "with", "html")):
        from cachekit_memprobe.testing.settings import check_flags

        check_flags(config)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist how wide the terminal is, which it doesn't see."""
    if node.config.pluginmanager.has_plugin("terminalreporter"):
        node.workerinput[_WIDTH] = node.config.get_terminal_writer().fullwidth


def _terminal_width(config: pytest.Config) -> int | None:
    """In columns; ``None`` if nobody knows."""
    if config.pluginmanager.has_plugin("terminalreporter"):
        return config.get_terminal_writer().fullwidth
    width: int | None = getattr(config, "workerinput", {}).get(_WIDTH)
    return width


@pytest.fixture
def memprobe(request: pytest.FixtureRequest) -> "Memprobe":
    """Measure what a cache read does to memory, in processes of its own, and judge it.

    ``memprobe(load_orders, "2026-11-24", tier="l1")`` measures a function that cachekit's ``@cache``
    decorates, ``memprobe.scenario("arrow-l1-hit")`` a bundled scenario. Either returns what was measured.
    """
    from cachekit_memprobe.testing.fixture import memprobe_of

    probe = memprobe_of(request.node, _terminal_width(request.config))
    request.node.stash[_PROBE] = probe
    return probe


@pytest.hookimpl(trylast=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """After a test that passed so far: a limit that was held against nothing is none that was kept."""
    if _PROBE in item.stash:
        item.stash[_PROBE].require_judged()
    elif item.get_closest_marker(_MARKER):
        pytest.fail(
            "the marker memprobe sets a budget, and nothing was measured: take the fixture memprobe as an "
            "argument of the test, and measure a read with it",
            pytrace=False,
        )


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Note what was measured in the report, where pytest-xdist and JUnit find it."""
    outcome: Any = yield
    if _PROBE in item.stash:
        item.stash[_PROBE].note(outcome.get_result())


def pytest_report_teststatus(report: Any) -> tuple[str, str, str] | None:
    """What could not be measured is an error, and no failure of the code under test."""
    if report.failed and getattr(report, "memprobe_unmeasured", False):
        return "error", "E", "ERROR"
    return None


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One line for each read that was measured."""
    reports = [report for of_status in terminalreporter.stats.values() for report in of_status]
    lines = [(report.nodeid, line) for report in reports for line in getattr(report, "memprobe_lines", ())]
    if lines:
        terminalreporter.section("memory of cache reads")
    for nodeid, line in sorted(lines, key=lambda entry: entry[0]):
        whole, width = f"{nodeid}  {line}", terminalreporter._tw.fullwidth
        # Why something could not be measured is said above; what was is said here, however long its name is.
        cut = len(whole) > width and "COULD NOT" in line
        terminalreporter.write_line(f"{whole[: width - 3]}..." if cut else whole)
