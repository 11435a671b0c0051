"""What runs in the measured process: the standard library, the target, and itself.

The target's interpreter runs it, where cachekit-memprobe isn't installed. It is the lowest layer: everything
else may import its records, and it imports nothing else of ours.
"""
