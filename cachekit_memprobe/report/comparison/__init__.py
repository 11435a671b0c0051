"""Renderers of a comparison: a finished :class:`Comparison` in, text or a rich renderable out."""
