"""Replay one read, in a process of its own for each instrument: the side that is outside of these.

A :mod:`.session` replays a scenario. The :mod:`.supervisor` starts its processes, by itself or through a
:mod:`.launcher`, and talks with them (:mod:`.conversation`); what runs in them is
:mod:`cachekit_memprobe.child`.
"""
