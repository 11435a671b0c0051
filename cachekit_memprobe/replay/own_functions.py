"""The user's own functions: what each is, which nobody knows before its module was imported."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from cachekit_memprobe.child.releases import version_key
from cachekit_memprobe.child.task import DESCRIBE, Caching, Call, Described, Found
from cachekit_memprobe.child.workload.calls.imported import search_path
from cachekit_memprobe.child.workload.calls.naming import NAMED_BY
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.folders import without_folders
from cachekit_memprobe.model import Scenario
from cachekit_memprobe.replay.errands import Errands

_OTHER = "other"
_OF_THE_PROCESS = "the measured process "
_BY_REFERENCE = ("none", "local")
_IN_PROCESS_SINCE = (0, 23)
"""Since then a function for which nothing names a backend keeps its values in the process."""


@dataclass(frozen=True)
class OwnFunctions:
    """Imports each function once, in a process that is then gone.

    Attributes:
        theirs: the backends of which the user has named a server of their own.
    """

    errands: Errands
    theirs: tuple[str, ...] = ()

    def described(self, scenario: Scenario) -> Scenario:
        """The scenario with what the function's decorator says; as it is when its value is made.

        Raises:
            CouldNotMeasure: the function can't be imported or isn't decorated, or no private backend can
                take the place of its own.
        """
        call = scenario.value.call
        if call is None:
            return scenario
        try:
            return self._described(scenario, call)
        except CouldNotMeasure as failure:
            folders = (*map(Path, search_path(call)), *self.errands.target.python.parents[:2])
            raise CouldNotMeasure(without_folders(str(failure), folders)) from None

    def _described(self, scenario: Scenario, call: Call) -> Scenario:
        described = self._imported(scenario, call)
        backend = _backend(described, call, self.errands.target.cachekit, scenario.environment)
        if not described.backend and not described.named and call.own_cache:
            self._require_named(scenario, call, backend)
        if not described.backend and backend not in _BY_REFERENCE:
            call = replace(call, backend=backend)
        caching = Caching(
            serializer=described.serializer,
            compression="none",
            backend=backend,
            encryption=described.encryption,
            l1=described.l1,
            return_format=described.return_format,
        )
        if backend in _BY_REFERENCE:
            caching = replace(caching, serializer="none", encryption=False, l1=True)
        read = replace(scenario.read, asynchronous=described.asynchronous)
        if backend in _BY_REFERENCE and not read.tier:
            read = replace(read, tier="reference", route="memory")
        return replace(scenario, value=replace(scenario.value, call=call), caching=caching, read=read)

    def _require_named(self, scenario: Scenario, call: Call, backend: str) -> None:
        """Refuse to use an own cache that only this process's environment names: no child has that."""
        names = [name for name, kind in NAMED_BY.items() if kind == backend and os.environ.get(name)]
        if not names or backend in self.theirs or any(name in scenario.environment for name in names):
            return
        remedy = "--redis-url URL" if backend == "redis" else f"--env {names[0]}=..."
        raise CouldNotMeasure(
            f"{call.function} names no backend, but your environment does, by {names[0]}, which measured "
            f"processes don't get; to have it used, give {remedy}"
        )

    def _imported(self, scenario: Scenario, call: Call) -> Described:
        with told_of(f"{call.function} was imported"):
            return self.errands.run(DESCRIBE, scenario, Described)


@contextmanager
def told_of(what: str) -> Iterator[None]:
    """Say of a process that ended or hung what it was about to do: it runs the user's own code.

    Raises:
        CouldNotMeasure: what the block raises.
    """
    try:
        yield
    except CouldNotMeasure as failure:
        if not str(failure).startswith(_OF_THE_PROCESS):
            raise
        raise CouldNotMeasure(f"while {what}, {failure}") from failure


def as_found(scenario: Scenario, found: Found) -> Scenario:
    """The scenario with the read that the storing process has found."""
    return replace(
        scenario,
        caching=replace(scenario.caching, compression=found.compression),
        read=replace(scenario.read, tier=found.tier, route=found.route, backfill=found.backfill),
    )


def _backend(described: Described, call: Call, release: str, given: Mapping[str, str]) -> str:
    """Where the function's entries are stored for the measurement.

    Args:
        given: the variables that the measured processes get.

    Raises:
        CouldNotMeasure: that can't be told, or can't be made private.
    """
    kind = described.backend
    if kind in _BY_REFERENCE:
        if call.backend:
            raise CouldNotMeasure(
                f"{call.function} is cached without a backend, by the decorator's own words; leave out "
                "--backend-override, or take backend=None out of the code"
            )
        return kind
    if call.backend or kind == _OTHER:
        return call.backend or _own_class(described, call)
    return kind or NAMED_BY.get(described.named) or _by_environment(call, release, given)


def _own_class(described: Described, call: Call) -> str:
    if call.own_cache:
        return _OTHER
    raise CouldNotMeasure(
        f"the backend of {call.function} is a {described.backend_class}, of which no private one can be "
        "made. Give --backend-override file to measure with a private one of cachekit's instead, or "
        "--use-own-cache to have one entry read and written there"
    )


def _by_environment(call: Call, release: str, given: Mapping[str, str]) -> str:
    """That of a function which names none: its deployment's environment does, or nothing."""
    named = next((kind for name, kind in NAMED_BY.items() if given.get(name) or os.environ.get(name)), "")
    if named:
        return named
    if version_key(release) >= _IN_PROCESS_SINCE:
        return "none"
    raise CouldNotMeasure(
        f"{call.function} names no backend, and this cachekit would look for Redis on localhost; give it a "
        "private one with --backend-override redis or --backend-override file"
    )
