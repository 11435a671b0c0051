"""Replay one scenario: store the value in one process, read it in one process for each instrument."""

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cachekit_memprobe import metrics
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.model import (
    Connection,
    Measurement,
    Observation,
    Payload,
    RunOptions,
    Scenario,
    Target,
)
from cachekit_memprobe.replay import wire
from cachekit_memprobe.replay.environment import child_environment
from cachekit_memprobe.replay.resident_set import ResidentSet, Sampler, read_resident_set, reset_peak
from cachekit_memprobe.replay.sources import lines_in_capture
from cachekit_memprobe.replay.supervisor import Launch, Supervisor

Progress = Callable[[str], None]

Connect = Callable[[Scenario], AbstractContextManager[Connection]]
"""Opens the way from a scenario's children to its server; what was stored is gone when it closes."""

_MASTER_KEY_BYTES = 32


@dataclass(frozen=True)
class Session:
    """What the replays of one run share.

    Attributes:
        scratch: a folder that is removed with all in it when the run ends.
    """

    target: Target
    options: RunOptions
    supervisor: Supervisor
    scratch: Path
    connect: Connect

    def measure(self, scenario: Scenario, capture: Path, progress: Progress) -> Measurement:
        """Replay a scenario under every instrument of the options.

        Args:
            capture: where memray writes.

        Returns:
            The observations; or, with ``reason``, what could be observed before it failed.
        """
        workspace = self.scratch / scenario.name
        observations: list[Observation] = []
        payload: Payload | None = None
        reason: str | None = None
        try:
            with self.connect(scenario) as connection:
                replay = _Replay(self, scenario, workspace, capture, connection)
                progress("storing the value")
                stored = replay.store()
                payload = Payload(stored["logical_bytes"], stored["frame_bytes"][wire.MEASURED])
                for label, observe in replay.observations(stored):
                    progress(f"measuring: {label}")
                    observations.append(observe())
        except CouldNotMeasure as failure:
            reason = str(failure)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            reason = (
                f"the measured process sent an answer that can't be used: {type(error).__name__}: {error}"
            )
        finally:
            shutil.rmtree(workspace, ignore_errors=True)
        return Measurement(scenario, payload, tuple(observations), reason)


@dataclass(frozen=True)
class _Replay:
    session: Session
    scenario: Scenario
    workspace: Path
    capture: Path
    connection: Connection
    master_key: str = field(default_factory=lambda: secrets.token_hex(_MASTER_KEY_BYTES), repr=False)

    def store(self) -> dict[str, Any]:
        return self._run("store", self._task(wire.STORE))

    def observations(self, stored: dict[str, Any]) -> Iterator[tuple[str, Callable[[], Observation]]]:
        """A label and a replay for each process that is to be measured."""
        options = self.session.options
        for instrument in options.instruments:
            if instrument == metrics.RSS:
                for number in range(1, options.repeat + 1):
                    label = f"rss {number}/{options.repeat}" if options.repeat > 1 else "rss"
                    yield label, lambda number=number: self._resident(stored, number)  # type: ignore[misc]
            elif instrument == metrics.MEMRAY:
                yield instrument, lambda: self._allocations(stored)
            else:
                yield instrument, lambda name=instrument: self._plain(stored, name)  # type: ignore[misc]

    def _plain(self, stored: dict[str, Any], instrument: str) -> Observation:
        data = self._run(instrument, self._task(wire.READ, instrument, stored))
        return Observation(instrument, _portable(data))

    def _resident(self, stored: dict[str, Any], number: int) -> Observation:
        pinned = not self.session.options.as_deployed
        watch = _Watch()
        task = self._task(wire.READ, metrics.RSS, stored, reads=self.session.options.reads, pinned=pinned)
        data = self._run(f"rss-{number}", task, watch.at_barrier)
        return Observation(metrics.RSS, {**data, "pinned": pinned, "reads": watch.reads})

    def _allocations(self, stored: dict[str, Any]) -> Observation:
        task = self._task(wire.READ, metrics.MEMRAY, stored, capture=str(self.capture))
        data = self._run(metrics.MEMRAY, task)
        folder = {"package_folder": data["package_folder"]}
        sources = lines_in_capture(self.capture, Path(data["package_folder"]))
        return Observation(
            metrics.MEMRAY, {**_portable(data), "sources": sources, **folder}, str(self.capture)
        )

    def _task(
        self, operation: str, instrument: str = "", stored: dict[str, Any] | None = None, **more: Any
    ) -> wire.Task:
        return wire.Task(
            operation=operation,
            value=asdict(self.scenario.value),
            caching=asdict(self.scenario.caching),
            read=asdict(self.scenario.read),
            workspace=str(self.workspace),
            instrument=instrument,
            stored=stored or {},
            connection=self._facts(),
            **more,
        )

    def _facts(self) -> dict[str, str]:
        """What the child needs to reach the entry: the server, and the key made for this replay."""
        key = {"master_key": self.master_key} if self.scenario.caching.encryption else {}
        return {**self.connection.facts, **key}

    def _run(
        self, name: str, task: wire.Task, on_barrier: Callable[[str, int], None] | None = None
    ) -> dict[str, Any]:
        folder = self.workspace / name
        environment = {
            **child_environment(self.scenario, home=folder, pinned=task.pinned),
            **self.connection.environment,
        }
        launch = Launch(
            python=self.session.target.python,
            task=task,
            environment=environment,
            folder=folder,
            timeout_s=self.session.options.timeout_s,
        )
        return self.session.supervisor.run(launch, on_barrier)


class _Watch:
    """Brackets each read of the rss instrument; figures are growth over its baseline, in bytes."""

    def __init__(self) -> None:
        self.reads: list[dict[str, int]] = []
        self._first: ResidentSet | None = None

    def at_barrier(self, name: str, pid: int) -> None:
        {wire.BEFORE_READ: self._before, wire.AFTER_READ: self._after, wire.AFTER_DROP: self._dropped}[name](
            pid
        )

    def _before(self, pid: int) -> None:
        self._baseline = reset_peak(pid)
        self._first = self._first or self._baseline
        self._sampler = Sampler(pid)
        self._sampler.start()

    def _after(self, pid: int) -> None:
        self._sampler.stop()
        seen = read_resident_set(pid)
        self.reads.append(
            {
                "peak_bytes": seen.peak_bytes - self._baseline.resident_bytes,
                "anon_bytes": self._sampler.anon_bytes - self._baseline.anon_bytes,
                "file_bytes": self._sampler.file_bytes - self._baseline.file_bytes,
                "samples": self._sampler.samples,
                "baseline_bytes": self._baseline.resident_bytes,
            }
        )

    def _dropped(self, pid: int) -> None:
        assert self._first is not None
        seen = read_resident_set(pid)
        self.reads[-1]["settled_bytes"] = seen.resident_bytes - self._first.resident_bytes
        self.reads[-1]["settled_anon_bytes"] = seen.anon_bytes - self._first.anon_bytes
        self.reads[-1]["settled_file_bytes"] = seen.file_bytes - self._first.file_bytes


def _portable(data: dict[str, Any]) -> dict[str, Any]:
    """An observation without the machine's paths: files relative to the folder that cachekit lies in."""
    prefix = f"{data['package_folder']}/"

    def shorten(thing: Any) -> Any:
        if isinstance(thing, list):
            return [shorten(part) for part in thing]
        if isinstance(thing, dict):
            return {
                key: part.removeprefix(prefix) if key == "file" and isinstance(part, str) else shorten(part)
                for key, part in thing.items()
            }
        return thing

    return {key: shorten(part) for key, part in data.items() if key != "package_folder"}
