"""Observations and captures in, what each stage did to memory out."""

from cachekit_memprobe.attribution.aftermath import Aftermath, aftermath_of
from cachekit_memprobe.attribution.apart import AT_ONCE, Captures, reading_captures
from cachekit_memprobe.attribution.duration import read_us_of
from cachekit_memprobe.attribution.figures import Figures, figures_of
from cachekit_memprobe.attribution.flames import flames_of
from cachekit_memprobe.attribution.footprint import footprint_of
from cachekit_memprobe.attribution.notes import notes_of
from cachekit_memprobe.attribution.reads import Followed, Reads, reads_of
from cachekit_memprobe.attribution.resident import resident_of
from cachekit_memprobe.attribution.stages import ReadUse, stages_of, use_of

__all__ = [
    "AT_ONCE",
    "Aftermath",
    "Captures",
    "Figures",
    "Followed",
    "ReadUse",
    "Reads",
    "aftermath_of",
    "figures_of",
    "flames_of",
    "footprint_of",
    "notes_of",
    "read_us_of",
    "reading_captures",
    "reads_of",
    "resident_of",
    "stages_of",
    "use_of",
]
