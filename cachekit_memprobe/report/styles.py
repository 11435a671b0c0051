"""The colours of the terminal report. Each only repeats what a word already says."""

from cachekit_memprobe.result import Verdict

VERDICT_STYLES: dict[Verdict, str] = {
    "pass": "bold green",
    "fail": "bold red",
    "unmeasured": "bold yellow",
    "not_applicable": "dim",
}

KIND_STYLES: dict[str, str] = {
    "verbatim": "bold red",
    "mixed": "red",
    "transformed": "yellow",
    "received": "cyan",
    "unproven": "dim",
    "mapped": "cyan",
    "shared": "yellow",
    "view": "green",
}
"""By :data:`cachekit_memprobe.model.SiteKind`, and for a stage that only hands on."""

HEADING = "bold"
QUIET = "dim"
OVER = "bold red"
WARNING = "bold yellow"
WITHIN = "green"
SOURCE = "cyan"
