"""What a test gets of a read that was measured."""

from collections.abc import Callable, Collection, Iterator, Mapping

from cachekit_memprobe.metrics import NAMES, metric_of
from cachekit_memprobe.report.view import apart, why_not_applicable, why_unmeasured
from cachekit_memprobe.result import BudgetResult, Report, Result
from cachekit_memprobe.scenario import closest_metric
from cachekit_memprobe.testing.outcomes import OverBudget, Unmeasured

Say = Callable[[str], str]
"""Makes the message of a test's end of its first line: with the place in the test, and the read's report."""


class UnknownMetric(KeyError):
    """A name that is not in the vocabulary; a KeyError that can be read."""

    __module__ = "builtins"

    def __str__(self) -> str:
        return str(self.args[0])


class Metrics(Mapping[str, float]):
    """Each metric that was measured, in payloads.

    Looking up a name that is none raises :class:`UnknownMetric`, and one that wasn't measured
    :class:`.outcomes.Unmeasured`: no comparison is made with a figure that isn't there.
    """

    def __init__(
        self, result: Result, instruments: Collection[str], unmeasured: Callable[[str], Unmeasured]
    ) -> None:
        self._values = result.metrics
        self._instruments = instruments
        self._unmeasured = unmeasured
        self.looked_at = False

    def __getitem__(self, name: str) -> float:
        __tracebackhide__ = True
        self.looked_at = True
        if name in self._values:
            return self._values[name]
        if name not in NAMES:
            raise UnknownMetric(f"{str(name)[:60]!r} is not a metric; {closest_metric(str(name))}")
        raise self._unmeasured(self._why(name))

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        self.looked_at = True
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<{len(self)} metrics in payloads: {', '.join(self._values)}>"

    def _why(self, name: str) -> str:
        metric = metric_of(name)
        lacking = [one for one in metric.instruments if one not in self._instruments]
        if lacking:
            were, them = ("were", "them") if len(lacking) > 1 else ("was", "it")
            return (
                f"{name} is measured by {' and '.join(metric.instruments)}, "
                f"and {' and '.join(lacking)} {were} not run; --memprobe-all runs {them}, "
                'and so does a marker memprobe(instruments="all")'
            )
        return f"{name} was not measured of this read; it is {metric.meaning}"


class Read:
    """A read that was measured, attributed and judged.

    Attributes:
        report: as ``cachekit_memprobe.load`` returns it, with this read's result only.
        metrics: by dotted name, in payloads.
        unmeasured: the message about the first that a test asked for and there is no figure of; or empty.
    """

    def __init__(self, report: Report, say: Say, text: Callable[[], str], limited: Collection[str]) -> None:
        """``limited`` are the metrics whose limits the test itself has set."""
        self.report = report
        (self._result,) = report.results
        self._say, self._text, self._limited = say, text, limited
        self.unmeasured = ""
        self.metrics = Metrics(self._result, report.run.options.instruments, self._as_unmeasured)
        self._judged = False

    @property
    def result(self) -> Result:
        """All that is known of the read: stages, limits, findings."""
        self._judged = True
        return self._result

    @property
    def name(self) -> str:
        return self._result.scenario.name

    @property
    def is_judged(self) -> bool:
        """Whether the test has asked for anything of it."""
        return self._judged or self.metrics.looked_at

    def check(self) -> "Read":
        """Hold the read against its whole budget: its scenario's, and what the test has set.

        Raises:
            OverBudget: a limit was exceeded.
            Unmeasured: something that has a limit could not be measured.
        """
        __tracebackhide__ = True
        self._judged = True
        self._judge(self._result.budgets)
        if self._result.verdict != "pass":
            raise self._as_unmeasured(self._why_not())
        return self

    def check_own(self) -> None:
        """The same of the limits that the test has set; what wasn't measured at all raises in any case."""
        __tracebackhide__ = True
        if not self._result.metrics:
            raise self._as_unmeasured(self._why_not())
        own = [limit for limit in self._result.budgets if limit.metric in self._limited]
        self._judged = bool(own)
        self._judge(own)

    def __str__(self) -> str:
        return self._text()

    def _judge(self, limits: Collection[BudgetResult]) -> None:
        """What is unmeasured outweighs what is over."""
        __tracebackhide__ = True
        hard = [limit for limit in limits if limit.level == "error"]
        if unmeasured := [limit.metric for limit in hard if limit.status == "unmeasured"]:
            raise self._as_unmeasured(f"not measured, though it has a limit: {', '.join(unmeasured)}")
        if over := [limit for limit in hard if limit.status == "over"]:
            raise OverBudget(self._say("; ".join(self._over(limit) for limit in over)))

    def _over(self, limit: BudgetResult) -> str:
        return f"{limit.metric} {' over '.join(apart(limit, self._result.payload)[:2])}"

    def _why_not(self) -> str:
        if self._result.verdict == "not_applicable":
            return f"{self.name} {why_not_applicable(self._result, self.report)}"
        return why_unmeasured(self._result)

    def _as_unmeasured(self, reason: str) -> Unmeasured:
        message = self._say(reason)
        self.unmeasured = self.unmeasured or message
        return Unmeasured(message)
