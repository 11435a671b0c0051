"""What the child does with cachekit: make a value, store it, read it back through ``@cache``."""
