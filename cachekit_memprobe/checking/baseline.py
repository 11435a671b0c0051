"""A project's baseline: the figures that it has come to, in a file to commit beside its configuration.

It is small, sorted, and changes only where figures do, so that a change of it can be reviewed. Sizes are in
bytes. A scenario says by a digest in which environment it was measured.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cachekit_memprobe.child import regular
from cachekit_memprobe.child.printable import json_text, pasted, printable
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.fingerprint import Fingerprint, fingerprint_of
from cachekit_memprobe.result import Report, Result
from cachekit_memprobe.units import LARGEST_BYTES

FILE = "memprobe-baseline.json"
SCHEMA_VERSION = 1
HEADLINE = ("copies.total", "peak.heap", "rss.peak")
"""Metrics that are kept whether there is a limit on them or not."""

_LARGEST_FILE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class BaselineFile:
    """Where a baseline is, whether there is one or not.

    Attributes:
        given: as the command line names it; empty for the one beside the configuration.
    """

    path: Path
    given: str = ""

    @property
    def name(self) -> str:
        """As messages call it."""
        return printable(self.given or FILE)

    @property
    def update(self) -> str:
        """The command that measures it anew."""
        command = "cachekit-memprobe check --update-baseline"
        return f"{command} --baseline {pasted(self.given)}" if self.given else command


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Figures(_Record):
    """One scenario's.

    Attributes:
        environment: the digest of that in which they were measured.
        metrics_bytes: by the metric's name.
    """

    environment: str
    payload_bytes: int = Field(gt=0, le=LARGEST_BYTES)
    metrics_bytes: dict[str, int]


class Baseline(_Record):
    """All of them.

    Attributes:
        environments: by digest, the parts of a :class:`.fingerprint.Fingerprint`.
    """

    schema_version: int
    environments: dict[str, dict[str, str]] = {}
    scenarios: dict[str, Figures] = {}

    def environment_of(self, figures: Figures) -> Fingerprint:
        """In which a scenario was measured."""
        return Fingerprint.of(self.environments.get(figures.environment, {}))


def read_baseline(file: BaselineFile) -> Baseline | None:
    """The baseline in a file; ``None`` if there is no such file.

    Raises:
        UsageError: it can't be used.
    """
    source, remedy = file.name, f"write it anew: {file.update}"
    try:
        with regular.opened(file.path) as opened:
            content = opened.read(_LARGEST_FILE_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"{source}: can't be read: {error.strerror}") from None
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{source}: expected JSON, found: {error}; {remedy}") from None
    return _validated(document, source, remedy)


def _validated(document: Any, source: str, remedy: str) -> Baseline:
    version = document.get("schema_version") if isinstance(document, dict) else None
    if version != SCHEMA_VERSION:
        raise UsageError(
            f"{source}: schema_version: expected {SCHEMA_VERSION}, found {json.dumps(version)}, of another "
            f"cachekit-memprobe; {remedy}"
        )
    try:
        baseline = Baseline.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(map(str, first["loc"]))
        raise UsageError(f"{source}: {printable(key)}: {first['msg']}; {remedy}") from None
    for scenario, figures in baseline.scenarios.items():
        if figures.environment not in baseline.environments:
            key = f"scenarios.{scenario}.environment"
            raise UsageError(
                f"{source}: {printable(key)}: {figures.environment!r} is none of its environments; {remedy}"
            )
    return baseline


def updated(
    baseline: Baseline | None, report: Report, metrics: Mapping[str, Iterable[str]], names: Iterable[str]
) -> Baseline:
    """A baseline with what was measured now, in place of what it had of the same scenarios.

    Args:
        metrics: by scenario, which of its metrics are kept besides the headline's.
        names: of all scenarios that the project checks; others are dropped.
    """
    fingerprint = fingerprint_of(report.run)
    scenarios = dict(baseline.scenarios) if baseline else {}
    for result in report.results:
        if result.verdict != "unmeasured" and result.payload is not None and result.metrics:
            kept = (*HEADLINE, *metrics.get(result.scenario.name, ()))
            scenarios[result.scenario.name] = _figures(result, fingerprint.digest, kept)
    known = {name: scenarios[name] for name in sorted(scenarios) if name in set(names)}
    environments = {
        **(baseline.environments if baseline else {}),
        fingerprint.digest: dict(fingerprint.parts),
    }
    used = {figures.environment for figures in known.values()}
    return Baseline(
        schema_version=SCHEMA_VERSION,
        environments={digest: environments[digest] for digest in sorted(used)},
        scenarios=known,
    )


def _figures(result: Result, environment: str, kept: Iterable[str]) -> Figures:
    assert result.payload is not None
    payload_bytes = result.payload.logical_bytes
    names = sorted(name for name in {*kept} if name in result.metrics)
    return Figures(
        environment=environment,
        payload_bytes=payload_bytes,
        metrics_bytes={name: round(result.metrics[name] * payload_bytes) for name in names},
    )


def baseline_text(baseline: Baseline) -> str:
    """The file's text."""
    return json_text(baseline.model_dump(), indent=2)


def update_lines(
    file: BaselineFile, before: Baseline | None, after: Baseline, report: Report
) -> tuple[str, ...]:
    """What an update has come to, a sentence without a full stop each."""
    lines = [
        f"{name} could not be measured, and {file.name} is left as it is there"
        for name in _unmeasured(report)
    ]
    written = [result.scenario.name for result in report.results if result.scenario.name in after.scenarios]
    now = [name for name in written if name not in _unmeasured(report)]
    if now:
        lines.append(f"{file.name} has new figures of {', '.join(now)}")
    removed = [name for name in (before.scenarios if before else ()) if name not in after.scenarios]
    if removed:
        lines.append(f"{file.name} has none of {', '.join(removed)} any more")
    return tuple(lines)


def _unmeasured(report: Report) -> list[str]:
    return [result.scenario.name for result in report.results if result.verdict == "unmeasured"]
