"""The formats that a report can be written in, a row each."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Generic, TypeVar

from cachekit_memprobe.result import Report

_Finished = TypeVar("_Finished")


@dataclass(frozen=True)
class Format(Generic[_Finished]):
    """One way to write a finished value as text.

    Attributes:
        name: as ``--format`` takes it, and the option of a file in it.
        suffix: of such files: where no format is given, it tells which one is meant.
        title: what it is called in a sentence.
        render: the text, a line break at its end.
    """

    name: str
    suffix: str
    title: str
    render: Callable[[_Finished], str]


def by(package: str, renderer: str) -> Callable[[_Finished], str]:
    """The renderer ``MODULE:FUNCTION`` of a package, imported when it is called: some take long to import."""
    module, _, function = renderer.partition(":")

    def render(finished: _Finished) -> str:
        text: str = getattr(import_module(f"{package}.{module}"), function)(finished)
        return text

    return render


def _by(renderer: str) -> Callable[[Report], str]:
    return by(__package__, renderer)


REPORT_FORMATS = (
    Format("json", ".json", "JSON", _by("json:to_json")),
    Format("markdown", ".md", "Markdown, for an issue or a pull request", _by("markdown:render_markdown")),
    Format("html", ".html", "one HTML file", _by("html:render_html")),
    Format("junit", ".xml", "JUnit XML, for CI", _by("junit:to_junit")),
    Format("gitlab", ".gitlab.json", "Code Quality for GitLab", _by("gitlab:to_gitlab")),
    Format("speedscope", ".speedscope.json", "a profile for speedscope", _by("speedscope:to_speedscope")),
    Format("trace", ".trace.json", "a trace for Perfetto or Chrome", _by("trace:to_trace")),
)
"""Besides the terminal's, whose text depends on the terminal."""
