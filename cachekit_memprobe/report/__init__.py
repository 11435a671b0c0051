"""Renderers: a finished Report in, text or a rich renderable out. None of them prints or measures."""
