"""The fixture ``memprobe``: what a test measures with."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from cachekit_memprobe.child.workload.calls.given import Given
from cachekit_memprobe.errors import CouldNotMeasure, UsageError
from cachekit_memprobe.model import Limit, Scenario
from cachekit_memprobe.request import Request
from cachekit_memprobe.scenario import call_scenario, expand, parse_sizes, select
from cachekit_memprobe.target import INSTALLED
from cachekit_memprobe.testing.functions import NotNamed, call_here, name_of, named_call
from cachekit_memprobe.testing.marker import Marked, instruments_for, limits_of, marked, with_limits
from cachekit_memprobe.testing.measured import Measuring, write_page
from cachekit_memprobe.testing.outcomes import Unmeasured
from cachekit_memprobe.testing.read import Read
from cachekit_memprobe.testing.settings import Settings, settings_of
from cachekit_memprobe.testing.shown import place_in_test, properties_of, report_text, summary_line
from cachekit_memprobe.units import format_limit

_MEASURING = pytest.StashKey[Measuring]()
_LONGEST_NAME = 100
_TIERS = ("l1", "l2")
_BACKENDS = ("file", "redis")
_NO_ARGUMENTS: Mapping[str, Any] = MappingProxyType({})


def memprobe_of(item: pytest.Item, width: int | None) -> "Memprobe":
    """The fixture of a test; an error of that test if its marker or the session's settings can't be used.

    Args:
        width: of the terminal, in columns; ``None`` if nobody knows.
    """
    __tracebackhide__ = True
    try:
        if _MEASURING not in item.config.stash:
            item.config.stash[_MEASURING] = Measuring(settings_of(item.config))
        return Memprobe(item, item.config.stash[_MEASURING], marked(item), width)
    except UsageError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


def _scenario_of_call(
    function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], tier: str, backend: str
) -> Scenario:
    for word, options in ((tier, _TIERS), (backend, _BACKENDS)):
        if word not in ("", *options):
            raise UsageError(f"{word!r} is none of {' and '.join(options)}")
    try:
        call = replace(named_call(function, args, kwargs), backend=backend)
        return call_scenario(call, tier=tier)
    except NotNamed as reason:
        call = replace(call_here(function), backend=backend)
        summary = f"{name_of(function)} of the test's own process, as {reason}"
        return replace(call_scenario(call, tier=tier), summary=summary)


def _called(scenario: Scenario, backend: str) -> tuple[str, ...]:
    """The options of ``run`` that name the function as well, for the command in a report."""
    call = scenario.value.call
    if call is None or call.here:
        return ()
    words = ["--call", call.function]
    for argument in call.args:
        words += ["--arg", json.dumps(argument)]
    for name, value in call.kwargs.items():
        words += ["--kwarg", f"{name}={json.dumps(value)}"]
    return (*words, *(("--backend-override", backend) if backend else ()))


def _written(limit: Limit) -> str:
    return f"{limit.metric}={format_limit(limit.payloads, limit.size_bytes)}"


def _only_installed(scenario: Scenario) -> CouldNotMeasure:
    return CouldNotMeasure(
        f"{scenario.summary}: that process has the installed cachekit, and no other can be measured with it; "
        "give the function a name in a module, or leave out --memprobe-cachekit"
    )


class Memprobe:
    """Measures reads for one test."""

    def __init__(self, item: pytest.Item, measuring: Measuring, asked: Marked, width: int | None) -> None:
        self._item = item
        self._measuring = measuring
        self._asked = asked
        self._width = width
        self._reads: list[Read] = []
        self._unmeasured = ""

    @property
    def cachekit(self) -> str:
        """The release that is measured, such as ``0.24.1``."""
        __tracebackhide__ = True
        try:
            return self._measuring.target.cachekit
        except CouldNotMeasure as failure:
            raise self._could_not(failure) from None

    def __call__(self, function: Callable[..., Any], /, *args: Any, tier: str = "", **kwargs: Any) -> Read:
        """Measure the reads of a function that cachekit decorates, called with these arguments.

        Args:
            tier: ``l1`` or ``l2``; the one that its later calls are read from without it.

        Raises:
            UsageError: there is no such tier.
            OverBudget: a limit of the marker was exceeded.
            Unmeasured: it could not be measured; the message says why.
        """
        __tracebackhide__ = True
        return self.call(function, args, kwargs, tier=tier)

    def call(
        self,
        function: Callable[..., Any],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] = _NO_ARGUMENTS,
        *,
        tier: str = "",
        backend: str = "",
        budget: Mapping[str, Any] | None = None,
    ) -> Read:
        """The same, for arguments of any name, and with more to say.

        Args:
            backend: ``file`` or ``redis``, to put a private one in place of the one that the code configures.
            budget: limits in place of the marker's on the same metrics, and besides.
        """
        __tracebackhide__ = True
        try:
            scenario = _scenario_of_call(function, args, kwargs, tier, backend)
        except UsageError as error:
            raise type(error)(str(error)) from None
        call = scenario.value.call
        here = call is not None and call.here
        asked = Request(
            patterns=(), called=_called(scenario, backend), caching={"tier": tier} if tier else {}
        )
        return self._measured(scenario, budget, asked, Given(function, args, kwargs) if here else None)

    def scenario(
        self, name: str, *, size: str | None = None, budget: Mapping[str, Any] | None = None
    ) -> Read:
        """Measure a bundled scenario, or that of a TOML file.

        Args:
            name: of the scenario, or the file's path from pytest's root folder.
            size: of the cached value, such as ``8MiB``; the scenario's own without it.
            budget: limits in place of the scenario's on the same metrics, and besides.

        Raises:
            UsageError: there is no such scenario, or a limit or the size can't be used.
            OverBudget: a limit of the marker or of ``budget`` was exceeded.
            Unmeasured: it could not be measured.
        """
        __tracebackhide__ = True
        try:
            scenario = self._chosen(name, size)
        except UsageError as error:
            # Without the way that led to it, which is of no interest to who has to write another name.
            raise type(error)(str(error)) from None
        return self._measured(scenario, budget, Request(patterns=(name,), size=size or ""))

    def _chosen(self, name: str, size: str | None) -> Scenario:
        named = str(self._item.config.rootpath / name) if name.endswith(".toml") else name
        chosen = select((named,), allow_code=True)
        if len(chosen) != 1:
            raise UsageError(
                f"{name!r} stands for {len(chosen)} scenarios; name one, and give the test their names with "
                "pytest.mark.parametrize"
            )
        try:
            sizes = () if size is None else parse_sizes(size)
        except ValueError as error:
            raise UsageError(str(error)) from None
        if len(sizes) > 1:
            raise UsageError(f"{size!r} are several sizes; measure each by itself")
        (scenario,), _ = expand(chosen, sizes=sizes)
        return scenario

    def require_judged(self) -> None:
        """Refuse that a test passes which has measured a read, or said that it would, and judged nothing."""
        __tracebackhide__ = True
        if self._asked.limits and not self._reads:
            pytest.fail("the marker memprobe sets a budget, and the test measured nothing", pytrace=False)
        if idle := [read.name for read in self._reads if not read.is_judged]:
            pytest.fail(
                f"{', '.join(idle)}: measured, and held against nothing; call check() of the read, look at "
                "its metrics, or give the test a budget",
                pytrace=False,
            )

    def note(self, report: Any) -> None:
        """Have the test's report say what was measured; what was not is an error, whatever the test does."""
        if report.when != "call":
            return
        report.memprobe_lines = [summary_line(read.report) for read in self._reads]
        unmeasured = next(filter(None, (self._unmeasured, *(read.unmeasured for read in self._reads))), "")
        report.memprobe_unmeasured = bool(unmeasured)
        if unmeasured and report.outcome != "failed":
            report.outcome, report.longrepr = "failed", unmeasured
            vars(report).pop("wasxfail", None)

    def _measured(
        self,
        scenario: Scenario,
        budget: Mapping[str, Any] | None,
        asked: Request,
        given: Given | None = None,
    ) -> Read:
        __tracebackhide__ = True
        try:
            limits = with_limits(self._asked.limits, limits_of(budget or {}))
        except UsageError as error:
            raise type(error)(str(error)) from None
        planned = replace(
            scenario,
            budget=with_limits(scenario.budget, limits),
            environment={**scenario.environment, **self._asked.environment},
        )
        instruments = instruments_for(self._asked, limits, self._settings)
        if given is not None and self._settings.cachekit != INSTALLED:
            raise self._could_not(_only_installed(scenario))
        try:
            asked = replace(
                asked,
                limits=tuple(map(_written, limits)),
                environment=self._asked.environment,
                extras=self._settings.packages,
            )
            report = self._measuring.measure(planned, instruments, asked, given)
        except CouldNotMeasure as failure:
            raise self._could_not(failure) from None
        place = place_in_test(self._item.config.rootpath)

        def text() -> str:
            return report_text(report, self._width)

        def say(first_line: str) -> str:
            shown = (first_line, place, text() if report.results[0].metrics else "")
            return "\n\n".join(filter(None, shown))

        read = Read(report, say, text, {limit.metric for limit in limits})
        self._reads.append(read)
        self._item.user_properties.extend(properties_of(report))
        self._keep_page(read)
        read.check_own()
        return read

    @property
    def _settings(self) -> Settings:
        return self._measuring.settings

    def _could_not(self, failure: CouldNotMeasure) -> Unmeasured:
        self._unmeasured = str(failure)
        return Unmeasured(self._unmeasured)

    def _keep_page(self, read: Read) -> None:
        if self._settings.html is not None:
            write_page(read.report, self._settings.html / f"{self._page_name()}.html")

    def _page_name(self) -> str:
        """Of the test's id what any file system takes, and a digest, as two may then look alike."""
        nodeid = self._item.nodeid
        words = re.sub(r"[^A-Za-z0-9_.]+", "-", nodeid).strip("-.")[:_LONGEST_NAME]
        digest = hashlib.sha256(nodeid.encode("utf-8", "replace")).hexdigest()[:8]
        number = f"-{len(self._reads)}" if len(self._reads) > 1 else ""
        return f"{words}-{digest}{number}"
