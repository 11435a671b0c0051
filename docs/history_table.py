"""Write the tables of docs/history.md from a history: ``python docs/history_table.py HISTORY.json``.

The history is ``cachekit-memprobe history --json HISTORY.json``.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PAGE = Path(__file__).with_name("history.md")
BEGIN, END = "<!-- table -->\n", "<!-- table end -->\n"
METRICS = ("copies.total", "peak.heap", "rss.peak")


def tables(history: dict[str, Any]) -> Iterator[str]:
    """A row for each release at which a figure changes, and the steps that lead there."""
    held = history["held"]
    fixed = ", ".join(f"{name} {held[name]}" for name in ("pandas", "pyarrow", "numpy"))
    labels = [point["label"] for point in history["points"]]
    yield f"{len(labels)} releases, {labels[0]} to {labels[-1]}, with Python {held['python']}, {fixed}.\n"
    for scenario in history["scenarios"]:
        names = " | ".join(f"`{name}`" for name in METRICS)
        yield f"\n| `{scenario['scenario']}` | {names} | what changed |\n"
        yield f"|---|{'---:|' * len(METRICS)}---|\n"
        yield from rows(scenario)


def rows(scenario: dict[str, Any]) -> Iterator[str]:
    """Releases with the same figures in one row."""
    figures = scenario["figures"]
    begins = [0, *sorted({labels_of(figures).index(step["to"]) for step in shown(scenario)})]
    for begin, after in zip(begins, [*begins[1:], len(figures)], strict=True):
        first, last = figures[begin]["point"], figures[after - 1]["point"]
        span = first if first == last else f"{first} to {last}"
        cells = [cell(figures[begin]["metrics"].get(name)) for name in METRICS]
        yield f"| {span} | {' | '.join(cells)} | {what(scenario, first)} |\n"


def cell(figure: dict[str, Any] | None) -> str:
    """What wasn't measured is no 0."""
    return "-" if figure is None else f"{figure['payloads']:.2f}x"


def labels_of(figures: list[dict[str, Any]]) -> list[str]:
    """The releases."""
    return [one["point"] for one in figures]


def shown(scenario: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps of stages, and of the figures in the table."""
    return [
        step
        for step in scenario["steps"]
        if abs(step["change"]) >= 0.005
        and (step["metric"].startswith("copies.") or step["metric"] in METRICS)
    ]


def what(scenario: dict[str, Any], label: str) -> str:
    """The stages that changed, and the line with the largest part in each."""
    found = []
    for step in shown(scenario):
        if step["to"] != label or not step["metric"].startswith("copies.") or step["metric"] == METRICS[0]:
            continue
        words = f"`{step['metric']}` {step['before']:.2f}x → {step['after']:.2f}x"
        if step["lines"]:
            line = step["lines"][0]
            place = line["new"] or line["base"]
            file = place["file"].removeprefix("cachekit/")
            words += f" ({line['change']:+.2f}x {file}:{place['line']})"
        found.append(words)
    return "; ".join(found)


def main(file: Path) -> None:
    """Put the tables between the marks of the page."""
    history = json.loads(file.read_text(encoding="utf-8"))
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{''.join(tables(history))}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
