"""What a project checks: its configuration, which limits hold for which scenario, and its baseline."""

from cachekit_memprobe.checking.baseline import (
    FILE,
    Baseline,
    BaselineFile,
    baseline_text,
    read_baseline,
    update_lines,
    updated,
)
from cachekit_memprobe.checking.comparable import Relative, differences, refuse_incomparable, with_comparable
from cachekit_memprobe.checking.configuration import Configuration, ConfigurationError, find, read
from cachekit_memprobe.checking.explanation import Explanation, explained
from cachekit_memprobe.checking.limits import ProjectLimit
from cachekit_memprobe.checking.project import Project, project_of
from cachekit_memprobe.checking.resolution import Holding, holding, judged, relative_of
from cachekit_memprobe.checking.tightening import Tightened, tightened, with_lowered

__all__ = [
    "FILE",
    "Baseline",
    "BaselineFile",
    "Configuration",
    "ConfigurationError",
    "Explanation",
    "Holding",
    "Project",
    "ProjectLimit",
    "Relative",
    "Tightened",
    "baseline_text",
    "differences",
    "explained",
    "find",
    "holding",
    "judged",
    "project_of",
    "read",
    "read_baseline",
    "refuse_incomparable",
    "relative_of",
    "tightened",
    "update_lines",
    "updated",
    "with_comparable",
    "with_lowered",
]
