"""A report for GitLab's merge requests: Code Quality, as JSON.

Beside it GitLab shows JUnit, which has all limits; here are those that are exceeded or not measured.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cachekit_memprobe.checkout import Checkout, Spot
from cachekit_memprobe.child.printable import json_text
from cachekit_memprobe.report.remarks import Remark, remarks
from cachekit_memprobe.result import Report

_BEGIN = 1


def to_gitlab(report: Report, checkout: Checkout | None = None) -> str:
    """A list of issues; the same remark has the same fingerprint wherever its lines have moved to.

    Args:
        checkout: where the limits are set; that around the current folder when ``None``.
    """
    checkout = checkout or Checkout.around(Path.cwd(), os.environ)
    issues = [issue for remark in remarks(report) for issue in _issues(remark, checkout)]
    return json_text(issues, indent=1)


def _issues(remark: Remark, checkout: Checkout) -> Iterator[dict[str, Any]]:
    """One at the limit, and one at the line that is to blame, if that is in the checkout."""
    origin = checkout.spot_of(remark.origin) if remark.origin else None
    source = remark.source_spot(checkout)
    yield _issue(remark, origin or source or _nowhere(remark), "limit")
    if origin and source:
        yield _issue(remark, source, "source")


def _nowhere(remark: Remark) -> Spot:
    """A location is required: of a limit that no file of the project has set, the scenario's name is."""
    return Spot(f"{remark.scenario or 'run'}.toml", _BEGIN)


def _issue(remark: Remark, spot: Spot, at: str) -> dict[str, Any]:
    return {
        "description": f"{remark.title}: {remark.lines[0]}",
        "check_name": f"cachekit-memprobe/{remark.metric or 'unmeasured'}",
        "fingerprint": _fingerprint(remark, spot, at),
        "severity": _severity(remark),
        "location": {"path": spot.file, "lines": {"begin": spot.line}},
    }


def _fingerprint(remark: Remark, spot: Spot, at: str) -> str:
    """Of what is exceeded and by which code; no line number and no figure is part of it."""
    place = remark.suspect
    code = (place.file, place.function, remark.source.strip()) if place else ()
    parts = (remark.scenario, remark.metric, remark.level, remark.measured, spot.file, at, *code)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _severity(remark: Remark) -> str:
    if remark.level == "warn":
        return "minor"
    return "major" if remark.measured else "critical"
