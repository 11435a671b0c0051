"""``--flamegraph``: memray's own flame graphs, in a folder beside the page of the report."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from urllib.parse import quote

from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.cli.formats import page
from cachekit_memprobe.cli.help import option
from cachekit_memprobe.cli.outputs import Output
from cachekit_memprobe.errors import MemprobeError, UsageError
from cachekit_memprobe.flames import Flames
from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.private import flames_without_source
from cachekit_memprobe.report.view import heap_measured
from cachekit_memprobe.result import Report, Result
from cachekit_memprobe.runstore import RunFolder, write_atomically

flamegraph_option = option(
    "--flamegraph",
    "flamegraph",
    is_flag=True,
    help="Also write memray's flame graph of each read, of its heap at the peak, into a folder beside the "
    "HTML page, which links to it. Each takes 4.5 MB.",
)


def pages_beside(outputs: Sequence[Output[Report]]) -> tuple[Path, ...]:
    """The pages among these outputs, beside which flame graphs can be written.

    Raises:
        UsageError: there is none, or something is in the way.
    """
    pages = tuple(Path(one.path) for one in outputs if _is_page(one))
    if not pages:
        raise UsageError("--flamegraph puts its files beside an HTML page: give --html FILE as well")
    folder = _folder_beside(pages[0])
    if os.path.lexists(folder) and not folder.is_dir():
        raise UsageError(f"--flamegraph: {printable(folder)}, where its files go, is not a folder")
    return pages


def _folder_beside(page: Path) -> Path:
    """``report.flamegraphs`` for ``report.html``."""
    return page.with_name(f"{page.stem}.flamegraphs")


@dataclass(frozen=True)
class FlameGraphs:
    """Where those of a report go.

    Attributes:
        pages: of the report, at least one; the first one says where the folder is.
        run: has the captures.
    """

    pages: tuple[Path, ...]
    run: RunFolder

    def write(self, results: Sequence[Result], shown: Report) -> tuple[Mapping[str, Path], list[str]]:
        """Write all that can be made.

        Args:
            shown: has the same results as the page shows them: their scenarios may have other names there.

        Returns:
            The file of each scenario, by the name that it is shown with, and what went wrong.
        """
        from cachekit_memprobe import pipeline

        files: dict[str, Path] = {}
        failures: list[str] = []
        pairs = zip(results, shown.results, strict=True)
        followed = [(result, public) for result, public in pairs if heap_measured(result)]
        if not followed:
            failures.append("--flamegraph: memray followed none of these reads")
        with pipeline.flaming(self.run) as flames_of:
            for result, public in followed:
                name = public.scenario.name
                try:
                    flames = flames_of(result)
                    public_flames = flames if public is result else flames_without_source(flames)
                    files[name] = self._written(public_flames, public, shown)
                except MemprobeError as error:
                    failures.append(f"{printable(name)} has no flame graph: {error}")
        return files, failures

    def _written(self, flames: Flames, result: Result, report: Report) -> Path:
        from cachekit_memprobe.report.flamegraph import flame_graph

        file = self._made_folder() / f"{clean_line(result.scenario.name)}.html"
        write_atomically(file, flame_graph(flames, result, report))
        return file

    def _made_folder(self) -> Path:
        folder = _folder_beside(self.pages[0])
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise MemprobeError(f"can't make {printable(folder)}: {error.strerror}") from None
        return folder

    def linked(self, output: Output[Report], files: Mapping[str, Path]) -> Output[Report]:
        """The same output; if it is a page, with links to the flame graphs."""
        if not _is_page(output):
            return output
        beside = Path(output.path).parent
        links = {name: quote(os.fsencode(os.path.relpath(file, beside))) for name, file in files.items()}
        return replace(output, format=replace(output.format, render=partial(page, flame_graphs=links)))


def _is_page(output: Output[Report]) -> bool:
    return output.format.name == "html" and not output.is_stdout
