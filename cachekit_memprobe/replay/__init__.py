"""Replay one read in a fresh process, one process for each instrument.

The supervisor's side (:mod:`.supervisor`, :mod:`.session`) runs in the tool. ``child``, ``wire``,
``proof``, ``resolve``, ``tracer``, ``workload`` and ``probes`` run in the measured process, under the
target's interpreter, and import the standard library and the target only.
"""
