"""Observations and captures in, what each stage did to memory out."""

from cachekit_memprobe.attribution.aftermath import Aftermath, aftermath_of
from cachekit_memprobe.attribution.figures import Figures, figures_of
from cachekit_memprobe.attribution.stages import heap_of_measurement, stages_of

__all__ = ["Aftermath", "Figures", "aftermath_of", "figures_of", "heap_of_measurement", "stages_of"]
