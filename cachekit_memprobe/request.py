"""What a command line asked for, so that a report can name the command that measures the same again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

_MOST_WORDS = 2000
_LONGEST = 4096


@dataclass(frozen=True)
class Request:
    """What was asked for that a run's scenarios, options and sweep don't tell any more.

    Attributes:
        patterns: of the scenarios, files among them; none for all that can be run and for ``payload``.
            ``None`` if it is those of the run, whatever was written.
        size: of every scenario, as it was written; empty for their own. Several are in the sweep.
        limits: that replace or add to the scenarios', such as ``rss.peak=1.3x``.
        environment: the variables that all scenarios were given besides their own.
        payload: the user's own data.
        caching: how that is cached, where it was said: ``{"tier": "l2"}``.
        called: the options that name the user's own function, ``--call`` and so on, with their values.
        extras: packages that were added to the release's environment.
        command: ``run``, or ``check`` for what a project's configuration says.
        configuration: the file of a check, if it was named.
    """

    patterns: tuple[str, ...] | None = None
    size: str = ""
    limits: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    payload: str = ""
    caching: Mapping[str, str] = field(default_factory=dict)
    called: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    command: Literal["run", "check"] = "run"
    configuration: str = ""

    @property
    def is_bounded(self) -> bool:
        """Whether it is no more than can be saved, and than is read again."""
        words = tuple(self._words())
        return len(words) <= _MOST_WORDS and all(len(word) <= _LONGEST for word in words)

    def _words(self) -> Iterator[str]:
        yield from (self.size, self.payload, self.configuration)
        for words in (self.patterns or (), self.limits, self.called, self.extras):
            yield from words
        for named in (self.environment, self.caching):
            for name, value in named.items():
                yield from (name, value)
